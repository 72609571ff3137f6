"""The training loop: it learns, it repeats itself to the bit, and it stops when it should."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from digitnet.data.dataset import Dataset, as_input
from digitnet.errors import SettingsError, TrainingDivergedError
from digitnet.models.model import classify
from digitnet.nn import (
    SGD,
    Adam,
    AveragePool2D,
    BatchNorm,
    Constant,
    Conv2D,
    Distillation,
    GlobalAveragePool2D,
    MaxPool2D,
    Network,
    ReLU,
    ToImages,
    ToRows,
    in_words,
    multilayer_perceptron,
    one_hot,
)
from digitnet.nn.notation import convolutional_layers
from digitnet.training.checkpoints import begin
from digitnet.training.config import Plan
from digitnet.training.events import EpochDone, Finished, StepDone
from digitnet.training.loop import fit, train
from digitnet.training.settings import Settings, Teacher
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


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("epochs", 2.5),
        ("batch_size", 0),
        ("batch_size", -3),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("learning_rate", -1.0),
        ("label_smoothing", 1.0),
        ("patience", 0),
        ("class_weights", "heavy"),
    ],
)
def test_settings_that_make_no_sense_are_refused(field: str, value: object) -> None:
    with pytest.raises(SettingsError):
        Settings(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hidden", ()),
        ("hidden", (64, 0)),
        ("activation", "softplus"),
        ("optimizer", "adagrad"),
        ("schedule", "steps"),
        ("validation", 1.0),
        ("validation", -0.1),
        ("dropout", 1.0),
        ("input_dropout", -0.1),
        ("weight_decay", -1.0),
        ("seed", -1),
        ("epochs", 0),
        ("pool", 3),
        ("conv", "16C5-XP2"),
        ("conv", "16C5-MP2-8C5-MP2-8C5"),
        ("conv", "0C5"),
        ("batch_norm", True),
        ("conv", "GAP-8C3"),
        ("hidden", (8.5,)),
        ("ema_decay", 1.0),
        ("temperature", 0.0),
        ("teacher_share", 1.5),
        ("augment", "mirror"),
    ],
)
def test_plans_that_make_no_sense_are_refused(field: str, value: object) -> None:
    with pytest.raises(SettingsError):
        Plan(**{field: value})


def test_what_a_notation_stands_for() -> None:
    """28 - 5 + 1 = 24, pooled 12, 12 - 3 + 1 = 10, with a border of 1 10 again, pooled 5."""
    layers, n = convolutional_layers("6C5-MP2-8C3-9C3P1-AP2", 28, ReLU, batch_norm=True)
    assert layers == [
        ToImages(28, 28),
        Conv2D(1, 6, 5), BatchNorm(6), MaxPool2D(2), ReLU(),
        Conv2D(6, 8, 3), BatchNorm(8), ReLU(),
        Conv2D(8, 9, 3, padding=1), BatchNorm(9), AveragePool2D(2), ReLU(),
        ToRows(),
    ]  # fmt: skip
    assert n == 9 * 5 * 5
    layers, n = convolutional_layers("4C3S2-GAP", 28, ReLU, batch_norm=False)
    assert layers == [ToImages(28, 28), Conv2D(1, 4, 3, stride=2), ReLU(), GlobalAveragePool2D()]
    assert n == 4


@pytest.mark.parametrize("text", ["", "16C5-", "C5", "16C5M2", "8C3-GAP-MP2", "MP3", "4C30"])
def test_a_notation_that_makes_no_sense_is_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"no layer|does not fit"):
        convolutional_layers(text, 28, ReLU, batch_norm=False)
    if text:
        with pytest.raises(SettingsError, match=r"no layer|does not fit"):
            Plan(conv=text)


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


def test_plan_survives_json() -> None:
    plan = Plan(
        hidden=(256, 64), batch_size=None, patience=5, conv="4C5-MP2", augment="ink", ema_decay=0.9
    )
    assert Plan(**json.loads(json.dumps(plan.as_dict()))) == plan


def test_a_plan_says_its_network_in_a_word_and_builds_it() -> None:
    plans = {
        "784-64-10": Plan(),
        "784-4C5-MP2-6C5-MP2-32-10": Plan(conv="4C5-MP2-6C5-MP2", hidden=(32,)),
        "784-5C3S2P1-GAP-10": Plan(conv="5C3S2P1-GAP", hidden=(), batch_norm=True),
        "784-AP2-48-24-10": Plan(pool=2, hidden=(48, 24)),
        "784-AP2-deskewed-48-10": Plan(pool=2, deskew=True, hidden=(48,)),
    }
    for words, plan in plans.items():
        network = Network(plan.layers(784, 10))
        assert in_words(network) == words
        assert network.forward(np.zeros((2, 784), np.float32)).shape == (2, 10)
    with pytest.raises(SettingsError, match="choose one"):
        Plan(conv="4C5", pool=2)
