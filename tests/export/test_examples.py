"""The example projects: built as they stand, run in emulators, and they say what NumPy says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from digitnet.imaging.device_frame import device_frame
from digitnet.models.folder import load_model
from digitnet.models.integer_network import IntegerNetwork
from support.c import EXAMPLES, example_picture

TOOLS = {
    "host": ("cc",),
    "cortex-m0": ("arm-none-eabi-gcc", "qemu-system-arm"),
    "cortex-m3": ("arm-none-eabi-gcc", "qemu-system-arm"),
    "cortex-m4": ("arm-none-eabi-gcc", "qemu-system-arm"),
    "rv32": ("riscv64-unknown-elf-gcc", "qemu-riscv32"),
    "avr": ("avr-gcc", "simavr"),
    "wasm": ("clang", "wasm-ld", "node"),
}


def made(target: str, out: Path, *words: str) -> str:
    """What `make TARGET` prints; skips where a tool is missing."""
    for tool in ("make", *TOOLS[target]):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    command = f"DIGITNET={sys.executable} -m digitnet"
    done = subprocess.run(
        ["make", "-s", "-C", EXAMPLES, f"OUT={out}", command, *words, target],
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_is_a_test_for_every_target() -> None:
    (targets,) = re.findall(r"^all: (.+)$", (EXAMPLES / "Makefile").read_text(), re.MULTILINE)
    assert targets.split() == list(TOOLS)


@pytest.mark.parametrize("target", ["cortex-m0", "cortex-m3", "cortex-m4", "rv32", "avr", "wasm"])
def test_a_machine_without_a_system_says_what_numpy_says(target: str, tmp_path: Path) -> None:
    said = made(target, tmp_path)
    frame = device_frame(example_picture())
    assert frame is not None
    network = load_model("mcu").network
    assert isinstance(network, IntegerNetwork)
    (label,), (per_mille,), (refused,) = network.read(frame[None])
    assert (label, refused) == (7, False)
    assert f"{label}, {per_mille} per mille" in said


def test_floats_fill_a_larger_machine_and_are_left_out_of_a_small_one(tmp_path: Path) -> None:
    floats = "EXPORT=--model mlp --float"
    said = made("avr", tmp_path, floats)
    assert said.endswith("avr: left out, it takes a network of integers\n")
    said = made("rv32", tmp_path, floats)
    label, per_mille = re.findall(r"^(\d), (\d+) per mille$", said, re.MULTILINE)[0]
    frame = device_frame(example_picture())
    assert frame is not None
    (probabilities,) = load_model("mlp").probabilities(frame[None])
    assert (int(label), 7) == (7, int(probabilities.argmax()))
    assert abs(int(per_mille) - 1000 * probabilities[7]) <= 0.51


def test_the_host_program_reads_pgm(tmp_path: Path) -> None:
    made("host", tmp_path)
    picture = tmp_path / "three.pgm"
    with Image.open(EXAMPLES.parent / "test_images" / "digi_3.png") as image:
        image.convert("L").save(picture)
    blank, short, text = (tmp_path / name for name in ("blank.pgm", "short.pgm", "text.pgm"))
    blank.write_bytes(b"P5\n# a comment\n3 2\n255\n" + bytes(6))
    short.write_bytes(b"P5 30 20 255\n" + bytes(6))
    text.write_bytes(b"P2 1 1 255\n0")

    def run(*paths: Path) -> tuple[int, str, str]:
        done = subprocess.run([tmp_path / "digit", *paths], capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    code, out, err = run(picture, blank)
    assert (code, err) == (0, "")
    assert re.fullmatch(rf"{picture}: 3, \d+\.\d %\n{blank}: nothing stands out\n", out)
    for wrong, why in ((short, "cut short"), (text, "no binary PGM"), (tmp_path / "x", "opened")):
        code, out, err = run(wrong)
        assert (code, out) == (1, "")
        assert why in err
    assert run()[0] == 1
