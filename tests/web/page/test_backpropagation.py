"""The page's backpropagation against Python's: the same loss, gradient and step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitnet.data.dataset import as_input
from digitnet.data.synthetic import synthesize
from digitnet.export.page_format import encode
from digitnet.models.folder import load_model
from digitnet.models.model import Model
from digitnet.nn import Network, multilayer_perceptron, one_hot
from support.networks import SMALL, alive
from support.page import run_module

CLOSE = 1e-4
LOADED = """
import { decodeModel, asInput } from "./network/network.js";
import { crossEntropy, descend, lossAndGradient } from "./network/backpropagation.js";
const bytes = readFileSync("model");
const model = decodeModel(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const [layers] = model.members;
const vector = () => layers.flatMap(({ W, b }) => (W ? [...W, ...b] : []));
"""
GRADIENTS = (
    LOADED
    + """
const frames = readFileSync("frames");
const before = vector();
const found = given.labels.map((label, n) => {
  const input = asInput(frames.subarray(784 * n, 784 * (n + 1)));
  const { loss, gradients } = lossAndGradient(layers, input, label);
  return { loss, gradient: gradients.flatMap((one) => (one?.W ? [...one.W, ...one.b] : [])) };
});
const input = asInput(frames.subarray(0, 784));
const backward = lossAndGradient(layers, input, given.labels[0]);
const unchanged = vector().every((value, i) => value === before[i]);
descend(layers, backward, given.rate);
const after = lossAndGradient(layers, input, given.labels[0]).loss;
console.log(JSON.stringify({ found, unchanged, after, vector: vector() }));
"""
)


def gradient_of(network: Network, image: Any, label: int) -> tuple[float, Any]:
    x = as_input(image[None]).astype(network.dtype)
    gradient = np.empty_like(network.vector)
    targets = one_hot(np.array([label]), network.n_out)
    loss, _ = network.loss_and_gradient(x, targets, gradient)
    return loss, gradient


def networks(rng: np.random.Generator) -> dict[str, Network]:
    return {
        "mlp": load_model("mlp").network,
        "tanh, three layers": alive(SMALL["deskewed, several hidden layers"], rng),
        "relu": alive(multilayer_perceptron(784, [20], 10, "relu"), rng),
        "three classes": alive(SMALL["three classes"], rng),
    }


@pytest.mark.parametrize("name", ["mlp", "tanh, three layers", "relu", "three classes"])
def test_loss_gradient_and_step_are_python_s(
    name: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    """Every label of several digits; wrong ones too, where the error is large."""
    network = networks(rng)[name]
    images = synthesize(12, rng).images
    labels = [n % network.n_out for n in range(len(images))]
    names = tuple("0123456789"[: network.n_out])
    (tmp_path / "model").write_bytes(encode(Model(network, names), "a test"))
    (tmp_path / "frames").write_bytes(images.tobytes())
    answer = run_module(tmp_path, GRADIENTS, labels=labels, rate=0.01)
    largest = 0.0
    for image, label, theirs in zip(images, labels, answer["found"], strict=True):
        loss, gradient = gradient_of(network, image, label)
        assert theirs["loss"] == pytest.approx(loss, abs=CLOSE)
        np.testing.assert_allclose(theirs["gradient"], gradient, atol=CLOSE)
        largest = max(largest, float(np.abs(gradient).max()))
    assert largest > 0.1, "gradients of nothing agree always"
    assert answer["unchanged"], "looking changes no weight"
    loss, gradient = gradient_of(network, images[0], labels[0])
    np.testing.assert_allclose(answer["vector"], network.vector - 0.01 * gradient, atol=1e-6)
    assert answer["after"] < loss


def test_the_loss_stays_a_number_for_large_logits(tmp_path: Path) -> None:
    """By hand: -log softmax of [1000, 0] is 0 and 1000, of [0, 0, 0, 0] it is log 4."""
    script = """
import { crossEntropy } from "./network/backpropagation.js";
const of = (logits, label) => {
  const { loss, dlogits } = crossEntropy(Float32Array.from(logits), label);
  return [loss, ...dlogits];
};
console.log(JSON.stringify([of([1000, 0], 0), of([1000, 0], 1), of([0, 0, 0, 0], 2)]));
"""
    right, wrong, even = run_module(tmp_path, script)
    assert right == [0, 0, 0]
    assert wrong == [1000, 1, -1]
    assert even == pytest.approx([np.log(4), 0.25, 0.25, -0.75, 0.25])


EXPERIMENT = (
    LOADED
    + """
import { Experiment, learnerOf, newLearner } from "./step/experiment.js";
import { diagnose } from "./step/diagnosis.js";
const kept = vector();
const experiment = new Experiment(learnerOf(model), given.start);
const told = [];
for (let k = 0; k < given.steps; k++) {
  const lesson = experiment.samples[given.label ?? k % 10];
  const measured = experiment.step(lesson, given.rate);
  told.push({ ...diagnose(experiment, measured, lesson), ...measured });
}
const [one, , two] = experiment.layers;
experiment.begin("model");
const first = learnerOf(model).layers;
const again = experiment.layers.every(({ W }, k) => !W || W.every((w, i) => w === first[k].W[i]));
console.log(JSON.stringify({
  told, again, kept: vector().every((value, i) => value === kept[i]),
  W1: [...one.W.slice(64 * 300, 64 * 301)],
}));
"""
)


def experiment(folder: Path, **given: Any) -> Any:
    (folder / "model").write_bytes(encode(load_model("mlp"), "mlp"))
    answer = run_module(folder, EXPERIMENT, **{"label": None, **given})
    assert answer["kept"], "the model stays as it is"
    assert answer["again"]
    return answer


def test_ten_samples_are_learnt_from_a_random_start(tmp_path: Path) -> None:
    told = experiment(tmp_path, start="random", rate=0.5, steps=300)["told"]
    assert told[0]["before"]["mean"] == pytest.approx(np.log(10), abs=0.5)
    assert told[-1]["after"]["mean"] < 0.1
    assert told[-1]["after"]["read"] == list(range(10))
    assert not told[-1]["broken"]


def test_a_rate_too_high_leaves_neurons_stuck_and_it_is_said(tmp_path: Path) -> None:
    told = experiment(tmp_path, start="random", rate=10, steps=24)["told"]
    assert told[-1]["after"]["mean"] > 2 * told[0]["before"]["mean"]
    assert told[-1]["broken"]
    assert "stuck" in told[-1]["sentence"]


def test_a_zero_start_keeps_neurons_copies_and_it_is_said(tmp_path: Path) -> None:
    answer = experiment(tmp_path, start="zero", rate=0.5, steps=100)
    assert len(set(answer["W1"])) == 1
    assert answer["W1"][0] != 0
    assert "copies of one" in answer["told"][-1]["sentence"]
    assert answer["told"][-1]["after"]["mean"] > 1


def test_one_class_alone_is_read_in_everything_and_it_is_said(tmp_path: Path) -> None:
    told = experiment(tmp_path, start="random", rate=0.5, steps=30, label=3)["told"]
    assert told[-1]["after"]["read"].count(3) >= 8
    assert "are read as 3" in told[-1]["sentence"]
    assert told[-1]["after"]["loss"] < told[0]["before"]["loss"]


def test_a_sure_digit_and_one_wrong_label_are_told_apart(tmp_path: Path) -> None:
    told = experiment(tmp_path, start="model", rate=0.1, steps=1, label=5)["told"]
    assert not told[0]["broken"]
    assert told[0]["after"]["loss"] <= told[0]["before"]["loss"]
