"""Teach it: the page learns somebody's hand, keeps the usual digits, and hands the model on."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitnet.data.dataset import as_input
from digitnet.export import export_model
from digitnet.export.page_format import encode
from digitnet.handwriting.hands import draw_digit, odd_hand
from digitnet.handwriting.raster import Stroke
from digitnet.models.folder import load_model
from digitnet.models.model import Model, classify, float_network, predictor
from digitnet.nn import Dense, Dropout, Ensemble, Network, multilayer_perceptron
from support.browser import NARROW, WIDE, Visit, strokes_of, violations
from support.networks import SMALL, alive
from support.page import run_module

CLOSE = 1e-4
N_TAUGHT, N_MORE = 10, 50
LOADED = """
import { decodeModel, forward, answerOf } from "./network/network.js";
import { lossAndGradient } from "./network/backpropagation.js";
import { frameOf } from "./network/framing.js";
import { Pupil } from "./teach/pupil.js";
import { modelFolder, canonical } from "./teach/model_folder.js";
import { sha256 } from "./teach/sha256.js";
import { zipped } from "./teach/zip.js";
import { example } from "./draw/examples.js";
import { writeFileSync } from "node:fs";
const load = () => {
  const bytes = readFileSync("model");
  return decodeModel(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
const drawnOf = (model, { label, strokes }) =>
  ({ label, strokes, frame: frameOf(strokes, model.framing, model.frame) });
const read = (model, frame) => {
  const { logits } = forward(model, frame);
  return logits.indexOf(Math.max(...logits));
};
"""


def drawings(seed: int, n: int) -> list[tuple[int, list[Stroke]]]:
    """The first n digits by an odd hand, each with its label."""
    rng = np.random.default_rng(seed)
    hand = odd_hand(rng)
    return [(k % 10, draw_digit(k % 10, rng, hand=hand)) for k in range(n)]


def as_given(drawn: list[tuple[int, list[Stroke]]]) -> list[dict[str, Any]]:
    def points(stroke: Stroke) -> list[dict[str, float]]:
        rows = zip(stroke.points.tolist(), stroke.radii.tolist(), strict=True)
        return [{"x": x, "y": y, "r": r} for (x, y), r in rows]

    return [{"label": k, "strokes": [points(each) for each in strokes]} for k, strokes in drawn]


def plain(name: str, rng: np.random.Generator) -> Model:
    """A model of one network; some are small."""
    if name in ("mlp", "cnn"):
        return load_model(name)
    if name == "relu":
        return Model(alive(multilayer_perceptron(784, [20], 10, "relu"), rng))
    return Model(alive(SMALL[name], rng))


GRADIENTS = (
    LOADED
    + """
const pupil = new Pupil(load());
const frames = readFileSync("frames");
const sums = pupil.tail.map(({ W, b }) =>
  W ? { dx: [], W: new Float32Array(W.length), b: new Float32Array(b.length) } : null);
const losses = given.targets.map((target, n) => {
  const features = pupil.features(frames.subarray(784 * n, 784 * (n + 1)));
  return lossAndGradient(pupil.tail, features, target, sums).loss;
});
console.log(JSON.stringify({
  start: pupil.start, canLearn: pupil.canLearn, losses,
  gradient: sums.flatMap((one) => (one ? [...one.W, ...one.b] : [])),
}));
"""
)


@pytest.mark.parametrize("name", ["mlp", "cnn", "relu", "deskewed, several hidden layers"])
def test_gradients_of_the_layers_that_learn_are_python_s(
    name: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    """Summed over several digits, for labels and for what another network says of each class."""
    model = plain(name, rng)
    images = rng.integers(0, 256, (6, 28, 28), dtype=np.uint8) * (rng.random((6, 28, 28)) < 0.2)
    images = images.astype(np.uint8)
    targets = rng.dirichlet(np.ones(10), 6).astype(np.float32)
    targets[0] = np.eye(10)[3]
    (tmp_path / "model").write_bytes(encode(model, name))
    (tmp_path / "frames").write_bytes(images.tobytes())
    given: list[Any] = [3, *targets[1:].tolist()]
    answer = run_module(tmp_path, GRADIENTS, targets=given)
    assert answer["canLearn"]

    predicting = predictor(float_network(model, name))
    assert isinstance(predicting, Network)
    layers = [layer for layer in predicting.layers if not isinstance(layer, Dropout)]
    network = Network(layers)
    network.vector[:] = predicting.vector
    gradient = np.empty_like(network.vector)
    loss, _ = network.loss_and_gradient(as_input(images), targets, gradient)
    gradient = gradient[-len(answer["gradient"]) :]
    dense = [layer for layer in layers if isinstance(layer, Dense)]
    assert len(gradient) == sum((one.n_in + 1) * one.n_out for one in dense[-2:])
    assert np.mean(answer["losses"]) == pytest.approx(loss, rel=1e-4, abs=CLOSE)
    np.testing.assert_allclose(np.array(answer["gradient"]) / 6, gradient, atol=CLOSE)
    assert np.abs(gradient).max() > 1e-2, "gradients of nothing agree always"


LEARN = (
    LOADED
    + """
const model = load();
const before = forward(model, drawnOf(model, given.drawings[0]).frame).logits;
const pupil = new Pupil(model);
const drawn = given.drawings.map((one) => drawnOf(model, one));
const [own, more] = [drawn.slice(0, given.n), drawn.slice(given.n)];
const taught = await pupil.learn(own);
const again = await pupil.learn(own);
const nRight = (model) => more.filter(({ frame, label }) => read(model, frame) === label).length;
const samples = (model) => [...Array(10).keys()].map((label) =>
  read(model, frameOf(example(label), model.framing, model.frame)));
const files = modelFolder(taught.model);
writeFileSync("taught.zip", zipped(Object.fromEntries(
  Object.entries(files).map(([name, bytes]) => [`taught/${name}`, bytes]))));
const answers = more.map(({ frame }) => {
  const { probabilities, isNone, sure } =
    answerOf(taught.model, forward(taught.model, frame).logits, frame);
  return { frame: [...frame], probabilities, isNone, sure };
});
const vector = ({ members: [layers] }) => layers.flatMap(({ W, b }) => (W ? [...W, ...b] : []));
const after = forward(model, drawnOf(model, given.drawings[0]).frame).logits;
console.log(JSON.stringify({
  before: nRight(model), after: nRight(taught.model), usual: taught.usual,
  ownBefore: taught.before, ownAfter: taught.after,
  samples: [samples(model), samples(taught.model)],
  same: JSON.stringify(vector(taught.model)) === JSON.stringify(vector(again.model)),
  kept: before.every((value, k) => value === after[k]), answers,
}));
"""
)


def learn(name: str, folder: Path, seed: int = 1) -> Any:
    (folder / "model").write_bytes(encode(load_model(name), name))
    drawn = drawings(seed, N_TAUGHT + N_MORE)
    return run_module(folder, LEARN, drawings=as_given(drawn), n=N_TAUGHT)


def test_ten_drawings_teach_an_odd_hand_and_the_folder_goes_on(tmp_path: Path) -> None:
    """Fifty more are read better, usual digits as before, and Python answers as the page does."""
    answer = learn("mlp", tmp_path)
    assert answer["after"] >= answer["before"] + 8
    assert answer["after"] >= 40
    assert sum(k == label for label, k in enumerate(answer["ownAfter"])) >= 9
    assert answer["samples"] == [list(range(10))] * 2
    assert answer["usual"]["n"] == 60
    assert answer["usual"]["after"] >= answer["usual"]["before"] - 3
    assert answer["same"], "the same drawings give the same weights"
    assert answer["kept"], "the model that was there stays as it is"

    with zipfile.ZipFile(tmp_path / "taught.zip") as packed:
        assert packed.testzip() is None
        packed.extractall(tmp_path / "unpacked")
    model = load_model(tmp_path / "unpacked" / "taught")
    assert model.sealed
    assert model.calibration.promised is None, "what was promised was counted before"
    assert model.training["drawings"] == N_TAUGHT
    frames = np.array([one["frame"] for one in answer["answers"]], np.uint8).reshape(-1, 28, 28)
    probabilities = model.probabilities(frames)
    theirs = np.array([one["probabilities"] for one in answer["answers"]])
    np.testing.assert_allclose(theirs, probabilities, atol=CLOSE)
    reasons = model.calibration.refusals(frames, probabilities, model.class_names)
    assert [reason is None for reason in reasons] == [one["sure"] for one in answer["answers"]]


def test_what_was_taught_is_no_stranger(tmp_path: Path) -> None:
    """A hand that is refused as none at all: the limit goes up to the drawings, and no further."""
    script = (
        LOADED
        + """
const model = load();
model.novelty.most = given.most;
const own = given.drawings.map((one) => drawnOf(model, one));
const none = (model, frame) => answerOf(model, forward(model, frame).logits, frame).isNone;
const { model: taught } = await new Pupil(model, { steps: 2 }).learn(own);
const { model: other } = await new Pupil(load(), { steps: 2 }).learn(own);
console.log(JSON.stringify({
  before: own.map(({ frame }) => none(model, frame)),
  after: own.map(({ frame }) => none(taught, frame)),
  most: [taught.novelty.most, other.novelty.most, load().novelty.most],
}));
"""
    )
    (tmp_path / "model").write_bytes(encode(load_model("mlp"), "mlp"))
    answer = run_module(tmp_path, script, drawings=as_given(drawings(1, 10)), most=-1000)
    assert all(answer["before"])
    assert not any(answer["after"])
    assert answer["most"][0] <= answer["most"][1], "a looser limit stays"
    assert answer["most"][1] >= answer["most"][2]


@pytest.mark.parametrize("kind", ["ensemble", "letters", "three classes"])
def test_what_cannot_learn_here_says_so(
    kind: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    network = Network(multilayer_perceptron(784, [5], 10))
    model = {
        "ensemble": lambda: Model(Ensemble([network, network])),
        "letters": lambda: Model(network, tuple("ABCDEFGHIJ")),
        "three classes": lambda: Model(alive(SMALL["three classes"], rng), ("x", "y", "z")),
    }[kind]()
    (tmp_path / "model").write_bytes(encode(model, kind))
    assert not run_module(tmp_path, LOADED + "console.log(new Pupil(load()).canLearn);\n")


def test_bytes_are_those_of_python(rng: np.random.Generator, tmp_path: Path) -> None:
    """SHA-256, zip files, and JSON as the seal has it."""
    contents = [bytes(rng.integers(0, 256, n, dtype=np.uint8)) for n in (0, 1, 55, 56, 63, 64, 999)]
    values = {
        "b": [1, 0.5, 1e-4, 9.5e-5, 1e-7, 1.25e-10, -3e-9, 0, 123456789.25, 1e21],
        "a": {"é\u2028\U0001f600": "\"\\/\u007f\n\t", "c": None, "d": True},
    }  # fmt: skip
    script = (
        LOADED
        + """
const contents = given.contents.map((one) => Uint8Array.from(one));
writeFileSync("some.zip", zipped({ "a/é.txt": contents[6], "b": contents[0] }));
console.log(JSON.stringify({ hashes: contents.map(sha256), text: canonical(given.values) }));
"""
    )
    answer = run_module(tmp_path, script, contents=[list(c) for c in contents], values=values)
    assert answer["hashes"] == [hashlib.sha256(content).hexdigest() for content in contents]
    assert answer["text"] == json.dumps(values, sort_keys=True, separators=(",", ":"))
    with zipfile.ZipFile(io.BytesIO((tmp_path / "some.zip").read_bytes())) as packed:
        assert packed.testzip() is None
        assert packed.read("a/é.txt") == contents[6]
        assert packed.namelist() == ["a/é.txt", "b"]


def name_it(visit: Visit, label: int, n: int) -> None:
    """That is a 7; returns when all n drawings are learnt."""
    visit.page.click(f".labels button:nth-of-type({label + 1})")
    visit.page.wait_for_selector(f".taught:not(.learning) .taught-tiles li:nth-child({n})")


def on_the_pad(strokes: list[Stroke]) -> list[Stroke]:
    """Strokes of height 1 in the middle of a square of 1."""
    width = max(float((each.points[:, 0] + each.radii).max()) for each in strokes)
    size = 0.7 / max(width, 1)
    left, top = (1 - width * size) / 2, (1 - size) / 2
    return [stroke.placed(size, left, top) for stroke in strokes]


def n_read(visit: Visit, drawn: list[tuple[int, list[Stroke]]]) -> int:
    """How many are read rightly, or would be if it were sure."""
    n = 0
    for label, strokes in drawn:
        visit.page.click("#clear")
        visit.draw(on_the_pad(strokes))
        bars = visit.page.evaluate(
            "[...document.querySelectorAll('#bars .bar-value')].map((each) => each.textContent)"
        )
        likely = [float(bar.strip("<> %") or 0) for bar in bars]
        n += likely.index(max(likely)) == label
    return n


def test_in_the_one_file_page_a_hand_is_taught_undone_and_downloaded(
    browser: Any, tmp_path: Path
) -> None:
    export_model(load_model("mlp"), "html", "mlp", tmp_path / "digit.html")
    visit = Visit(browser, (tmp_path / "digit.html").as_uri(), accept_downloads=True)
    drawn = drawings(1, N_TAUGHT + N_MORE)
    own, more = drawn[:N_TAUGHT], drawn[N_TAUGHT:]
    assert visit.page.is_disabled(".labels button:nth-of-type(1)"), "nothing is drawn"
    visit.draw(on_the_pad(own[0][1]))
    before = n_read(visit, more)
    first = n_read(visit, more[:10])
    visit.page.click("#clear")
    for k, (label, strokes) in enumerate(own):
        visit.draw(on_the_pad(strokes))  # the next drawing begins by itself
        name_it(visit, label, k + 1)
    assert "Learnt in" in visit.page.inner_text(".taught-words")
    after = n_read(visit, more)
    assert after >= before + 8
    assert visit.page.is_visible("#before")
    for label in range(10):
        visit.page.click(f"#examples button:nth-of-type({label + 1})")
        visit.settle()
        assert visit.digit == str(label), "the sample digits are kept"

    with visit.page.expect_download() as awaited:
        visit.page.click("#teach-download")
    assert awaited.value.suggested_filename == "mlp-taught.zip"
    awaited.value.save_as(tmp_path / "mlp-taught.zip")
    with zipfile.ZipFile(tmp_path / "mlp-taught.zip") as packed:
        packed.extractall(tmp_path)
    model = load_model(tmp_path / "mlp-taught")
    for label in range(10):
        visit.page.click(f"#examples button:nth-of-type({label + 1})")
        visit.settle()
        frame = visit.frame()[None]
        assert classify(model.network, frame).argmax() == int(visit.digit)
    assert not np.array_equal(model.network.vector, load_model("mlp").network.vector)

    visit.page.click("#teach-undo")
    visit.page.wait_for_selector(".taught:not(.learning) .taught-words:text('Learnt')")
    assert visit.page.locator(".taught-tiles li").count() == N_TAUGHT - 1
    visit.page.click("#teach-forget")
    assert visit.page.is_hidden(".taught")
    assert visit.page.is_hidden("#before")
    assert n_read(visit, more[:10]) == first, "as it was"
    visit.close()


def test_a_second_word_about_a_drawing_counts_and_keys_do_too(visit: Visit) -> None:
    page = visit.page
    page.select_option("#model", "mlp")
    visit.draw(strokes_of(3))
    name_it(visit, 8, 1)
    name_it(visit, 3, 1)
    assert page.locator(".taught-tiles li").count() == 1
    assert page.inner_text(".taught-tiles strong") == "3"
    page.focus("#paper")
    page.keyboard.press("c")
    page.keyboard.press("7")
    page.keyboard.press("t")
    page.keyboard.press("7")
    page.wait_for_selector(".taught:not(.learning) .taught-tiles li:nth-child(2)")
    assert page.inner_text(".taught-tiles li:nth-child(2) strong") == "7"
    page.select_option("#model", "cnn")
    page.wait_for_selector("#teach-use:text('cnn-taught')")
    page.wait_for_selector(".taught:not(.learning) .taught-words:text('Learnt')")
    page.click(".forget >> nth=0")
    page.wait_for_selector(".taught:not(.learning) .taught-words:text('Learnt')")
    assert page.inner_text(".taught-tiles strong") == "7"


def test_the_risk_that_was_chosen_comes_back(visit: Visit) -> None:
    page = visit.page
    page.select_option("#model", "mlp")
    chosen = page.get_attribute("#risk option >> nth=0", "value")
    assert chosen != page.input_value("#risk")
    page.select_option("#risk", chosen)
    visit.draw(strokes_of(3))
    name_it(visit, 3, 1)
    assert page.input_value("#risk") == "", "nothing is promised of the new one"
    page.click("#teach-forget")
    assert page.input_value("#risk") == chosen


@pytest.mark.parametrize(
    ("size", "theme"), [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")]
)
def test_what_was_taught_fits_and_keeps_nobody_out(
    size: tuple[int, int], theme: str, browser: Any, address: str
) -> None:
    visit = Visit(browser, address, size, theme)
    visit.page.select_option("#model", "mlp")
    visit.draw(strokes_of(3))
    name_it(visit, 3, 1)
    assert not visit.overflows()
    assert violations(visit) == []
    visit.page.click("#sample-3")
    visit.page.wait_for_selector(".sample-digit")
    visit.settle()
    assert not visit.overflows()
    assert violations(visit) == []
    visit.close()


def test_a_first_visit_is_told_what_this_is(browser: Any, address: str) -> None:
    visit = Visit(browser, address)
    assert "handwritten digits" in visit.page.inner_text("#welcome")
    assert visit.page.locator("#seen").is_hidden(), "no black square without a digit in it"
    visit.page.reload()
    visit.page.wait_for_selector("#bars li:nth-child(2)", state="attached")
    assert visit.page.is_hidden("#welcome")
    visit.close()


def test_photos_and_a_page_are_there_to_try(visit: Visit) -> None:
    page = visit.page
    for k, digit in enumerate("472"):
        page.click(f"#sample-{k}")
        page.wait_for_selector(f"#digit:text('{digit}')")
    page.click("#sample-3")
    page.wait_for_selector(".sample-digit")
    assert page.inner_text(".sample-words") == "12 digits: 2718, 3045, 6180. Point at one."
    page.hover(".sample-digit >> nth=2")
    page.wait_for_selector("#digit:text('1')")
    assert page.is_disabled(".labels button:nth-of-type(1)"), "only drawings are taught"
    page.click(".sample-close")
    assert visit.digit == ""
    page.click("#sample-0")
    page.wait_for_selector("#digit:text('4')")
    visit.draw(strokes_of(5))
    assert visit.digit == "5"
    assert page.is_hidden("#sample"), "who draws over a photo is back at the pad"
