"""Framing in C: the frame of its twin in NumPy to the bit, and codes for wrong arguments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digitnet.data.synthetic import synthesize
from digitnet.export.c import export
from digitnet.imaging.device_frame import LONGEST, device_frame
from support.c import SANITIZED, WAYS, Compiled, compile_header, record
from support.helpers import small_model


@pytest.fixture(scope="module")
def header(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("header") / "exported.h"
    export(small_model(np.random.default_rng(0)), "model", target)
    return target


@pytest.fixture(scope="module")
def program(header: Path, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """With sanitizers, so that a read outside of a picture is an error."""
    return compile_header(header, tmp_path_factory.mktemp("built"), "gcc", SANITIZED)


def assert_framed_alike(program: Compiled, pictures: list[np.ndarray], strides: list[int]) -> None:
    for (code, frame), picture in zip(program.frames(pictures, strides), pictures, strict=True):
        expected = device_frame(picture)
        assert code == (1 if expected is None else 0)
        assert np.array_equal(frame, np.zeros((28, 28)) if expected is None else expected)


def blots(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Some boxes on uneven ground with grain: components of all sizes, at edges too."""
    y, x = np.mgrid[:height, :width]
    picture = rng.integers(120, 256) + rng.normal(0, 0.3) * x + rng.normal(0, 0.3) * y
    for _ in range(rng.integers(0, 9)):
        top, left = rng.integers(0, height), rng.integers(0, width)
        down, along = rng.integers(1, height + 1) // 2 + 1, rng.integers(1, width + 1) // 5 + 1
        picture[top : top + down, left : left + along] = rng.integers(0, 200)
    picture = picture + rng.normal(0, rng.choice([0, 2, 20]), picture.shape)
    picture = picture.clip(0, 255).astype(np.uint8)
    return 255 - picture if rng.random() < 0.5 else picture


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.integers(1, 130), st.integers(1, 130), st.integers(0, 20), st.integers(0, 2**32 - 1),
    st.sampled_from(["blots", "noise", "two tones"]),
)  # fmt: skip
def test_any_picture(
    program: Compiled, height: int, width: int, more: int, seed: int, kind: str
) -> None:
    rng = np.random.default_rng(seed)
    pictures = []
    for _ in range(5):
        picture = blots(rng, height, width)
        if kind == "noise":
            picture = rng.integers(0, 256, (height, width)).astype(np.uint8)
        if kind == "two tones":
            picture = np.where(rng.random((height, width)) < rng.random(), 255, 0).astype(np.uint8)
        pictures.append(picture)
    assert_framed_alike(program, pictures, [width + more] * len(pictures))


def test_drawn_digits(program: Compiled) -> None:
    digits = list(synthesize(200, np.random.default_rng(3)).images)
    assert_framed_alike(program, digits, [28] * len(digits))
    large = [np.kron(255 - digit, np.ones((9, 9), np.uint8)) for digit in digits[:40]]
    assert_framed_alike(program, large, [300] * len(large))


def test_the_longest_sides(program: Compiled) -> None:
    wide = np.full((3, LONGEST), 255, np.uint8)
    wide[1, 9000:30000] = 0
    bright = np.full((LONGEST, 2), 255, np.uint8)
    bright[100:40000, 1] = 250
    assert_framed_alike(program, [wide, bright, 255 - wide], [LONGEST + 9, 2, LONGEST])


@pytest.mark.parametrize(("compiler", "options"), WAYS)
def test_every_compiler(
    compiler: str, options: tuple[str, ...], header: Path, tmp_path: Path
) -> None:
    program = compile_header(header, tmp_path, compiler, options)
    rng = np.random.default_rng(5)
    pictures = [blots(rng, *rng.integers(1, 150, 2)) for _ in range(60)]
    assert_framed_alike(program, pictures, [picture.shape[1] for picture in pictures])


WRONG = {
    (0, 5, 5): -2, (5, 0, 5): -2, (0, 0, 0): -2, (LONGEST + 1, 5, LONGEST + 1): -2,
    (5, LONGEST + 1, 5): -2, (2**32 - 1, 1, 2**32 - 1): -2,
    (5, 5, 4): -3, (5, 5, 0): -3, (5, 5, 2**32 - 1): -3, (5, 2, 2**30): -3,
}  # fmt: skip


def test_wrong_sizes_have_codes_and_nothing_is_read_or_written(program: Compiled) -> None:
    answers = program.ask(*(record("B", numbers=wrong) for wrong in WRONG))
    assert answers == [f"{code} 7" for code in WRONG.values()]  # 7 stood in the frame before
