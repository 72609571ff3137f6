"""C in floats: every kind of layer gives NumPy's logits, and what cannot be had is refused."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitnet.data.synthetic import synthesize
from digitnet.errors import OutputError
from digitnet.export import c
from digitnet.export.c import export
from digitnet.models.calibration import Calibration
from digitnet.models.folder import load_model
from digitnet.models.model import Model, classify
from digitnet.nn import Dense, Ensemble, Layer, Network, ReLU, multilayer_perceptron
from digitnet.nn.layer import Context, FloatArray, Shape
from support.c import MACHINES, WAYS, Compiled, compile_header, record
from support.helpers import assert_one_sentence, digitnet, small_model
from support.networks import SMALL, alive


def compiled(model: Model, folder: Path, *way: str | tuple[str, ...]) -> Compiled:
    header = folder / "exported.h"
    export(model, "model", header)
    return compile_header(header, folder, *way)  # type: ignore[arg-type]


def frames(rng: np.random.Generator) -> np.ndarray:
    """Drawn digits, noise, and the emptiest and the fullest frame."""
    noise = rng.integers(0, 256, (6, 28, 28))
    ends = np.stack([np.zeros((28, 28)), np.full((28, 28), 255)])
    return np.concatenate([synthesize(12, rng).images, noise, ends]).astype(np.uint8)


def assert_alike(one: np.ndarray, other: np.ndarray) -> None:
    """Within 1e-5, beside the size of what the sums are made of."""
    assert np.abs(one - other).max() < 1e-5 * max(1.0, np.abs(other).max())


@pytest.mark.parametrize("layers", SMALL.values(), ids=SMALL)
def test_every_kind_of_layer(layers: list[Layer], rng: np.random.Generator, tmp_path: Path) -> None:
    network = alive(layers, rng)
    names = tuple(str(i) for i in range(network.n_out))
    images = frames(rng)
    program = compiled(Model(network, names), tmp_path)
    assert_alike(program.logits(images), classify(network, images))
    assert program.selftest() == 0


@pytest.mark.parametrize(("compiler", "options"), WAYS)
def test_the_original_network_by_every_compiler(
    compiler: str, options: tuple[str, ...], rng: np.random.Generator, tmp_path: Path
) -> None:
    model, images = load_model("mlp"), frames(rng)
    program = compiled(model, tmp_path, compiler, options)
    assert_alike(program.logits(images), classify(model.network, images))
    assert program.selftest() == 0
    assert program.ask(record("N")) == [" ".join(["-1"] * 10)]  # null pointers


def test_the_convolutional_model_of_the_box(rng: np.random.Generator, tmp_path: Path) -> None:
    model, images = load_model("cnn"), frames(rng)
    program = compiled(model, tmp_path)
    assert_alike(program.logits(images), classify(model.network, images))
    answers, probabilities = program.answers(images), model.probabilities(images)
    assert (answers[:, 1] == probabilities.argmax(axis=1)).all()
    assert np.abs(answers[:, 2] - 1000 * probabilities.max(axis=1)).max() <= 0.51
    unsure = model.calibration.unsure(probabilities)
    blank = ~images.any(axis=(1, 2))
    assert (answers[:, 3] == unsure | blank).all()
    assert (answers[:, 0] == np.where(blank, 1, np.where(unsure, 2, 0))).all()
    assert 0 < unsure.sum() < len(images)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_machine(machine: str, rng: np.random.Generator, tmp_path: Path) -> None:
    network = alive(SMALL["deskewed, several hidden layers"], rng)
    images = frames(rng)
    program = compiled(Model(network), tmp_path, machine)
    assert_alike(program.logits(images), classify(network, images))
    assert program.selftest() == 0


def test_sums_may_be_floats(rng: np.random.Generator, tmp_path: Path) -> None:
    model, images = load_model("mlp"), frames(rng)
    program = compiled(model, tmp_path, "gcc", ("-O2", "-DDIGIT_SUM=float"))
    apart = np.abs(program.logits(images) - classify(model.network, images))
    assert apart.max() < 1e-3
    assert program.selftest() == 0


def test_a_changed_weight_fails_the_self_test(rng: np.random.Generator, tmp_path: Path) -> None:
    header = tmp_path / "exported.h"
    export(small_model(rng), "model", header)
    text = header.read_text()
    start = text.index("digit_weights_2[] DIGIT_FLASH = {")
    changed = re.sub(r"0x1\.(\w)", lambda found: f"0x1.{(int(found[1], 16) + 1) % 16:x}",
                     text[start:], count=1)  # fmt: skip
    header.write_text(text[:start] + changed)
    assert compile_header(header, tmp_path).selftest() == -4


def test_the_confidence_is_calibrated(rng: np.random.Generator, tmp_path: Path) -> None:
    model = replace(small_model(rng), calibration=Calibration(0.25, 0.75))
    images = frames(rng)
    answers = compiled(model, tmp_path).answers(images)
    probabilities = model.probabilities(images)
    assert np.abs(answers[:, 2] - 1000 * probabilities.max(axis=1)).max() <= 0.51
    blank = ~images.any(axis=(1, 2))
    assert (answers[:, 3] == (probabilities.max(axis=1) < 0.75) | blank).all()


def test_names_of_classes_are_kept_and_harmless(rng: np.random.Generator, tmp_path: Path) -> None:
    network = Network(multilayer_perceptron(784, [4], 3))
    network.initialize(rng)
    names = ('*/ "\\', "ä7", "\n#error")
    header = tmp_path / "exported.h"
    export(Model(network, names), "*/ #error\n\\", header)
    program = compile_header(header, tmp_path)
    said = [program.ask(record("C", numbers=(i, 0, 0))) for i in range(3)]
    assert said[:2] == [[f"|{name}|"] for name in names[:2]]
    assert said[2] == ["|", "#error|"]


class Doubled(Layer):
    """A layer of one's own."""

    notation = "x2"

    def forward(self, x: FloatArray, ctx: Context) -> FloatArray:
        return 2 * x

    def backward(self, dy: FloatArray, ctx: Context) -> FloatArray | None:
        return 2 * dy

    def output_shape(self, shape: Shape) -> Shape:
        return shape


def test_what_cannot_be_had_is_refused(rng: np.random.Generator, tmp_path: Path) -> None:
    plain = small_model(rng)
    assert isinstance(plain.network, Network)
    own = Network([Dense(784, 4), Doubled(), ReLU(), Dense(4, 10)])
    refused = {
        "ensemble": Model(Ensemble([plain.network, plain.network])),
        "layer that C cannot compute": Model(own),
        "takes 4 numbers": Model(Network([Dense(4, 10)])),
        "merely resized": replace(plain, framing="stretch"),
    }
    for words, model in refused.items():
        with pytest.raises(OutputError, match=words):
            export(model, "model", tmp_path / "digit.h")
    assert not list(tmp_path.iterdir())


def test_the_command_line(tmp_path: Path) -> None:
    refused = digitnet("export", "c", "--model", "mlp", cwd=tmp_path)
    assert_one_sentence(refused, "floats", "--float")
    assert_one_sentence(digitnet("export", "html", "--float", cwd=tmp_path), "--float")
    assert not list(tmp_path.iterdir())
    done = digitnet("export", "c", "--model", "mlp", "--float", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "50,890 parameters as float32, is in digit.h" in done.stdout
    text = (tmp_path / "digit.h").read_text()
    for word in (
        "Model      mlp\n",
        "Accuracy   98.",
        "bytes with what fills lanes of 16",
        "Licence",
    ):
        assert word in text


def test_cplusplus_takes_it_too(rng: np.random.Generator, tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    import subprocess

    export(small_model(rng), "model", tmp_path / "digit.h")
    source = tmp_path / "digit.cpp"
    source.write_text('#define DIGIT_IMPLEMENTATION\n#include "digit.h"\n')
    words = ["g++", "-std=gnu++17", "-Wall", "-Wextra", "-Werror", "-c", "-o", tmp_path / "digit.o"]
    done = subprocess.run([*words, source], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_self_tests_frames_are_of_every_density() -> None:
    filled = [np.count_nonzero(frame) / frame.size for frame in c.test_frames()]
    assert filled[:2] == [0, 1]
    assert np.allclose(filled[2:], [2 / 8, 3 / 8, 4 / 8], atol=0.05)


def test_powers_of_e_are_those_of_numpy(rng: np.random.Generator, tmp_path: Path) -> None:
    """Through a sigmoid of one number, from where it is 0 to where it is 1, in one logit."""
    network = Network(multilayer_perceptron(784, [1], 2))
    network.parameters["W1"][0] = 40
    network.parameters["b1"][:] = -20
    network.parameters["W2"][:] = [[1, 100]]
    images = np.zeros((256, 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(256)
    logits = compiled(Model(network, ("a", "b")), tmp_path).logits(images)
    exact = 1 / (1 + np.exp(-(40 * np.arange(256) / 255 - 20)))
    assert np.abs(logits[:, 0] - exact).max() < 1e-6
    assert np.abs(logits[:, 1] - 100 * exact).max() < 1e-4
