"""The page's network against Python's: the same logits, whatever the layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from digitnet.data.idx import load_idx_folder
from digitnet.data.non_digits import non_digit_frames
from digitnet.data.synthetic import synthesize
from digitnet.export.page_format import encode
from digitnet.models.calibration import Calibration
from digitnet.models.folder import load_model
from digitnet.models.model import Model, classify
from digitnet.models.novelty import features, fit_novelty
from digitnet.models.risk import RiskTable, Row
from digitnet.nn import (
    Ensemble,
    Network,
    in_words,
)
from support.networks import SMALL, alive
from support.page import run_module

CLOSE = 1e-4

LOGITS = """
import { answerOf, decodeModel, forward, forwardFrom } from "./network/network.js";
import { noveltyOf } from "./network/novelty.js";
const bytes = readFileSync("model");
const model = decodeModel(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const frames = readFileSync("frames");
const answers = [];
for (let at = 0; at < frames.length; at += 784) {
  const frame = frames.subarray(at, at + 784);
  const { logits } = forward(model, frame);
  const novelty = model.novelty ? noveltyOf(model.novelty, model.frame, frame) : 0;
  answers.push({ logits: [...logits], novelty, ...answerOf(model, logits, frame) });
}
console.log(JSON.stringify(answers));
"""


def from_page(model: Model, images: NDArray[np.uint8], folder: Path) -> list[dict[str, object]]:
    """The page's answers, one for each frame (N, 28, 28)."""
    (folder / "model").write_bytes(encode(model, "a test"))
    (folder / "frames").write_bytes(images.tobytes())
    answers: list[dict[str, object]] = run_module(folder, LOGITS)
    return answers


def assert_the_same(model: Model, images: NDArray[np.uint8], folder: Path) -> None:
    ours = classify(model.network, images)
    answers = from_page(model, images, folder)
    logits = np.array([answer["logits"] for answer in answers])
    assert logits.shape == ours.shape
    assert np.abs(logits - ours).max() <= CLOSE
    np.testing.assert_array_equal(logits.argmax(axis=1), ours.argmax(axis=1))
    theirs = np.array([answer["probabilities"] for answer in answers])
    likely = model.calibration.probabilities(ours)
    np.testing.assert_allclose(theirs, likely, atol=CLOSE)
    kept = model.calibration
    none, near_none = kept.no_digit(images), np.zeros(len(images), bool)
    if kept.novelty is not None:
        scores = kept.novelty.scores(images)
        novelty = np.array([answer["novelty"] for answer in answers])
        np.testing.assert_allclose(novelty, scores, rtol=1e-5, atol=0.02)
        near_none = np.abs(scores - kept.most_novelty) < 0.02
    assert ((np.array([answer["isNone"] for answer in answers]) == none) | near_none).all()
    near = np.abs(likely.max(axis=1) - kept.least_probability) < CLOSE
    sure = np.array([answer["sure"] for answer in answers])
    assert ((sure == model.accepted(images, likely)) | near | near_none).all()


@pytest.fixture(scope="module")
def digits(request: pytest.FixtureRequest) -> NDArray[np.uint8]:
    """A thousand of MNIST's test digits where they are, else drawn ones."""
    try:
        folder = request.getfixturevalue("mnist_folder")
    except pytest.skip.Exception:
        return synthesize(1000, np.random.default_rng(5)).images
    return load_idx_folder(folder, "test").images[:1000]


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_models_in_the_box_answer_alike(
    name: str, digits: NDArray[np.uint8], tmp_path: Path
) -> None:
    assert_the_same(load_model(name), digits, tmp_path)


def test_what_is_no_digit_is_so_on_the_page_too(rng: np.random.Generator, tmp_path: Path) -> None:
    model = load_model("cnn")
    sparse = np.where(rng.random((20, 28, 28)) < 0.1, 255, 0)
    boxes = np.zeros((20, 28, 28))
    for box in boxes:
        top, left = rng.integers(3, 10, 2)
        box[top : top + rng.integers(3, 15), left : left + rng.integers(3, 15)] = 255
    images = np.concatenate([sparse, rng.integers(0, 256, (20, 28, 28)), boxes]).astype(np.uint8)
    assert_the_same(model, images, tmp_path)
    assert model.calibration.no_digit(images).mean() > 0.9


def test_a_novelty_that_has_learnt_others_is_so_on_the_page_too(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    digits = synthesize(1500, rng)
    others = non_digit_frames(60, rng)
    novelty = fit_novelty(digits.images, digits.labels, others)
    assert novelty is not None
    limit = float(np.quantile(novelty.scores(digits.images), 0.99))
    calibration = Calibration(most_novelty=limit, novelty=novelty)
    model = Model(alive(SMALL["deskewed, several hidden layers"], rng), calibration=calibration)
    images = np.concatenate([others, synthesize(40, rng).images])
    assert_the_same(model, images, tmp_path)
    seen = features(images)
    assert (novelty.says(seen) > novelty.far(seen)).any()
    assert (novelty.says(seen) < novelty.far(seen)).any()


@pytest.mark.parametrize("what", SMALL)
def test_every_kind_of_layer_answers_alike(
    what: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    network = alive(SMALL[what], rng)
    names = tuple("0123456789"[: network.n_out])
    model = Model(network, names, calibration=Calibration(0.7, 0.5))
    assert_the_same(model, synthesize(60, rng).images, tmp_path)


def test_every_kind_of_layer_is_among_them() -> None:
    from digitnet.nn.kinds import LAYERS

    tried = {type(layer).__name__ for layers in SMALL.values() for layer in layers}
    assert tried == set(LAYERS)


def test_an_empty_and_a_full_frame_answer_alike(rng: np.random.Generator, tmp_path: Path) -> None:
    frames = np.stack([np.zeros((28, 28)), np.full((28, 28), 255)]).astype(np.uint8)
    model = Model(alive(SMALL["deskewed, several hidden layers"], rng))
    assert_the_same(model, frames, tmp_path)


def test_an_ensemble_answers_with_the_mean(rng: np.random.Generator, tmp_path: Path) -> None:
    members = [
        alive(SMALL[what], rng)
        for what in ("pooled at the head", "stride, padding and the mean of channels")
    ]
    model = Model(Ensemble(members))
    assert_the_same(model, synthesize(60, rng).images, tmp_path)


def test_going_on_from_a_layer_ends_in_the_same_logits(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    model = Model(alive(SMALL["stride, padding and the mean of channels"], rng))
    (tmp_path / "model").write_bytes(encode(model, "a test"))
    (tmp_path / "frames").write_bytes(synthesize(1, rng).images.tobytes())
    script = (
        LOGITS.split("const answers")[0]
        + """
const { logits, members } = forward(model, frames);
const ends = members[0].at.map((a, k) => [...forwardFrom(model.members[0], k, a)]);
console.log(JSON.stringify({ logits: [...logits], ends }));
"""
    )
    found = run_module(tmp_path, script)
    assert len(found["ends"]) == 7
    for end in found["ends"]:
        assert end == pytest.approx(found["logits"], abs=1e-6)


def test_bytes_that_end_too_soon_or_name_no_layer_are_refused(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    content = encode(Model(alive(SMALL["three classes"], rng), ("a", "b", "c")), "a test")
    cases = [
        content[:2], content[:50], content[:-4],
        content.replace(b"Sigmoid", b"Sigmund"),
    ]  # fmt: skip
    script = """
import { decodeModel } from "./network/network.js";
console.log(JSON.stringify(given.cases.map((bytes) => {
  try { decodeModel(Uint8Array.from(bytes).buffer); return null; }
  catch (error) { return error.message; }
})));
"""
    said = run_module(tmp_path, script, cases=[list(case) for case in cases])
    assert all(said)
    assert "Sigmund" in said[3]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("deskewed, several hidden layers", "784-deskewed-30-20-10"),
        ("pooled at the head", "784-AP2-10"),
        ("stride, padding and the mean of channels", "784-5C5S2P2-7C3S3P1-GAP-10"),
    ],
)
def test_a_network_in_words(what: str, words: str) -> None:
    assert in_words(Network(SMALL[what])) == words


def test_the_bytes_are_the_arrays_one_after_the_other(rng: np.random.Generator) -> None:
    """Pinned: a header, padded to four bytes, then W1 row by row, b1, W2, b2."""
    import json

    model = Model(alive(SMALL["three classes"], rng), ("a", "b", "\u00e9"))
    content = encode(model, "three")
    n = int.from_bytes(content[:4], "little")
    header = json.loads(content[4 : 4 + n])
    assert (4 + n) % 4 == 0
    assert header["class_names"] == ["a", "b", "\u00e9"]
    assert header["network"] == "784-9-3"
    numbers = np.frombuffer(content[4 + n :], "<f4")
    np.testing.assert_array_equal(
        numbers, np.concatenate([view.ravel() for view in model.network.parameters.values()])
    )
    (layers,) = [member["layers"] for member in header["members"]]
    W2 = layers[2]["parameters"][0]
    assert (W2["name"], W2["shape"], W2["offset"]) == ("W2", [9, 3], 784 * 9 + 9)


RISKS = """
import { decodeModel } from "./network/network.js";
import { isPromised, leastProbability } from "./network/risk.js";
const bytes = readFileSync("model");
const model = decodeModel(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const told = given.asked.map((r) => [leastProbability(model, r), isPromised(model, r ?? 0)]);
console.log(JSON.stringify([model.risk, model.offered, told]));
"""


def test_a_risk_is_the_same_threshold_on_the_page(rng: np.random.Generator, tmp_path: Path) -> None:
    """Ties, risks that no row reaches, 0, and none at all."""
    rows = (Row(0.99, 0.002, 0.8), Row(0.9, 0.005, 0.9), Row(0.5, 0.005, 0.95), Row(0, 0.03, 1))
    kept = Calibration(0.7, risks=RiskTable(rows, "a test", 900)).at(0.005)
    model = Model(alive(SMALL["deskewed, several hidden layers"], rng), calibration=kept)
    asked = [0.001, 0.002, 0.0049, 0.005, 0.0051, 0.03, 0.5, 0, None]
    (tmp_path / "model").write_bytes(encode(model, "a test"))
    risk, offered, told = run_module(tmp_path, RISKS, asked=asked)
    assert (risk, offered) == (0.005, [0.001, 0.005, 0.02, 0])
    ours = [kept if one is None else kept.at(one) for one in asked]
    assert [least for least, _ in told] == [one.least_probability for one in ours]
    promised = [one.promised is not None and one.promised <= (one.risk or 0) for one in ours]
    assert [is_kept for _, is_kept in told[:-1]] == promised[:-1]
    old = Model(model.network, calibration=Calibration(0.7, 0.6))
    (tmp_path / "model").write_bytes(encode(old, "a test"))
    risk, offered, told = run_module(tmp_path, RISKS, asked=asked)
    assert (risk, offered) == (None, [0])
    assert [least for least, _ in told] == [0.6] * 7 + [0, 0.6]
