"""C: an exported header compiled, and its functions called through a pipe (c_driver.c)."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from digitnet.imaging.arrays import Bytes

DRIVER = Path(__file__).with_name("c_driver.c")
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-pedantic")
SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
WAYS = [
    pytest.param(
        compiler, options, id=f"{compiler} {options[0]}{' sanitized' * (len(options) > 1)}"
    )
    for compiler in ("gcc", "clang")
    for options in (("-O0",), ("-O2",), SANITIZED)
]
"""Compilers and what they are told; those that are not installed are skipped."""
MACHINES = {
    "i686": ("i686-linux-gnu-gcc", "qemu-i386"),
    "armhf": ("arm-linux-gnueabihf-gcc", "qemu-arm"),
    "aarch64": ("aarch64-linux-gnu-gcc", "qemu-aarch64"),
    "riscv64": ("riscv64-linux-gnu-gcc", "qemu-riscv64"),
    "s390x": ("s390x-linux-gnu-gcc", "qemu-s390x"),  # the highest byte first
}
"""Other machines: a cross compiler, and what runs its programs."""
QUICK = ("gcc", ("-O2",))


EXAMPLES = Path(__file__).parents[2] / "examples"


def example_picture() -> Bytes:
    """The grey picture (H, W) that the examples read."""
    text = (EXAMPLES / "picture.h").read_text()
    width, height = map(int, re.findall(r"#define PICTURE_\w+ (\d+)U", text))
    pixels = [int(number) for number in re.findall(r"\d+", text[text.index("= {") :])]
    return np.array(pixels, np.uint8).reshape(height, width)


class Compiled:
    """A program with one header in it."""

    def __init__(self, program: Sequence[str | Path]) -> None:
        self.program = [str(word) for word in program]

    def ask(self, *records: bytes) -> list[str]:
        """The lines that records are answered with."""
        done = subprocess.run(
            self.program, input=b"".join(records), capture_output=True, timeout=300
        )
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        assert not done.stderr, done.stderr.decode()[-2000:]
        return done.stdout.decode().splitlines()

    def logits(self, frames: Bytes) -> np.ndarray:
        """What digit_logits says of frames (N, 28, 28): (N, classes) float64."""
        rows = [line.split() for line in self.ask(*(record("L", f.tobytes()) for f in frames))]
        assert {row[0] for row in rows} == {"0"}
        return np.array([[float(x) for x in row[1:]] for row in rows])

    def answers(self, frames: Bytes) -> np.ndarray:
        """What digit_read says: (N, 4) of code, label, per mille, refused."""
        lines = self.ask(*(record("R", frame.tobytes()) for frame in frames))
        return np.array([[int(x) for x in line.split()] for line in lines])

    def frames(self, pictures: Sequence[Bytes], strides: Sequence[int]) -> list[tuple[int, Bytes]]:
        """What digit_frame returns and makes of grey pictures (H, W), rows `stride` bytes apart."""
        lines = self.ask(*map(picture_record, pictures, strides))
        codes = [line.split() for line in lines]
        return [
            (int(code), np.frombuffer(bytes.fromhex(frame), np.uint8).reshape(28, 28))
            for code, frame in codes
        ]

    def selftest(self) -> int:
        return int(self.ask(record("S"))[0])


def record(letter: str, content: bytes = b"", numbers: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    return letter.encode() + struct.pack("<3I", *numbers) + content


def picture_record(picture: Bytes, stride: int) -> bytes:
    height, width = picture.shape
    rows = np.full((height, stride), 77, np.uint8)
    rows[:, :width] = picture
    content = rows.tobytes()[: (height - 1) * stride + width]
    return record("F", content, (width, height, stride))


def compile_header(
    header: Path, folder: Path, compiler: str = QUICK[0], options: Sequence[str] = QUICK[1]
) -> Compiled:
    """Compile with the driver, warnings as errors; skips where a tool is missing.

    Args:
        header: as it was exported.
        folder: where to build.
        compiler: its command, or a word of MACHINES.
        options: of it.
    """
    compiler, *emulator = MACHINES.get(compiler, (compiler,))
    for tool in (compiler, *emulator):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    options = [*options, *["-static"] * len(emulator)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "digit.h").write_bytes(header.read_bytes())
    program = folder / "digit"
    done = subprocess.run(
        [compiler, *STRICT, *options, f"-I{folder}", "-o", program, DRIVER],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    if "cannot find" in done.stderr and "san" in done.stderr:
        pytest.skip(f"{compiler}'s sanitizers are not installed")
    if emulator and ("libc-header-start.h" in done.stderr or "cannot find -lc" in done.stderr):
        pytest.skip(f"{compiler} has no C library: libc6-dev-...-cross is not installed")
    assert done.returncode == 0, done.stderr[-3000:]
    return Compiled([*emulator, program])
