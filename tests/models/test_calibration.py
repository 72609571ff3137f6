"""Calibration: honest probabilities, and knowing when not to answer."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw, ImageFont

from digitnet.data.dataset import Dataset
from digitnet.data.synthetic import synthesize
from digitnet.errors import ModelError, SettingsError
from digitnet.evaluation import expected_calibration_error
from digitnet.imaging.framing import frame_picture
from digitnet.models import calibration
from digitnet.models.calibration import (
    NO_DIGIT,
    Calibration,
    fit_calibration,
    fit_temperature,
)
from digitnet.models.description import sealed
from digitnet.models.folder import load_model, save_model
from digitnet.models.model import Model, classify
from digitnet.models.novelty import fit_novelty
from digitnet.models.risk import upper_bound
from digitnet.nn import Network, multilayer_perceptron, softmax
from digitnet.training.config import Settings, TrainingConfig
from digitnet.training.loop import fit
from digitnet.training.run import Run
from support.helpers import bars, digitnet, small_model


@pytest.fixture(scope="module")
def parts() -> tuple[Dataset, Dataset]:
    """Synthetic digits: a training and a validation part."""
    rng = np.random.default_rng(7)
    return synthesize(6000, rng).split(0.2, rng)


@pytest.fixture(scope="module")
def model(parts: tuple[Dataset, Dataset]) -> Model:
    """A small network that has learnt the synthetic digits, calibrated."""
    training, validation = parts
    network = Network(multilayer_perceptron(784, [32], 10))
    chosen = Settings(epochs=6, batch_size=32, learning_rate=0.5)
    fit(network, training, validation, chosen, rng=np.random.default_rng(0))
    logits = classify(network, validation.images)
    return Model(network, calibration=fit_calibration(logits, validation, training))


def draws(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn from the very probabilities that they give."""
    logits = rng.normal(0, 2, (n, 10)).astype(np.float32)
    sums = softmax(logits).cumsum(axis=1)
    return logits, (rng.random((n, 1)) > sums).sum(axis=1).clip(0, 9).astype(np.int64)


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_the_temperature_of_overconfident_logits_is_found(
    true: float, rng: np.random.Generator
) -> None:
    logits, labels = draws(20_000, rng)
    found = fit_temperature(logits * np.float32(true), labels)
    assert found == pytest.approx(true, rel=0.03)
    honest = Calibration(found).probabilities(logits * np.float32(true))
    right = honest.argmax(axis=1) == labels
    assert expected_calibration_error(honest.max(axis=1), right) < 0.01


def test_the_temperature_is_where_the_loss_is_least(rng: np.random.Generator) -> None:
    logits, labels = draws(500, rng)
    found = fit_temperature(logits * 2, labels)

    def loss(t: float) -> float:
        return float(-np.log(softmax(logits * 2.0 / t)[np.arange(500), labels]).mean())

    grid = np.exp(np.linspace(-2, 2, 400))
    assert found == pytest.approx(grid[np.argmin([loss(t) for t in grid])], rel=0.02)


def test_few_labels_move_the_temperature_little() -> None:
    """Three right answers would fit best at temperature 0; nobody should believe that."""
    logits = np.diag([9.0, 8.0, 7.0])
    assert 0.9 < fit_temperature(logits, np.arange(3)) < 1.1
    assert 0.5 < fit_temperature(logits, np.array([1, 2, 0])) < 10.0


def best_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The least of the mean loss and a normal prior of width 0.5 on ln T, on a fine grid."""
    n = len(labels)
    grid = np.exp(np.linspace(math.log(0.1), math.log(10), 20_001))
    z = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    own = z[np.arange(n), labels]
    loss = np.array([np.mean(np.log(np.exp(z / t).sum(axis=1)) - own / t) for t in grid])
    return float(grid[np.argmin(loss + (np.log(grid) / 0.5) ** 2 / (2 * n))])


@pytest.mark.parametrize("n", [1, 4, 50])
@pytest.mark.parametrize("scale", [0.3, 1.0, 5.0])
def test_the_temperature_is_the_best_of_a_fine_grid(n: int, scale: float) -> None:
    """With few labels the prior weighs as much as they do."""
    rng = np.random.default_rng(n)
    logits, labels = draws(n, rng)
    found = fit_temperature(logits * scale, labels)
    assert found == pytest.approx(best_temperature(logits * scale, labels), rel=5e-4)


def test_the_temperature_by_hand() -> None:
    """Two classes, 3 of 4 right at logits (2, 0): softmax(2 / T) = 3 / 4 at T = 2 / ln 3."""
    logits = np.tile([2.0, 0.0], (400_000, 1))
    labels = np.tile([0, 0, 0, 1], 100_000)
    assert fit_temperature(logits, labels) == pytest.approx(2 / math.log(3), rel=2e-4)


def test_the_temperature_lies_between_a_tenth_and_ten() -> None:
    always, never = np.zeros(10_000, dtype=np.int64), np.tile([0, 1], 5_000)
    cold = fit_temperature(np.tile([0.2, 0.0], (10_000, 1)), always)
    hot = fit_temperature(np.tile([99.0, 0.0], (10_000, 1)), never)
    assert (cold, hot) == (pytest.approx(0.1, rel=1e-4), pytest.approx(10.0, rel=1e-4))
    assert (cold >= 0.1, hot <= 10.0) == (True, True)


def test_a_temperature_divides_the_logits() -> None:
    logits = np.array([[2.0, 0.0]])
    (p,) = Calibration(temperature=4.0).probabilities(logits)
    assert p[0] == pytest.approx(1 / (1 + math.exp(-0.5)))
    assert Calibration().probabilities(logits).tobytes() == softmax(logits).tobytes()


def test_the_default_refuses_nothing() -> None:
    none = Calibration()
    assert (none.temperature, none.least_probability) == (1.0, 0.0)
    assert (none.most_novelty, none.novelty) == (math.inf, None)
    assert not none.no_digit(np.zeros((3, 28, 28), dtype=np.uint8)).any()
    assert not none.unsure(np.full((3, 10), 0.1)).any()


class Scored:
    """Scores that are told, in place of those of a fitted Novelty."""

    def __init__(self, scores: np.ndarray) -> None:
        self.given = scores
        self.hidden: np.ndarray | None = None

    def scores(self, images: np.ndarray) -> np.ndarray:
        assert len(images) == len(self.given)
        return self.given


def test_limits_themselves_are_accepted() -> None:
    scored = Calibration(1.0, 0.5, 3.0, Scored(np.array([2.9, 3.0, 3.1])))  # type: ignore[arg-type]
    assert scored.no_digit(np.zeros((3, 28, 28), np.uint8)).tolist() == [False, False, True]
    p = np.array([[0.49, 0.51], [0.5, 0.5]])
    assert scored.unsure(p).tolist() == [False, False]
    assert scored.unsure(np.array([[0.49, 0.49]])).tolist() == [True]
    reasons = scored.refusals(
        np.zeros((3, 28, 28), np.uint8),
        np.array([[0.1, 0.45, 0.45], [0.5, 0.3, 0.2], [0.4, 0.3, 0.3]]),
        ("a", "b", "c"),
    )
    assert reasons == ["unsure: c or b", None, NO_DIGIT]
    assert NO_DIGIT == "no digit: it looks like none that the network has learnt"


def answering(n: int, n_classes: int = 2) -> Dataset:
    """Images that do not matter, all of class 0."""
    names = tuple("abcdefghij"[:n_classes])
    return Dataset(np.zeros((n, 28, 28), np.uint8), np.zeros(n, np.int64), names, "a test")


@pytest.mark.parametrize(
    ("n", "rank"),
    [(49, 1), (98, 1), (99, 2), (149, 3), (150, 1), (300, 2), (3000, 20)],
)
def test_the_limit_of_novelty_is_that_of_two_in_a_hundred_tuning_digits(
    n: int, rank: int, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """Every third digit from FEWEST on, all of them below; rank 1 is the strangest."""
    scores = rng.permutation(n).astype(float)
    tuning = scores[::3] if n >= 150 else scores
    if n >= 49:
        assert max(len(tuning) - math.ceil((len(tuning) + 1) * 0.98), 0) == rank - 1
    monkeypatch.setattr(calibration, "fit_novelty", lambda *_: Scored(scores))
    kept = fit_calibration(rng.normal(0, 1, (n, 2)), answering(n), answering(n))
    assert kept.most_novelty == np.sort(tuning)[-rank]


@pytest.mark.parametrize(("n", "rank"), [(149, 1), (1995, 1), (2001, 2), (3000, 3)])
def test_beside_a_network_that_knows_others_it_is_that_of_three_in_a_thousand(
    n: int, rank: int, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    scores = rng.permutation(n).astype(float)
    learnt = Scored(scores)
    learnt.hidden = np.zeros((1, 1), np.float32)
    monkeypatch.setattr(calibration, "fit_novelty", lambda *_: learnt)
    kept = fit_calibration(rng.normal(0, 1, (n, 2)), answering(n), answering(n))
    assert kept.most_novelty == np.sort(scores[::3] if n >= 150 else scores)[-rank]


def test_only_the_digits_that_nothing_was_fitted_to_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All tuning digits wrong or right: the coverage and the bounds are the others'."""
    n = 3000
    logits = np.zeros((n, 2))
    logits[:, 0] = 3.0
    logits[1:4, 0] = -3.0  # two counted digits of 2,000 are wrong, and a tuning one
    monkeypatch.setattr(calibration, "fit_novelty", lambda *_: None)
    kept = fit_calibration(logits, answering(n), answering(n), risk=0.02)
    assert kept.risks is not None
    assert (kept.risks.n, kept.risks.counted_on) == (2000, "a test")
    last = kept.risks.rows[-1]
    assert last == (0.0, pytest.approx(upper_bound(2, 2000)), 1.0)
    assert (kept.risk, kept.promised, kept.least_probability) == (0.02, last.bound, 0.0)


def test_what_looks_like_no_digit_is_not_counted_as_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    n = 3000
    scores = np.where(np.arange(n) % 30 == 1, 9.0, 0.0)  # counted ones alone: a twentieth of them
    logits = np.tile([3.0, 0.0], (n, 1))
    logits[scores > 0, 0] = -3.0
    monkeypatch.setattr(calibration, "fit_novelty", lambda *_: Scored(scores))
    kept = fit_calibration(logits, answering(n), answering(n))
    assert kept.most_novelty == 0.0
    assert kept.risks is not None
    assert kept.risks.rows[-1] == (0.0, pytest.approx(upper_bound(0, 1900)), 0.95)


@pytest.mark.parametrize(("n", "used"), [(20_000, 20_000), (39_999, 39_999), (40_000, 20_000)])
def test_twenty_thousand_digits_are_enough_for_the_strokes(
    n: int, used: int, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    seen: list[int] = []
    none = np.zeros((3, 28, 28), np.uint8)

    def fitted(images: np.ndarray, labels: np.ndarray, others: np.ndarray) -> None:
        assert len(images) == len(labels)
        assert others is none
        seen.append(len(images))

    monkeypatch.setattr(calibration, "fit_novelty", fitted)
    many = Dataset(np.zeros((n, 28, 28), np.uint8), np.zeros(n, np.int64))
    validation = bars(60, rng)
    kept = fit_calibration(rng.normal(0, 1, (60, 10)), validation, many, others=none)
    assert seen == [used]
    assert kept.novelty is None
    assert kept.most_novelty == 0.0  # every digit's score, where there is none


@given(
    arrays(np.float32, (3, 4), elements=st.floats(-300, 300, width=32)),
    st.floats(0.1, 10, exclude_min=True),
)
def test_a_temperature_never_changes_the_answer(logits: np.ndarray, temperature: float) -> None:
    p = Calibration(temperature).probabilities(logits)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    best = logits.argmax(axis=1)
    assert (p[np.arange(3), best] == p.max(axis=1)).all()


def test_with_few_validation_digits_nothing_is_refused(rng: np.random.Generator) -> None:
    logits = rng.normal(0, 3, (48, 10)).astype(np.float32)
    kept = fit_calibration(logits, bars(48, rng), bars(100, rng))
    assert (kept.least_probability, kept.most_novelty, kept.novelty) == (0.0, math.inf, None)
    logits = rng.normal(0, 3, (149, 10)).astype(np.float32)
    kept = fit_calibration(logits, bars(149, rng), bars(100, rng))
    assert (kept.least_probability, kept.risks, kept.risk, kept.promised) == (0.0, None, None, None)
    assert kept.novelty is not None
    assert kept.most_novelty < math.inf


@pytest.mark.parametrize(
    ("n", "n_wrong", "risk"),
    [(1800, 0, 0.005), (1800, 1, 0.005), (1800, 3, 0.01), (600, 0, 0.01), (300, 0, 0.02),
     (150, 0, 0.05), (150, 3, 0.1), (150, 9, None)],
)  # fmt: skip
def test_the_least_usual_risk_that_can_be_promised_is_taken(
    n: int, n_wrong: int, risk: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: k of 2/3 n wrong, all answers alike, so that no threshold tells them apart."""
    logits = np.tile([3.0, 0.0], (n, 1))
    logits[1 : 3 * n_wrong : 3, 0] = -3.0
    monkeypatch.setattr(calibration, "fit_novelty", lambda *_: None)
    kept = fit_calibration(logits, answering(n), answering(n))
    assert (kept.risk, kept.least_probability) == (risk, 0.0)
    bound = upper_bound(n_wrong, 2 * n // 3)
    assert kept.promised == (None if risk is None else pytest.approx(bound))
    strict = fit_calibration(logits, answering(n), answering(n), 0.001)
    assert (strict.risk, strict.promised) == (0.001, pytest.approx(bound))


def test_another_risk_is_another_threshold_and_nothing_else(model: Model) -> None:
    kept = model.calibration
    assert kept.risks is not None
    strict, loose = kept.at(0.01), kept.at("30 %")
    assert strict.least_probability >= loose.least_probability == 0.0
    for one in (strict, loose):
        assert one.risks is kept.risks
        assert (one.temperature, one.most_novelty) == (kept.temperature, kept.most_novelty)
    assert loose.at(kept.risk or 0.0).least_probability == kept.least_probability


def test_risk_0_answers_always_and_an_empty_picture_never(model: Model) -> None:
    always = model.at_risk(0)
    assert always.calibration.answers_always
    assert always.calibration.promised is None
    assert not model.calibration.answers_always
    noise = np.random.default_rng(0).integers(0, 256, (20, 28, 28)).astype(np.uint8)
    assert always.accepted(noise, always.probabilities(noise)).all()
    assert not model.accepted(noise, model.probabilities(noise)).any()
    assert always.predict(letter("M")).label is not None
    two = np.concatenate([letter("4"), letter("2")], axis=1)
    assert model.predict(two).reason is not None
    assert always.predict(two).label is not None
    blank = always.predict(np.full((100, 100), 200, dtype=np.uint8))
    assert (blank.label, blank.reason) == (None, "no digit: blank")


def test_a_model_that_promises_nothing_says_so() -> None:
    model = Model(Network(multilayer_perceptron(784, [2], 10)))
    with pytest.raises(SettingsError, match=r"never counted.*risk=0"):
        model.at_risk("0.5%")
    assert model.at_risk(0).calibration.answers_always


def test_predict_takes_a_risk(model: Model) -> None:
    picture = letter("M")
    assert model.predict(picture).label is None
    assert model.predict(picture, risk=0).label is not None
    assert model.predict([picture], risk="0")[0].label is not None
    with pytest.raises(SettingsError, match="share of the answers"):
        model.predict(picture, risk=5)


def letter(character: str) -> np.ndarray:
    import matplotlib

    path = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    image = Image.new("L", (120, 120), 240)
    font = ImageFont.truetype(str(path), 80)
    ImageDraw.Draw(image).text((60, 60), character, fill=20, font=font, anchor="mm")
    return np.asarray(image)


def test_most_letters_get_no_answer_and_digits_do(model: Model) -> None:
    reasons = [model.answer(frame_picture(letter(c))).reason for c in "AEFHKMNRWXkmwx"]
    assert sum(reason is not None for reason in reasons) >= 10
    assert all(r is None or r == NO_DIGIT or r.startswith("unsure: ") for r in reasons)
    new = synthesize(1000, np.random.default_rng(99))
    accepted = model.accepted(new.images, model.probabilities(new.images))
    assert accepted.mean() > 0.5
    right = model.probabilities(new.images).argmax(axis=1) == new.labels
    assert (~right[accepted]).mean() <= (model.calibration.risk or 0.0)


def test_blank_paper_and_noise_get_no_answer(model: Model, rng: np.random.Generator) -> None:
    blank = model.predict(np.full((100, 100), 200, dtype=np.uint8))
    assert (blank.label, blank.reason) == (None, "no digit: blank")
    frames = rng.integers(0, 256, (50, 28, 28)).astype(np.uint8)
    assert model.calibration.no_digit(frames).all()
    assert model.calibration.no_digit(np.zeros((1, 28, 28), dtype=np.uint8)).all()


def test_doubt_names_the_two_likeliest_classes(
    model: Model, parts: tuple[Dataset, Dataset]
) -> None:
    _, validation = parts
    image = validation.images[~model.calibration.no_digit(validation.images)][0]
    p = np.array([0.1, 0, 0, 0.35, 0, 0, 0, 0, 0.3, 0.25])
    asks_much = replace(model.calibration, least_probability=0.36)
    assert asks_much.refusal(image, p, tuple("0123456789")) == "unsure: 3 or 8"
    assert replace(asks_much, least_probability=0.35).refusal(image, p, "0123456789") is None
    strange = np.zeros((28, 28), dtype=np.uint8)
    assert asks_much.refusal(strange, p, "0123456789") == NO_DIGIT


def test_an_answer_has_a_label_or_a_reason(model: Model, parts: tuple[Dataset, Dataset]) -> None:
    _, validation = parts
    frame = frame_picture(letter("7"))
    for image in validation.images[:50]:
        answer = model.answer(replace(frame, image=image))
        assert (answer.label is None) != (answer.reason is None)
        accepted = model.accepted(image[None], model.probabilities(image[None]))
        assert accepted[0] == (answer.label is not None)


def test_one_frame_scores_as_it_does_among_many(
    model: Model, parts: tuple[Dataset, Dataset]
) -> None:
    novelty = model.calibration.novelty
    assert novelty is not None
    images = parts[1].images[:20]
    alone = [novelty.scores(image[None])[0] for image in images]
    np.testing.assert_allclose(novelty.scores(images), alone, rtol=1e-3, atol=0.05)


def test_a_class_of_few_images_borrows_its_width_from_the_others(
    parts: tuple[Dataset, Dataset],
) -> None:
    training, validation = parts
    few = np.flatnonzero(training.labels == 1)[:8]
    some = training.take(np.concatenate([np.flatnonzero(training.labels > 1), few]))
    novelty = fit_novelty(some.images, some.labels)
    assert novelty is not None
    scores = novelty.scores(validation.images)
    usual = np.quantile(scores[validation.labels > 1], 0.98)
    assert np.mean(scores[validation.labels == 1] <= usual) > 0.9
    assert np.mean(scores[validation.labels == 0] <= usual) < 0.6  # nobody taught it zeros


def test_a_run_keeps_a_calibration_fitted_on_its_validation_part(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    dataset = bars(800, rng)
    for share in (0.1, 0.0):
        run = Run(TrainingConfig(epochs=1, validation=share), dataset, tmp_path / "model")
        list(run.events())
        run.keep()
        kept = load_model(tmp_path / "model").calibration
        assert (kept.novelty is not None) == (kept.temperature != 1.0) == (share > 0)


def test_the_folder_brings_the_calibration_back(model: Model, tmp_path: Path) -> None:
    save_model(model, tmp_path / "model")
    back = load_model(tmp_path / "model")
    images = synthesize(40, np.random.default_rng(1)).images
    assert back.probabilities(images).tobytes() == model.probabilities(images).tobytes()
    ours, theirs = model.calibration, back.calibration
    assert ours.novelty is not None
    assert theirs.novelty is not None
    assert ours.novelty.scores(images).tobytes() == theirs.novelty.scores(images).tobytes()
    assert (theirs.temperature, theirs.least_probability, theirs.most_novelty) == (
        ours.temperature,
        ours.least_probability,
        ours.most_novelty,
    )
    arrays_on_disk = sum(p.stat().st_size for p in (tmp_path / "model").glob("novelty_*.npy"))
    assert arrays_on_disk < 105_000
    save_model(small_model(np.random.default_rng(0)), tmp_path / "model")  # ours: may be replaced
    assert not list((tmp_path / "model").glob("novelty_*.npy"))


def test_every_door_shows_that_there_is_no_answer(tmp_path: Path) -> None:
    model = small_model(np.random.default_rng(0), "stretch")
    save_model(replace(model, calibration=Calibration(1.0, 0.999)), tmp_path / "model")
    Image.fromarray(letter("3")).save(tmp_path / "3.png")
    line = json.loads(digitnet("predict", "3.png", "--json", cwd=tmp_path).stdout)
    assert line["label"] is None
    assert line["reason"].startswith("unsure: ")
    assert line["reason"] in digitnet("predict", "3.png", cwd=tmp_path).stdout
    said = digitnet("predict", cwd=tmp_path, stdin="3.png\nq\n").stdout
    assert f"label: none, {line['reason']}" in said
    dataset = bars(20, np.random.default_rng(0))
    np.savez(tmp_path / "bars.npz", images=dataset.images, labels=dataset.labels)
    assert "answered  0.00%" in digitnet("evaluate", "bars.npz", cwd=tmp_path).stdout


def change(folder: Path, change: dict[str, Any] | None) -> None:
    description = json.loads((folder / "model.json").read_text())
    if change is None:
        del description["calibration"]
    else:
        description["calibration"] |= change
    (folder / "model.json").write_text(json.dumps(sealed(description)))


def test_a_folder_from_before_there_was_calibration_loads(tmp_path: Path) -> None:
    model = small_model(np.random.default_rng(0))
    save_model(model, tmp_path / "model")
    change(tmp_path / "model", None)
    images = synthesize(5, np.random.default_rng(1)).images
    back = load_model(tmp_path / "model")
    assert back.probabilities(images).tobytes() == model.probabilities(images).tobytes()
    assert back.accepted(images, back.probabilities(images)).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 0}, {"temperature": -1.0}, {"temperature": math.nan},
        {"temperature": math.inf}, {"temperature": "warm"}, {"temperature": None},
        {"least_probability": 1.5}, {"least_probability": math.nan},
        {"most_novelty": math.nan}, {"most_novelty": "much"}, {"novelty_shape": [10]},
        {"novelty_shape": [0, 4]}, {"novelty_shape": [10, 10**9]}, {"novelty_shape": "x"},
        {"novelty_shape": [9, 48]},
        {"risk": "much"}, {"risk": -0.1}, {"risk": 1.0}, {"risk": math.nan}, {"risk": True},
        {"risks": []}, {"risks": {"rows": []}}, {"risks": {"n": 5, "counted_on": "x"}},
        {"risks": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_damaged_calibration_is_one_sentence(
    model: Model, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    save_model(model, tmp_path / "model")
    change(tmp_path / "model", wrong)
    with pytest.raises(ModelError, match=r"model\.json is damaged|novelty_\w+\.npy is \("):
        load_model(tmp_path / "model")


@pytest.mark.parametrize("name", ["novelty_axes", "novelty_centres", "novelty_whitening"])
def test_a_damaged_calibration_array_is_named(model: Model, tmp_path: Path, name: str) -> None:
    save_model(model, tmp_path / "model")
    path = tmp_path / "model" / f"{name}.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ModelError, match=name):
        load_model(tmp_path / "model")
    array = np.load(path)
    array.flat[0] = np.nan
    np.save(path, array)
    description = json.loads((tmp_path / "model" / "model.json").read_text())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    description["arrays"][path.name]["sha256"] = digest
    (tmp_path / "model" / "model.json").write_text(json.dumps(sealed(description)))
    with pytest.raises(ModelError, match=f"{name}.*NaN"):
        load_model(tmp_path / "model")
    path.unlink()
    with pytest.raises(ModelError, match=name):
        load_model(tmp_path / "model")
