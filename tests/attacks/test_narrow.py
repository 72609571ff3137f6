"""Attacks: pictures of odd sizes and odd ink, from 1 x 1 to a strip of 60,000 x 3."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from attacks.conftest import SHARE, Attack
from digitnet.cli.main import main
from digitnet.errors import PictureError
from digitnet.imaging.framing import framing_stages
from digitnet.imaging.pictures import open_picture
from digitnet.models.box import in_box
from digitnet.models.folder import load_model
from digitnet.reading.dense import MANY
from digitnet.reading.page import read_page
from digitnet.reading.sheet import scan_page
from support.served import client

PROMISE = "pictures of any shape are answered"
pytestmark = pytest.mark.promise(PROMISE)

MODEL = load_model(in_box("mlp"))
MODES = ("L", "1", "LA", "RGB", "RGBA")
LONG = st.sampled_from([700, 1399, 1400, 1401, 3000, 20_000, 40_000, 60_000])
SIZES = st.one_of(
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.tuples(st.integers(1, 9), LONG),
    st.tuples(LONG, st.integers(1, 9)),
    st.tuples(st.integers(60, 500), st.integers(60, 500)),
    st.sampled_from([(3, 60_000), (60_000, 3), (8, 40_000), (40_000, 8), (1, 1)]),
)


def draw(kind: str, height: int, width: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Ink of one kind, (height, width) uint8: 0 on 255, or grey."""
    y, x = np.ogrid[:height, :width]
    first, last = np.sort(rng.integers(0, height + 1, 2))
    left, right = np.sort(rng.integers(0, width + 1, 2))
    step = int(rng.integers(2, 50))
    ink: NDArray[np.bool_] = np.zeros((height, width), np.bool_)
    if kind == "full":
        ink[:] = True
    elif kind == "band":
        ink[first : last + 1] = True
    elif kind == "bar":
        ink[:, left : right + 1] = True
    elif kind == "block":
        ink[first : last + 1, left : right + 1] = True
    elif kind == "row":
        ink[first % height] = True
    elif kind == "column":
        ink[:, left % width] = True
    elif kind == "dot":
        ink[first % height, left % width] = True
    elif kind == "frame":
        ink[[0, -1]] = ink[:, [0, -1]] = True
    elif kind == "diagonal":
        ink = abs(y * width - x * height) < 2 * max(height, width)
    elif kind == "slanted":
        ink = (y + x) % step < 2
    elif kind == "checkerboard":
        ink = (y // step + x // step) % 2 == 0
    elif kind == "bars":
        ink = (x % step < step // 2) & (y >= 0)
    elif kind == "blobs":
        small = rng.random((-(-height // step), -(-width // step))) < 0.2
        ink = small.repeat(step, 0).repeat(step, 1)[:height, :width]
    elif kind == "dust":
        ink = rng.random((height, width)) < 0.02
    elif kind == "noise":
        return rng.integers(0, 256, (height, width)).astype(np.uint8)
    elif kind == "gradient":
        return np.asarray(255 * (y + x) // max(height + width - 2, 1), np.uint8)
    return np.where(ink, 0, 255).astype(np.uint8)


KINDS = (
    "blank", "full", "band", "bar", "block", "row", "column", "dot", "frame", "diagonal",
    "slanted", "checkerboard", "bars", "blobs", "dust", "noise", "gradient",
)  # fmt: skip


def made(kind: str, size: tuple[int, int], mode: str, seed: int, *, dark: bool) -> Image.Image:
    """A picture of one kind of ink, turned round where the ground is dark."""
    grey = draw(kind, *size, np.random.default_rng(seed))
    return Image.fromarray(255 - grey if dark else grey).convert(mode)


def file_of(image: Image.Image) -> bytes:
    """As a PNG."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def check(picture: NDArray[np.uint8]) -> None:
    """Read and predicted; boxes within the picture, probabilities and pens that are numbers."""
    height, width = picture.shape[:2]
    sheet = scan_page(picture)
    assert math.isfinite(sheet.pen)
    assert sheet.pen > 0
    reading = read_page(MODEL, picture)
    assert (reading.reason is None) == bool(reading.lines)
    boxes = [one.box for one in (*reading.digits, *reading.marks, *reading.rejected)]
    answer = MODEL.predict(picture)
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-5)
    for left, top, right, bottom in [*boxes, answer.frame.box]:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    for _, stage in framing_stages(picture):
        assert stage.dtype == np.uint8
        assert stage.size
    json.dumps([reading.as_dict(), answer.as_dict()], allow_nan=False)


def test_any_ink_of_any_size_is_read_or_refused(attack: Attack) -> None:
    @settings(
        max_examples=max(20, round(600 * SHARE)), deadline=None, derandomize=True, database=None
    )
    @given(
        st.sampled_from(KINDS), SIZES, st.sampled_from(MODES), st.integers(0, 999), st.booleans()
    )
    def look(kind: str, size: tuple[int, int], mode: str, seed: int, dark: bool) -> None:
        attack.tried()
        image = made(kind, size, mode, seed, dark=dark)
        if min(size) < 2:
            with pytest.raises(PictureError, match="a digit needs at least 2 on each side"):
                open_picture(np.asarray(image))
            return
        opened, given = open_picture(image), open_picture(np.asarray(image))
        check(opened)
        if not np.array_equal(opened, given):  # the same picture has the same answer
            check(given)

    look()


STRIPS = [(8, 40_000), (40_000, 8), (3, 60_000), (60_000, 3), (2, 2), (7, 1500), (1500, 3)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_narrow_strip_has_no_digits(kind: str, attack: Attack) -> None:
    """It is told to be one, wherever ink is seen in it."""
    for size in STRIPS:
        reading = read_page(MODEL, np.asarray(made(kind, size, "L", 1, dark=False)))
        assert reading.lines == ()
        assert reading.reason is not None
        assert "too narrow a strip" in reading.reason or "nothing on the page" in reading.reason
        attack.tried()


@pytest.mark.parametrize("size", [(700, 700), (300, 700), (100, 700), (30, 30)])
def test_a_band_across_the_page_is_no_row_of_ones(size: tuple[int, int], attack: Attack) -> None:
    """It was cut into digits that are as wide as one likes: 1110."""
    for first, last in ((0.33, 0.66), (0.5, 0.8), (0.25, 0.75), (0.5, 0.51), (0.0, 0.5)):
        page = np.full(size, 255, np.uint8)
        page[int(first * size[0]) : int(last * size[0]) + 1] = 0
        assert read_page(MODEL, page).lines == ()
        attack.tried()


def test_a_texture_costs_no_more_than_so_many_frames(
    attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slanted lines close to each other may be taken together in very many ways."""
    framed = 0
    probabilities = type(MODEL).probabilities

    def count(model: object, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        nonlocal framed
        framed += len(images)
        return np.asarray(probabilities(MODEL, images))

    monkeypatch.setattr(type(MODEL), "probabilities", count)
    monkeypatch.setattr("digitnet.reading.page.MOST_RUNS", 100)
    y, x = np.ogrid[:300, :600]
    for step, high in ((12, 30), (16, 40), (24, 40)):
        slanted = ((y + x) % step < 2) & (y % (2 * high) < high)
        framed = 0
        reading = read_page(MODEL, np.where(slanted, 0, 255).astype(np.uint8))
        assert framed <= MANY + 100
        assert reading.reason == "no digits: so many strokes and dots side by side are a texture"
        attack.tried()


def test_the_command_line_answers_for_each(
    tmp_path: Path, attack: Attack, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = [(8, 40_000), (60_000, 3), (1, 1), (1, 300), (200, 200)]
    names = []
    for number, (kind, size) in enumerate((kind, size) for kind in KINDS for size in sizes):
        if SHARE < 1 and number % 14:
            continue
        name = tmp_path / f"{kind}-{size[1]}x{size[0]}.png"
        name.write_bytes(file_of(made(kind, size, "L", 2, dark=False)))
        names.append(str(name))
        assert main(["read", str(name), "--model", "mlp", "--out", str(tmp_path / "o.png")]) in (
            (2,) if 1 in size else (0,)
        )
        attack.tried()
    tiny = sum("1x1." in name or "300x1." in name for name in names)
    assert tiny
    capsys.readouterr()
    explained = ["predict", "--explain", str(tmp_path / "why")]
    for words, way in ((["read"], "--json"), (["read"], "--csv"), (["predict"], "--json"),
                       (["predict"], "--csv"), (explained, "--json")):  # fmt: skip
        assert main([*words, *names, "--model", "mlp", way]) == 1
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        lines = told.out.splitlines()
        assert len(lines) >= len(names)
        if way == "--json":
            assert sum("at least 2 on each side" in line for line in lines) == tiny
        attack.tried(len(names))


def test_the_page_answers_for_each(tmp_path: Path, attack: Attack) -> None:
    with client(tmp_path) as web:
        for kind in KINDS[:: 1 if SHARE >= 1 else 5]:
            for size in [(8, 40_000), (60_000, 3), (1, 1), (300, 1), (120, 200)]:
                content = file_of(made(kind, size, "RGB", 3, dark=True))
                for path in ("/api/read?model=mlp", "/api/predict?model=mlp&stages=1"):
                    answered = web.post(path, content=content)
                    assert answered.status_code in (200, 400, 422, 503), answered.text
                    answered.json()
                    attack.tried()
