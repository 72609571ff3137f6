"""C in integers: every logit and every answer is the twin's in NumPy, to the bit."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from digitnet.data.synthetic import synthesize
from digitnet.export.c import export
from digitnet.imaging.arrays import Bytes
from digitnet.imaging.device_frame import device_frame
from digitnet.models.folder import save_model
from digitnet.models.integer_network import IntegerLayer, IntegerNetwork, Limits
from digitnet.models.model import Model
from support.c import MACHINES, WAYS, Compiled, compile_header, example_picture
from support.helpers import assert_one_sentence, digitnet
from support.integers import some_layer, some_network
from support.worst import networks_in_every_order, worst_frames

ROOM = [pytest.param((), id="small"), pytest.param(("-DDIGIT_FAST",), id="fast")]
"""Options for a machine of kilobytes, and for one with room, which computes in another order."""
BITS = ("ternary", "2", "3", "4", "8")


def written(network: IntegerNetwork, folder: Path) -> Path:
    header = folder / "exported.h"
    export(Model(network, network.classes), "model", header)
    return header


def frames_for(network: IntegerNetwork, rng: np.random.Generator) -> Bytes:
    """Drawn digits, noise of several densities, and the worst."""
    noise = rng.integers(0, 256, (60, 28, 28))
    noise[20:] *= rng.random((40, 28, 28)) < 0.2
    ends = np.stack([np.zeros((28, 28)), np.full((28, 28), 255)])
    every = [synthesize(60, rng).images, noise, ends]
    if network.layers[0].kind != "pool":
        every.append(worst_frames(network))
    return np.concatenate(every).astype(np.uint8)


def assert_equal(program: Compiled, network: IntegerNetwork, frames: Bytes) -> None:
    assert np.array_equal(program.logits(frames), network.logits(frames))
    answers, reading = program.answers(frames), network.read(frames)
    assert np.array_equal(answers[:, 1], reading.labels)
    assert np.array_equal(answers[:, 2], reading.per_mille)
    assert np.array_equal(answers[:, 3], reading.refused)
    codes = np.where(frames.any(axis=(1, 2)), np.where(reading.refused, 2, 0), 1)
    assert np.array_equal(answers[:, 0], codes)
    assert program.selftest() == 0


@pytest.mark.parametrize(("compiler", "options"), WAYS)
@pytest.mark.parametrize("room", ROOM)
def test_every_compiler(
    room: tuple[str, ...], compiler: str, options: tuple[str, ...], rng: np.random.Generator,
    tmp_path: Path,
) -> None:  # fmt: skip
    network = some_network("ternary", rng)
    program = compile_header(written(network, tmp_path), tmp_path, compiler, (*options, *room))
    assert_equal(program, network, frames_for(network, rng))


@pytest.mark.parametrize("machine", MACHINES)
def test_every_machine(machine: str, rng: np.random.Generator, tmp_path: Path) -> None:
    network = some_network("3", rng)
    program = compile_header(written(network, tmp_path), tmp_path, machine)
    assert_equal(program, network, frames_for(network, rng))
    picture = example_picture()
    assert np.array_equal(program.frames([picture], [70])[0][1], device_frame(picture))


@pytest.mark.parametrize("room", ROOM)
@pytest.mark.parametrize("bits", BITS)
def test_every_kind_of_weights(
    bits: str, room: tuple[str, ...], rng: np.random.Generator, tmp_path: Path
) -> None:
    network = some_network(bits, rng)
    program = compile_header(written(network, tmp_path), tmp_path, options=("-O2", *room))
    assert_equal(program, network, frames_for(network, rng))


@pytest.mark.parametrize("room", ROOM)
@pytest.mark.parametrize("name", networks_in_every_order(np.random.default_rng(0)))
def test_layers_in_every_order(
    name: str, room: tuple[str, ...], rng: np.random.Generator, tmp_path: Path
) -> None:
    network = IntegerNetwork(networks_in_every_order(rng)[name], limits=Limits(255, 13, 500))
    header = written(network, tmp_path)
    most = "-O3" if name == "the recipe small" else "-O2"  # it takes gcc three times as long
    program = compile_header(header, tmp_path, options=(most, *room))
    assert_equal(program, network, frames_for(network, rng))
    (work,) = re.findall(r"#define DIGIT_MOST_WORK (\d+)U", header.read_text())
    assert int(work) + 784 <= 3200  # the rest of 4 kB is the stack's


def test_biases_of_four_bytes_and_other_classes(rng: np.random.Generator, tmp_path: Path) -> None:
    ends = np.array([2**29, -(2**29), 2**15, -(2**15), 0, -1], np.int32)
    layer = some_layer("dense", "8", (6, 784), rng, last=True)
    network = IntegerNetwork(
        (IntegerLayer("dense", "8", layer.weights, ends),), tuple("abcdef"), Limits(1, 30, 0)
    )
    program = compile_header(written(network, tmp_path), tmp_path)
    assert_equal(program, network, frames_for(network, rng))


def test_all_bytes_that_are_counted_are_there(rng: np.random.Generator, tmp_path: Path) -> None:
    """In flash: weights and constants as `packed_bytes` says; five numbers are C's constants."""
    network = some_network("ternary", rng)
    text = written(network, tmp_path).read_text()
    n_bytes = 0
    for name in ("digit_weights", "digit_powers"):
        start = text.index(f"{name}[] DIGIT_FLASH = {{")
        n_bytes += len(re.findall(r"\d+U", text[start : text.index("}", start)]))
    shifts = sum(layer.scales for layer in network.layers)
    assert f"{n_bytes + shifts + 4:,} bytes of weights" in text
    begun = sum(layer.channels > 0 for layer in network.layers)  # bytes: even and odd filters
    assert 0 <= n_bytes + shifts + 4 - network.packed_bytes() <= begun


@pytest.mark.parametrize("array", ["digit_weights", "digit_powers"])
def test_a_changed_byte_fails_the_self_test(
    array: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    header = written(some_network("4", rng), tmp_path)
    head, name, rest = header.read_text().partition(f"{array}[] DIGIT_FLASH = {{")
    first = re.search(r"\d+U", rest)
    assert first is not None
    changed = f"{int(first[0][:-1]) ^ 1}U"
    header.write_text(head + name + rest[: first.start()] + changed + rest[first.end() :])
    assert compile_header(header, tmp_path).selftest() == -4


@pytest.mark.parametrize("room", ROOM)
def test_a_changed_arithmetic_fails_the_self_test(
    room: tuple[str, ...], rng: np.random.Generator, tmp_path: Path
) -> None:
    header = written(some_network("4", rng), tmp_path)
    text = header.read_text()
    assert len(re.findall(r"1U << \(?(?:layer->)?shift - 1U", text)) == len(ROOM)
    header.write_text(re.sub(r"(1U << \(?(?:layer->)?shift) - 1U", r"\1 - 2U", text))
    assert compile_header(header, tmp_path, options=("-O2", *room)).selftest() == -4


def test_digits_of_mnist(mnist_folder: Path, rng: np.random.Generator, tmp_path: Path) -> None:
    from digitnet.data.idx import read_idx

    images = read_idx(next(mnist_folder.glob("train-images*")))[:2000]
    network = some_network("4", rng)
    program = compile_header(written(network, tmp_path), tmp_path)
    assert_equal(program, network, images)


def test_on_an_avr_of_eight_bits(rng: np.random.Generator, tmp_path: Path) -> None:
    """There int has 16 bits, and constants lie where only special reads reach them."""
    for tool in ("avr-gcc", "simavr"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    network = some_network("ternary", rng)
    written(network, tmp_path).rename(tmp_path / "digit.h")
    source = Path(__file__).parents[2] / "examples" / "avr" / "start.c"
    program = tmp_path / "digit.elf"
    words = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-pedantic", "-Os"]
    folders = [f"-I{tmp_path}", f"-I{source.parents[1]}"]
    built = subprocess.run(
        ["avr-gcc", *words, "-mmcu=atmega1284p", *folders, "-o", program, source,
         source.parents[1] / "demo.c"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    run = subprocess.run(
        ["simavr", "-m", "atmega1284p", "-f", "16000000", program],
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    label, per_mille = re.findall(r"(\d), (\d+) per mille", run.stdout + run.stderr)[0]
    reading = network.read(example_frame()[None])
    assert (int(label), int(per_mille)) == (reading.labels[0], reading.per_mille[0])


def example_frame() -> Bytes:
    frame = device_frame(example_picture())
    assert frame is not None
    return frame


def test_the_command_line(rng: np.random.Generator, tmp_path: Path) -> None:
    network = some_network("4", rng)
    save_model(Model(network), tmp_path / "whole")
    refused = digitnet("export", "c", "--model", "whole", "--float", cwd=tmp_path)
    assert_one_sentence(refused, "whole is a network of integers", "--float")
    assert not (tmp_path / "digit.h").exists()
    done = digitnet("export", "c", "--model", "whole", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    said = re.search(r"as integers; ([0-9,]+) bytes, is in digit.h", done.stdout)
    assert said is not None
    assert 0 <= int(said[1].replace(",", "")) - network.packed_bytes() <= len(network.layers)
    program = compile_header(tmp_path / "digit.h", tmp_path / "built")
    assert_equal(program, network, frames_for(network, rng)[:20])
