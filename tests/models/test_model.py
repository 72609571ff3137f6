"""A model: what it answers, whatever it is asked with, and what is said of it and its answers."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitnet
from digitnet.data.dataset import as_input
from digitnet.errors import PictureError
from digitnet.imaging.framing import Frame, frame_picture
from digitnet.models.box import in_box
from digitnet.models.calibration import Calibration
from digitnet.models.ensembles import combine
from digitnet.models.folder import load_model, save_model
from digitnet.models.model import Model, Prediction, classify
from digitnet.nn import Network, multilayer_perceptron, softmax
from support.helpers import bars, small_model

FRAME = Frame(
    np.arange(784).reshape(28, 28).astype(np.uint8), "mnist", None, "light", (1, 2, 3, 4), {}, "."
)


@pytest.fixture
def model(rng: np.random.Generator) -> Model:
    return small_model(rng, framing="stretch")


def probabilities(*some: float) -> np.ndarray:
    return np.array(some, dtype=np.float32)


def test_an_answer_says_what_it_is_in_one_line() -> None:
    some = probabilities(0.1, 0.7984, 0.1016)
    assert repr(Prediction(1, some, None, FRAME)) == "Prediction(1, 79.8 %)"
    unsure = Prediction(None, some, "unsure: 1 or 2", FRAME)
    assert repr(unsure) == "Prediction(no answer: unsure: 1 or 2)"


def test_a_model_says_what_it_is_in_one_line(model: Model, rng: np.random.Generator) -> None:
    size = f"{784 * 5 + 5 + 50 + 10:,} parameters)"
    assert repr(model) == f"Model(784-5-10, 10 classes, framing stretch, {size}"
    both = combine({"a": small_model(rng), "b": small_model(rng)})
    assert repr(both).startswith("Model(784-5-10 + 784-5-10, 10 classes, framing mnist, 7,970 ")


def test_a_notebook_shows_what_the_network_saw_and_the_bars() -> None:
    shown = Prediction(1, probabilities(0.1, 0.75, 0.15), None, FRAME)._repr_html_()
    assert "<b>1, 75.0 %</b>" in shown
    (content,) = re.findall(r'src="data:image/png;base64,([^"]+)"', shown)
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        np.testing.assert_array_equal(np.asarray(image), FRAME.image)
    assert 'width="140" height="140"' in shown
    rows = re.findall(
        r'<text x="0" y="(\d+)">(\d)</text><rect x="24" y="(\d+)" width="([\d.]+)"', shown
    )
    assert rows == [
        ("10", "0", "0", "20.0"), ("24", "1", "14", "150.0"), ("38", "2", "28", "30.0"),
    ]  # fmt: skip
    assert '<text x="58.0" y="38">15.0 %</text>' in shown
    assert 'width="280" height="42"' in shown


def test_a_notebook_shows_the_ten_likeliest_of_many() -> None:
    many = np.full(20, 0.01, dtype=np.float32)
    many[15] = 0.81
    shown = Prediction(15, many, None, FRAME)._repr_html_()
    labels = re.findall(r'<text x="0" y="\d+">(\d+)</text>', shown)
    assert labels == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "15"]


def test_a_notebook_shows_no_bar_beside_a_refusal_and_no_markup_of_others() -> None:
    shown = Prediction(None, probabilities(0.25, 0.75), "unsure: <b>&</b>", FRAME)._repr_html_()
    assert "<b>no answer: unsure: &lt;b&gt;&amp;&lt;/b&gt;</b>" in shown
    assert "<rect" not in shown


def test_an_answer_as_plain_values() -> None:
    frame = replace(FRAME, dropped={"specks": 2})
    assert Prediction(1, probabilities(0.25, 0.75), None, frame).as_dict() == {
        "label": 1,
        "probabilities": [0.25, 0.75],
        "reason": None,
        "background": "light",
        "polarity": "dark on light",
        "box": [1, 2, 3, 4],
        "dropped": {"specks": 2},
        "found": ".",
    }


def test_bytes_and_floats_give_the_same_answers(model: Model, rng: np.random.Generator) -> None:
    images = bars(20, rng).images
    expected = softmax(model.network.forward(as_input(images)))
    for same in (images, images / 255, images.reshape(20, 784), images.astype(np.int32)):
        np.testing.assert_allclose(model.probabilities(same), expected, rtol=1e-5)
    predicted = model.predict(images / 255)
    assert [p.label for p in predicted] == expected.argmax(axis=1).tolist()
    np.testing.assert_allclose([p.probabilities for p in predicted], expected, rtol=1e-5)
    alone = model.predict(images[3])
    assert alone.label == predicted[3].label
    np.testing.assert_allclose(alone.probabilities, expected[3], rtol=1e-5)


def test_frames_that_cannot_be_meant_are_refused(model: Model, rng: np.random.Generator) -> None:
    images = bars(5, rng).images
    some = model.probabilities(images)
    for wrong in (images[0], images * 2.0, images / 100, images - 1.0, (images > 99) * np.uint8(1)):
        with pytest.raises(PictureError):
            model.probabilities(wrong)
        with pytest.raises(PictureError):
            model.accepted(wrong, some)


def test_a_drawn_frame_is_read_as_it_is_by_predict_too() -> None:
    """What is MNIST's size comes back to the bit from the framing, so the answers are the same."""
    from digitnet.data.synthetic import synthesize

    model = load_model("mlp")
    images = synthesize(40, np.random.default_rng(5)).images
    same = [bool((frame_picture(image).image == image).all()) for image in images]
    assert sum(same) >= 30
    answers = np.array([answer.probabilities for answer in model.predict(images)])
    np.testing.assert_allclose(answers[same], model.probabilities(images)[same], atol=1e-6)


def test_without_pictures_there_are_no_answers(model: Model) -> None:
    assert model.predict([]) == []
    assert model.answers([]) == []


def test_what_is_no_digit_in_the_picture_comes_before_what_the_model_thinks(model: Model) -> None:
    strict = replace(model, calibration=Calibration(least_probability=1.0))
    blank = replace(FRAME, reason="blank")
    plain, empty = strict.answers([FRAME, blank])
    assert plain.reason is not None
    assert plain.reason.startswith("unsure: ")
    assert (empty.label, empty.reason) == (None, "no digit: blank")
    sure = model.answer(FRAME)
    assert (sure.label, sure.reason) == (int(sure.probabilities.argmax()), None)
    assert sure.frame is FRAME


def test_the_answers_a_model_stands_by(model: Model, rng: np.random.Generator) -> None:
    images = bars(8, rng).images
    some = model.probabilities(images)
    assert model.accepted(images, some).all()
    limit = float(np.sort(some.max(axis=1))[3])
    strict = replace(model, calibration=Calibration(least_probability=limit))
    assert strict.accepted(images, some).sum() == 5


@pytest.mark.parametrize("batch_size", [1, 2, 5, 512])
def test_batches_of_any_size_give_the_same_logits(
    model: Model, rng: np.random.Generator, batch_size: int
) -> None:
    images = bars(5, rng).images
    expected = model.network.forward(as_input(images))
    np.testing.assert_allclose(classify(model.network, images, batch_size), expected, rtol=1e-5)


def test_a_convolutional_network_works_on_several_batches_at_once(
    rng: np.random.Generator,
) -> None:
    network = load_model("cnn").network
    images = bars(9, rng).images
    np.testing.assert_allclose(
        classify(network, images, batch_size=2), classify(network, images), rtol=1e-4, atol=1e-4
    )


def test_logits_have_the_networks_type(rng: np.random.Generator) -> None:
    network = Network(multilayer_perceptron(784, [3], 4), dtype=np.float64)
    logits = classify(network, bars(2, rng).images)
    assert (logits.shape, logits.dtype) == ((2, 4), np.float64)


def test_defaults() -> None:
    model = Model(Network(multilayer_perceptron(784, [3], 10)))
    assert (model.class_names, model.framing, model.training) == (tuple("0123456789"), "mnist", {})
    assert model.calibration == model.calibration
    assert (model.calibration.temperature, model.calibration.novelty) == (1.0, None)


def test_digitnet_predict_and_read_take_a_model_or_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    monkeypatch.chdir(tmp_path)
    picture = np.asarray(bars(1, rng).images[0])
    mlp, cnn = load_model("mlp"), load_model("cnn")
    for asked, expected in (("mlp", mlp), (mlp, mlp), (in_box("mlp"), mlp), (None, cnn)):
        found = digitnet.predict(picture, asked)
        np.testing.assert_array_equal(found.probabilities, expected.predict(picture).probabilities)
    own = small_model(rng)
    save_model(own, "model")
    found = digitnet.predict([picture])[0]
    np.testing.assert_array_equal(found.probabilities, own.predict(picture).probabilities)
    page = np.full((80, 80), 255, dtype=np.uint8)
    assert digitnet.read(page).lines == digitnet.read(page, mlp).lines == ()
