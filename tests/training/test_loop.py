"""The training loop: it learns, it repeats itself to the bit, and it stops when it should."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest

from digitnet.data.dataset import Dataset, as_input
from digitnet.errors import SettingsError, TrainingDivergedError
from digitnet.models.model import classify
from digitnet.nn import (
    SGD,
    Adam,
    Constant,
    Distillation,
    Network,
    ReLU,
    cross_entropy,
    multilayer_perceptron,
    one_hot,
)
from digitnet.nn.notation import convolutional_layers
from digitnet.threads import StepThreads
from digitnet.training.checkpoints import TrainingState, begin
from digitnet.training.config import Settings, Teacher
from digitnet.training.events import EpochDone, Finished, StepDone
from digitnet.training.loop import fit, train
from support.helpers import bars


def small_network() -> Network:
    return Network(multilayer_perceptron(784, [16], 10))


@pytest.fixture
def parts(rng: np.random.Generator) -> tuple[Dataset, Dataset]:
    return bars(300, rng).split(0.2, rng)


@pytest.mark.parametrize("batch_size", [1, 32, None], ids=["per sample", "mini-batch", "full"])
def test_a_small_set_is_learnt_at_any_batch_size(
    parts: tuple[Dataset, Dataset], batch_size: int | None
) -> None:
    epochs = {1: 4, 32: 15, None: 200}[batch_size]
    settings = Settings(epochs=epochs, batch_size=batch_size, learning_rate=0.3)
    history = fit(small_network(), *parts, settings, rng=np.random.default_rng(0))
    assert max(a for a in history.validation_accuracy if a is not None) > 0.95
    assert history.training_loss[-1] < 0.5 * history.training_loss[0]


def test_the_same_seed_gives_the_same_bits(parts: tuple[Dataset, Dataset]) -> None:
    networks = [small_network(), small_network(), small_network()]
    for network, seed in zip(networks, (5, 5, 6), strict=True):
        fit(network, *parts, Settings(epochs=3), rng=np.random.default_rng(seed))
    assert networks[0].vector.tobytes() == networks[1].vector.tobytes()
    assert networks[0].vector.tobytes() != networks[2].vector.tobytes()


def test_one_full_batch_epoch_is_one_step_of_gradient_descent(
    parts: tuple[Dataset, Dataset],
) -> None:
    """The loop against the definition: vector - learning_rate * gradient over all images."""
    training, _ = parts
    network, other = small_network(), small_network()
    settings = Settings(epochs=1, batch_size=None, learning_rate=0.1, schedule=Constant())
    fit(network, training, None, settings, rng=np.random.default_rng(1))
    other.initialize(np.random.default_rng(1))
    gradient = np.empty_like(other.vector)
    targets = one_hot(training.labels, 10)
    other.loss_and_gradient(as_input(training.images), targets, gradient)
    np.testing.assert_allclose(network.vector, other.vector - 0.1 * gradient, atol=1e-6)


def test_every_image_is_seen_once_per_epoch_in_a_new_order(
    parts: tuple[Dataset, Dataset],
) -> None:
    training, _ = parts
    network, settings = small_network(), Settings(epochs=2, batch_size=64)
    state = begin(network, settings, np.random.default_rng(0))
    orders, steps = [], 0
    for event in train(network, training, None, settings, state):
        steps += isinstance(event, StepDone)
        if isinstance(event, EpochDone):
            orders.append(state.order.copy())
    assert steps == 2 * 4  # 240 images in batches of 64, the last one smaller
    for order in orders:
        assert sorted(order) == list(range(240))
    assert (orders[0] != orders[1]).any()


def test_the_best_epoch_is_kept(parts: tuple[Dataset, Dataset]) -> None:
    """With a growing learning rate the last epochs are worse; the network must not be theirs."""

    class Growing(Constant):
        def factor(self, progress: float) -> float:
            return 1.0 if progress < 0.5 else 400.0

    network, settings = small_network(), Settings(epochs=10, learning_rate=0.5, schedule=Growing())
    network.initialize(np.random.default_rng(0))
    state = begin(network, settings, np.random.default_rng(0))
    best = None
    for event in train(network, *parts, settings, state):
        if isinstance(event, EpochDone) and event.is_best:
            best = network.vector.copy()
    assert isinstance(event, Finished)
    assert event.best_epoch == state.history.best_epoch < 10
    np.testing.assert_array_equal(network.vector, best)
    accuracies = state.history.validation_accuracy
    assert accuracies[event.best_epoch - 1] == max(a for a in accuracies if a is not None)


def test_patience_ends_a_run_that_no_longer_improves(parts: tuple[Dataset, Dataset]) -> None:
    settings = Settings(epochs=50, learning_rate=1e-12, patience=3)
    network = small_network()
    network.initialize(np.random.default_rng(0))
    state = begin(network, settings, np.random.default_rng(0))
    *_, last = train(network, *parts, settings, state)
    assert isinstance(last, Finished)
    assert "validation accuracy for 3 epochs" in last.reason
    assert len(state.history.epochs) == last.best_epoch + 3 < 50


def test_a_run_cut_off_when_its_patience_was_out_does_not_train_on(
    parts: tuple[Dataset, Dataset],
) -> None:
    """Killed between its last checkpoint and the end, it must resume to the same weights."""
    settings = Settings(epochs=50, learning_rate=1e-12, patience=3)
    network = small_network()
    network.initialize(np.random.default_rng(0))
    state = begin(network, settings, np.random.default_rng(0))
    for event in train(network, *parts, settings, state):
        if isinstance(event, EpochDone) and event.epoch == state.history.best_epoch + 3:
            break
    epochs = state.epoch
    (only,) = train(network, *parts, settings, state)
    assert isinstance(only, Finished)
    assert state.epoch == epochs


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_best_weights(
    parts: tuple[Dataset, Dataset],
) -> None:
    settings = Settings(epochs=5, learning_rate=1e8)
    network = Network(multilayer_perceptron(784, [16, 16], 10, "relu"))
    network.initialize(np.random.default_rng(0))
    start = network.vector.copy()
    state = begin(network, settings, np.random.default_rng(0))
    with pytest.raises(
        TrainingDivergedError, match=r"learning rate 1e\+08 is too high; try 1e\+07"
    ):
        for _ in train(network, *parts, settings, state):
            pass
    np.testing.assert_array_equal(network.vector, start)


def test_balanced_class_weights_lift_a_rare_class(rng: np.random.Generator) -> None:
    """980 of class 0 hide 20 of class 1, which look alike, until the weights bring them out."""
    images = rng.integers(0, 256, (1000, 28, 28)).astype(np.uint8)
    labels = (np.arange(1000) < 20).astype(np.int64)
    images[labels == 1, :3] |= 128  # brighter on average, not always
    data = Dataset(images, labels, ("0", "1"))
    weights = Settings(class_weights="balanced").weights_of_classes(data)
    np.testing.assert_allclose(weights, [1000 / (2 * 980), 1000 / (2 * 20)], rtol=1e-6)
    read = []
    for choice in (None, "balanced"):
        network = Network(multilayer_perceptron(784, [8], 2))
        settings = Settings(epochs=10, learning_rate=0.05, optimizer=SGD(), class_weights=choice)
        fit(network, data, None, settings, rng=np.random.default_rng(0))
        read.append(network.forward(as_input(images)).argmax(axis=1).mean())
    assert read[0] == 0.0  # always "class 0": right 98 times in 100, and useless
    assert read[1] > 0.02


def test_averaged_weights_are_what_is_kept(parts: tuple[Dataset, Dataset]) -> None:
    """Against the recurrence, written out beside the run."""
    network, settings = small_network(), Settings(epochs=2, batch_size=30, ema_decay=0.8)
    state = begin(network, settings, np.random.default_rng(0))
    average, step = network.vector.astype(np.float64), 0
    for event in train(network, parts[0], None, settings, state):
        if isinstance(event, StepDone):
            decay = min(0.8, (1 + step) / (10 + step))
            average = decay * average + (1 - decay) * network.vector
            step += 1
            np.testing.assert_allclose(state.average, average, atol=1e-5)
    np.testing.assert_array_equal(network.vector, state.average)
    assert step == 16


def test_a_pupil_takes_after_its_teacher(parts: tuple[Dataset, Dataset]) -> None:
    """Labels that say nothing, and a teacher that knows: what is learnt is the teacher's."""
    training, validation = parts
    known = small_network()
    settings = Settings(epochs=30, learning_rate=0.3)
    fit(known, training, validation, settings, rng=np.random.default_rng(0))
    labels = np.random.default_rng(1).permutation(training.labels)
    shuffled = Dataset(training.images, labels, source="shuffled")
    right = []
    for share in (0.0, 1.0):
        pupil = small_network()
        teacher = Teacher(known, Distillation(temperature=2.0, share=share))
        learning = dataclasses.replace(settings, teacher=teacher)
        fit(pupil, shuffled, None, learning, rng=np.random.default_rng(2))
        answers = classify(pupil, validation.images).argmax(axis=1)
        right.append(float((answers == validation.labels).mean()))
    assert right[0] < 0.4
    assert right[1] > 0.9


def test_a_network_that_does_not_fit_the_images_is_refused(parts: tuple[Dataset, Dataset]) -> None:
    with pytest.raises(SettingsError, match="100 inputs"):
        fit(
            Network(multilayer_perceptron(100, [5], 10)),
            parts[0],
            settings=Settings(optimizer=Adam()),
            rng=np.random.default_rng(0),
        )


def test_a_teacher_of_other_classes_is_refused(parts: tuple[Dataset, Dataset]) -> None:
    teacher = Teacher(Network(multilayer_perceptron(784, [5], 3)), Distillation())
    with pytest.raises(SettingsError, match="teacher maps 784 inputs to 3"):
        fit(
            small_network(),
            parts[0],
            settings=Settings(teacher=teacher),
            rng=np.random.default_rng(0),
        )


def scripted(monkeypatch: pytest.MonkeyPatch, right: list[float], sureness: list[float]) -> None:
    """Validation answers made up: the share that is right, and how sure they are, by epoch."""
    epochs = iter(zip(right, sureness, strict=True))

    def classify(network: Network, images: np.ndarray) -> np.ndarray:
        share, sure = next(epochs)
        logits = np.zeros((len(images), 10))
        shown = np.where(np.arange(len(images)) < share * len(images), 0, 1)
        logits[np.arange(len(images)), shown] = sure
        return logits

    monkeypatch.setattr("digitnet.training.loop.classify", classify)


def zeros(n: int) -> Dataset:
    """Pictures that are all of class 0."""
    return Dataset(np.zeros((n, 28, 28), np.uint8), np.zeros(n, np.int64), source="zeros")


def test_the_best_epoch_has_the_highest_accuracy_and_among_equals_the_lowest_loss(
    monkeypatch: pytest.MonkeyPatch, parts: tuple[Dataset, Dataset]
) -> None:
    """The loss of answers with sureness s, half of them right, is log(e^s + 9) - s / 2."""
    scripted(
        monkeypatch,
        right=[0.5, 0.5, 0.5, 0.5, 0.6, 0.5],
        sureness=[1.0, 2.0, 2.0, 3.0, 5.0, 2.0],
    )
    network, settings = small_network(), Settings(epochs=6)
    state = begin(network, settings, np.random.default_rng(0))
    events = list(train(network, parts[0], zeros(10), settings, state))
    done = [event for event in events if isinstance(event, EpochDone)]
    losses = [1.961, 1.797, 1.797, 1.870, 2.059, 1.797]
    assert [event.validation_loss for event in done] == pytest.approx(losses, abs=1e-3)
    # Lower is better, equal is not, higher is not; a higher accuracy wins over both.
    assert [event.is_best for event in done] == [True, True, False, False, True, False]
    assert state.history.best_epoch == 5
    assert (state.best_accuracy, state.best_loss) == (0.6, done[4].validation_loss)


def test_patience_is_counted_from_the_best_epoch(
    monkeypatch: pytest.MonkeyPatch, parts: tuple[Dataset, Dataset]
) -> None:
    """Better in epochs 1 and 3, then no more: with a patience of 2 the run ends after epoch 5."""
    scripted(monkeypatch, right=[0.5, 0.4, 0.6, 0.6, 0.5, 0.9], sureness=[1.0] * 6)
    network, settings = small_network(), Settings(epochs=6, patience=2)
    state = begin(network, settings, np.random.default_rng(0))
    *_, last = train(network, parts[0], zeros(10), settings, state)
    assert state.history.epochs == [1, 2, 3, 4, 5]
    assert last == Finished(3, "no better validation accuracy for 2 epochs")


def test_validation_scores_the_averaged_weights(parts: tuple[Dataset, Dataset]) -> None:
    training, validation = parts
    network = small_network()
    settings = Settings(epochs=3, learning_rate=0.5, batch_size=20, ema_decay=0.9)
    network.initialize(np.random.default_rng(0))
    state = begin(network, settings, np.random.default_rng(0))
    for event in train(network, training, validation, settings, state):
        if isinstance(event, EpochDone):
            losses = []
            for vector in (state.average, network.vector):
                scored = small_network()
                scored.vector[:] = vector
                logits = scored.forward(as_input(validation.images))
                losses.append(cross_entropy(logits, one_hot(validation.labels, 10))[0])
            assert event.validation_loss == pytest.approx(losses[0], rel=1e-5)
            assert event.validation_loss != pytest.approx(losses[1], rel=1e-3)


def test_an_average_follows_at_once_in_the_first_steps(parts: tuple[Dataset, Dataset]) -> None:
    """The decay is 1/10, 2/11, 3/12 and so on until it is as large as the one asked for."""
    network, settings = small_network(), Settings(epochs=1, batch_size=80, ema_decay=0.2)
    network.initialize(np.random.default_rng(0))
    state = begin(network, settings, np.random.default_rng(0))
    before, decays = network.vector.astype(np.float64), [1 / 10, 2 / 11, 0.2]
    for event in train(network, parts[0], None, settings, state):
        if isinstance(event, StepDone):
            decay = decays[event.step - 1]
            before = decay * before + (1 - decay) * network.vector
            np.testing.assert_allclose(state.average, before, atol=1e-6)
    assert event.best_epoch == 1


def test_smoothed_targets_are_what_is_learnt(parts: tuple[Dataset, Dataset]) -> None:
    """-(0.8 + 0.02) log p of the label - 0.02 log p of each of the nine others."""
    network = small_network()
    network.initialize(np.random.default_rng(0))
    settings = Settings(epochs=1, batch_size=None, label_smoothing=0.2)
    logits = network.forward(as_input(parts[0].images)).astype(np.float64)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    own = log_p[np.arange(len(log_p)), parts[0].labels]
    expected = -(0.8 * own + 0.02 * log_p.sum(axis=1)).mean()
    state = begin(network, settings, np.random.default_rng(0))
    first = next(iter(train(network, parts[0], None, settings, state)))
    assert first.loss == pytest.approx(expected, rel=1e-5)


def test_class_weights_are_scaled_to_a_mean_of_one_over_the_images() -> None:
    """Counts 3 and 1. Balanced: 4 / (2 * 3) and 4 / (2 * 1). As 1 to 5: 4 / (3 + 5) times."""
    data = Dataset(np.zeros((4, 28, 28), np.uint8), np.array([0, 0, 0, 1]), ("0", "1"))
    balanced = Settings(class_weights="balanced").weights_of_classes(data)
    np.testing.assert_allclose(balanced, [2 / 3, 2.0], rtol=1e-6)
    given = Settings(class_weights=(1.0, 5.0)).weights_of_classes(data)
    np.testing.assert_allclose(given, [0.5, 2.5], rtol=1e-6)
    assert Settings().weights_of_classes(data) is None
    for wrong in ((1.0,), (1.0, 0.0), (1.0, float("nan"))):
        with pytest.raises(SettingsError, match="one number above 0 for each of the 2 classes"):
            Settings(class_weights=wrong).weights_of_classes(data)


def test_fit_shows_a_bar_where_it_is_asked_for(
    parts: tuple[Dataset, Dataset], capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(epochs=20, batch_size=None)
    fit(small_network(), *parts, settings, rng=np.random.default_rng(0))
    assert capsys.readouterr() == ("", "")
    fit(small_network(), *parts, settings, rng=np.random.default_rng(0), progress=True)
    told = capsys.readouterr()
    assert told.out == ""
    epochs = [line.split()[1] for line in told.err.splitlines() if line.startswith("epoch ")]
    assert epochs == ["1/20", *(f"{epoch}/20" for epoch in range(2, 21, 2))]  # no terminal: lines


class Halving(Constant):
    """A schedule of half the rate that notes how far the run is whenever it is asked."""

    def factor(self, progress: float) -> float:
        NOTED.append(progress)
        return 1.0 - progress / 2


NOTED: list[float] = []


def test_steps_are_counted_and_the_schedule_is_asked_for_each_share_of_the_run(
    parts: tuple[Dataset, Dataset],
) -> None:
    """240 images in batches of 100 are 3 steps, two epochs 6; an epoch tells its last rate."""
    network, settings = small_network(), Settings(2, 100, 0.5, schedule=Halving())
    state = begin(network, settings, np.random.default_rng(0))
    NOTED.clear()
    told, losses = [], []
    for event in train(network, parts[0], None, settings, state):
        if isinstance(event, StepDone):
            told.append(event[:3])
            losses.append(event.loss)
            sizes = [100, 100, 40][: state.step]
            assert state.loss_sum == pytest.approx(np.dot(losses[3 * state.epoch :], sizes))
        if isinstance(event, EpochDone):
            epoch = np.dot(losses[-3:], [100, 100, 40]) / 240
            assert event.training_loss == pytest.approx(epoch, rel=1e-12)
            assert (event.validation_loss, event.validation_accuracy) == (None, None)
            assert (state.epoch, state.step, event.is_best) == (event.epoch, 0, True)
    assert told == [(1, 1, 3), (1, 2, 3), (1, 3, 3), (2, 1, 3), (2, 2, 3), (2, 3, 3)]
    assert list(dict.fromkeys(NOTED)) == [0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6]
    assert state.history.learning_rate == [0.5 * (1 - 1 / 6), 0.5 * (1 - 5 / 12)]
    assert state.history.epochs == [1, 2]
    assert event == Finished(2, "all 2 epochs done")


@pytest.mark.parametrize("n_steps", [1, 2, 3, 4, 5])
def test_a_run_goes_on_from_every_step_as_if_it_had_not_stopped(
    n_steps: int, parts: tuple[Dataset, Dataset]
) -> None:
    """Also from behind the last step of an epoch, before the epoch was told."""
    settings = Settings(2, 100, 0.5, ema_decay=0.5)

    def started() -> tuple[Network, TrainingState]:
        network = small_network()
        network.initialize(np.random.default_rng(1))
        return network, begin(network, settings, np.random.default_rng(2))

    network, state = started()
    whole = [e for e in train(network, *parts, settings, state) if isinstance(e, EpochDone)]
    other, cut = started()
    steps = 0
    for event in train(other, *parts, settings, cut):
        steps += isinstance(event, StepDone)
        if steps == n_steps:
            break
    list(train(other, *parts, settings, cut))
    np.testing.assert_array_equal(other.vector, network.vector)
    told, expected = cut.history.as_dict(), state.history.as_dict()
    assert {**told, "seconds": None} == {**expected, "seconds": None}
    assert len(whole) == 2


def test_what_an_epoch_measures_on_the_way(parts: tuple[Dataset, Dataset]) -> None:
    """With a rate of nought, nearly, the network is all the time the one it was."""
    training, validation = parts
    network, settings = small_network(), Settings(2, 100, 1e-30)
    network.initialize(np.random.default_rng(3))
    right = np.mean(classify(network, training.images).argmax(1) == training.labels)
    seen = np.mean(classify(network, validation.images).argmax(1) == validation.labels)
    state = begin(network, settings, np.random.default_rng(0))
    began = time.perf_counter()
    list(train(network, training, validation, settings, state))
    assert state.history.training_accuracy == [right, right]
    assert state.history.validation_accuracy == [seen, seen]
    assert state.history.best_epoch == 1
    assert all(seconds > 0 for seconds in state.history.seconds)
    assert sum(state.history.seconds) <= time.perf_counter() - began


@pytest.mark.filterwarnings("ignore:Nothing was learnt")  # in two epochs of few digits
def test_products_of_two_halves_take_one_thread_and_others_as_many_as_pay(
    parts: tuple[Dataset, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    looks: list[int] = []

    class Noted(StepThreads):
        def __init__(self, multiply_adds: int, *, yielding: bool = False) -> None:
            assert not yielding  # unasked, a training repeats itself to the bit
            super().__init__(1)
            asked.append(multiply_adds)
            looks.append(0)

        def look(self) -> None:
            looks[-1] += 1

    monkeypatch.setattr("digitnet.training.loop.StepThreads", Noted)
    layers, n = convolutional_layers("2C5S4-GAP", 28, ReLU, batch_norm=False)
    convolving = Network([*layers, *multilayer_perceptron(n, [], 10)])
    for network, batch_size in (
        (small_network(), 100), (small_network(), None), (small_network(), 1000), (convolving, 100),
    ):  # fmt: skip
        fit(network, parts[0], None, Settings(2, batch_size), rng=np.random.default_rng(0))
    assert asked == [100 * 784 * 16, 240 * 784 * 16, 240 * 784 * 16, 0]
    assert looks == [6, 2, 2, 6]  # one before each step


def test_a_loss_that_is_not_finite_is_told_with_its_place(parts: tuple[Dataset, Dataset]) -> None:
    """A rate that is harmless for the first four steps and far too high for the fifth."""

    class Sudden(Constant):
        def factor(self, progress: float) -> float:
            return 1.0 if progress < 4 / 6 else 1e30

    network = Network(multilayer_perceptron(784, [16, 16], 10, "relu"))
    settings = Settings(2, 100, 0.01, schedule=Sudden())
    network.initialize(np.random.default_rng(0))
    state = begin(network, settings, np.random.default_rng(0))
    best = None
    with pytest.raises(TrainingDivergedError) as raised:
        for event in train(network, *parts, settings, state):
            if isinstance(event, EpochDone):
                best = network.vector.copy()
    assert str(raised.value).endswith(
        " in epoch 2, step 3: the learning rate 0.01 is too high; try 0.001."
    )
    np.testing.assert_array_equal(network.vector, best)


def test_a_fit_that_learnt_nothing_warns(rng: np.random.Generator) -> None:
    data = bars(100, rng)
    lucky = dataclasses.replace(data, labels=rng.permutation(data.labels))
    with pytest.warns(UserWarning, match=r"^Nothing was learnt: .* learning_rate=1e-07 or") as seen:
        fit(small_network(), lucky, None, Settings(2, learning_rate=1e-6), rng=rng)
    assert seen[0].filename == __file__


def test_a_run_without_settings_has_the_default_ones(rng: np.random.Generator) -> None:
    history = fit(Network(multilayer_perceptron(784, [], 10)), bars(10, rng), rng=rng)
    assert len(history.epochs) == 100
    assert history.learning_rate[0] == 1.0  # the first of a cosine
    assert history.best_epoch == 100  # without a validation part, the last


@pytest.mark.parametrize(
    ("n_in", "n_out", "fits"), [(784, 10, True), (784, 9, False), (196, 10, False), (9, 9, False)]
)
def test_network_and_teacher_must_map_pixels_to_classes(
    n_in: int, n_out: int, fits: bool, rng: np.random.Generator
) -> None:
    data, odd = bars(10, rng), Network(multilayer_perceptron(n_in, [], n_out))
    said = f" maps {n_in} inputs to {n_out} classes, but bars has 784 pixels and 10 classes."
    for who, network, settings in (
        ("The network", odd, Settings(1)),
        ("The teacher", small_network(), Settings(1, teacher=Teacher(odd, Distillation()))),
    ):
        if fits:
            assert len(fit(network, data, None, settings, rng=rng).epochs) == 1
            continue
        with pytest.raises(SettingsError) as raised:
            fit(network, data, None, settings, rng=rng)
        assert str(raised.value) == who + said
