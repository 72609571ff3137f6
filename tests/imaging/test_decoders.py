"""Decoders: the same pixels from another process, which is held to its limits and replaced."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitnet.errors import PictureError
from digitnet.imaging import decoders
from digitnet.imaging.decoders import LIGHT, Decoders, Light, is_light
from digitnet.imaging.pictures import open_picture

NONE = Light(0, 0)
"""Every picture goes to another process."""
PAPER = np.random.default_rng(0).integers(0, 256, (37, 53, 4), dtype=np.uint8)


def written(kind: str, picture: np.ndarray = PAPER[..., 0], **options: Any) -> bytes:
    content = io.BytesIO()
    Image.fromarray(picture).save(content, kind, **options)
    return content.getvalue()


def two_pages() -> bytes:
    more = [Image.fromarray(PAPER[..., 1])]
    return written("TIFF", save_all=True, append_images=more)


@pytest.fixture(scope="module")
def other() -> Iterator[Decoders]:
    """One for all tests that leave its process alive."""
    with Decoders(NONE) as opened:
        yield opened


def pid(of: Decoders) -> int:
    """Of the process that waits for the next picture."""
    running = of._free[-1]._running
    assert running is not None
    return running.pid


def alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{number}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "GIF", "PPM", "WEBP"])
@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_those_of_open_picture(other: Decoders, kind: str, channels: int) -> None:
    content = written(kind, PAPER[..., 0] if channels == 1 else PAPER[..., :3])
    found, expected = other.open(content), open_picture(content)
    np.testing.assert_array_equal(found, expected)
    found[0, 0] = 7  # one may write on it
    assert found.dtype == np.uint8


def test_a_path_is_opened_by_its_name_and_page(
    other: Decoders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two.tif").write_bytes(two_pages())
    for name in ("two.tif", "two.tif#2", tmp_path / "two.tif", (tmp_path / "two.tif").as_uri()):
        np.testing.assert_array_equal(other.open(name), open_picture(name))
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    with pytest.raises(PictureError, match="not found"):
        other.open("two.tif")
    url = "data:image/tiff;base64," + base64.b64encode(written("TIFF")).decode()
    np.testing.assert_array_equal(other.open(url), PAPER[..., 0])


@pytest.mark.parametrize(
    "content", [b"II*\0" + bytes(40), written("TIFF")[:900], written("GIF")[:300], b"words", b""]
)
def test_what_cannot_be_decoded_has_the_same_sentence(other: Decoders, content: bytes) -> None:
    with pytest.raises(PictureError) as expected:
        open_picture(content)
    with pytest.raises(PictureError) as found:
        other.open(content)
    assert str(found.value) == str(expected.value)


def test_a_limit_of_pixels_is_passed_on(other: Decoders) -> None:
    content = written("TIFF")
    other.open(content, max_pixels=37 * 53)
    with pytest.raises(PictureError, match="more than the limit of 1,960"):
        other.open(content, max_pixels=37 * 53 - 1)


def test_several_pages_are_refused_where_one_is_wanted() -> None:
    with Decoders(one_page=True) as opened:
        with pytest.raises(PictureError, match="has 2 pages: send them one by one"):
            opened.open(two_pages())
        np.testing.assert_array_equal(opened.open(written("TIFF")), PAPER[..., 0])


def size_named(content: bytes, width: int, height: int) -> bytes:
    """A PNG whose header names another size."""
    return content[:16] + struct.pack(">II", width, height) + content[24:]


def test_light_is_what_names_few_pixels_and_has_few_bytes() -> None:
    png, jpeg = written("PNG"), written("JPEG")
    long = png + bytes(LIGHT.size - len(png))
    sizes = jpeg.index(b"\xff\xc0")
    larger = jpeg[:2] + b"\xff\xc2\0\x0b\x08" + struct.pack(">HH", 1_000, 1_001) + bytes(4)
    light = {
        "png": png,
        "jpeg": jpeg,
        "most pixels": size_named(png, 1_000, 1_000),
        "most bytes": long,
        "no picture": b"what is refused by its first bytes",
    }
    heavy = {
        "pixels": size_named(png, 1_000_001, 1),
        "bytes": long + b"\0",
        "jpeg": jpeg[: sizes + 5] + struct.pack(">HH", 1_001, 1_000) + jpeg[sizes + 9 :],
        "a second size": larger + jpeg[2:],
        "no size": jpeg[:sizes],
        "tiff": written("TIFF"),
        "gif": written("GIF"),
        "pdf": b"%PDF-1.4",
    }
    assert [name for name, one in light.items() if not is_light(io.BytesIO(one), LIGHT)] == []
    assert [name for name, one in heavy.items() if is_light(io.BytesIO(one), LIGHT)] == []


def test_light_pictures_and_those_that_are_not_there_need_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoders, "_Process", None)
    (tmp_path / "light.png").write_bytes(written("PNG"))
    with Decoders() as opened:
        opened.open(written("PNG"))
        opened.open(tmp_path / "light.png")
        for nothing in (tmp_path, tmp_path / "none.tif", ""):
            with pytest.raises(PictureError):
                opened.open(nothing)
        (tmp_path / "light.png").write_bytes(written("TIFF"))
        with pytest.raises(TypeError):
            opened.open(tmp_path / "light.png")


def slow_file() -> bytes:
    from benchmarks.heavy_pictures import Sizes, paths

    return paths(Sizes(10_000_000))


@pytest.mark.skipif(sys.platform == "win32", reason="there the parent alone keeps the time")
def test_one_that_overruns_its_time_is_killed_and_replaced() -> None:
    pytest.importorskip("pypdfium2")
    with Decoders(NONE, seconds=0.5) as opened:
        opened.open(written("TIFF"))
        before = pid(opened)
        with pytest.raises(PictureError) as raised:
            opened.open(slow_file())
        assert "longer to decode than the 0.5 seconds" in str(raised.value)
        assert not alive(before)
        np.testing.assert_array_equal(opened.open(written("TIFF")), PAPER[..., 0])
        assert pid(opened) != before


def test_one_that_is_waited_for_too_long_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "_BEGIN", "import time; time.sleep(1000)")
    monkeypatch.setattr(decoders, "MOST_WAITED", 0.1)
    with Decoders(NONE) as opened, pytest.raises(PictureError, match="longer to decode"):
        opened.open(written("TIFF"))


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is Linux's")
def test_one_that_wants_too_much_memory_says_so() -> None:
    from benchmarks.heavy_pictures import Sizes, bomb

    with Decoders(NONE, memory=256 * 2**20) as opened:
        with pytest.raises(PictureError, match="memory to decode than the 256 MiB"):
            opened.open(bomb(Sizes(120_000_000)), max_pixels=200_000_000)
        np.testing.assert_array_equal(opened.open(written("TIFF")), PAPER[..., 0])


def reply(words: object) -> bytes:
    text = json.dumps(words).encode()
    return struct.pack(">Q", len(text)) + text


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"no reply, but words of a library",
        struct.pack(">Q", 2**60),
        struct.pack(">Q", 9) + b"[[[[[[[[[",
        reply([]),
        reply({}),
        reply({"shape": [2]}),
        reply({"shape": [-2, -2]}),
        reply({"shape": [2, 2, 9]}),
        reply({"shape": [10**9, 10**9]}),
        reply({"shape": "no"}),
        reply({"shape": [2, 2]}) + b"abc",
    ],
)
def test_a_process_that_replies_anything_is_not_believed(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = f"import sys; sys.stdout.buffer.write({said!r}); sys.stdout.flush()"
    monkeypatch.setattr(decoders, "_BEGIN", answer.replace("{", "{{").replace("}", "}}"))
    with Decoders(NONE) as opened:
        with pytest.raises(PictureError, match="makes its decoder fail"):
            opened.open(written("TIFF"))
        monkeypatch.undo()
        np.testing.assert_array_equal(opened.open(written("TIFF")), PAPER[..., 0])


def test_a_bug_in_it_is_a_bug_here(monkeypatch: pytest.MonkeyPatch) -> None:
    said = reply({"bug": "where it was"})
    begin = f"import sys; sys.stdout.buffer.write({said!r})".replace("{", "{{").replace("}", "}}")
    monkeypatch.setattr(decoders, "_BEGIN", begin)
    with Decoders(NONE) as opened, pytest.raises(RuntimeError, match="where it was"):
        opened.open(written("TIFF"))


def test_a_module_in_the_folder_is_not_taken_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    with Decoders(NONE) as opened:
        opened.open(written("TIFF"))


PARENT = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
from digitnet.imaging.decoders import Decoders
opened = Decoders()
opened.open(sys.argv[1])
print(opened._free[-1]._running.pid, flush=True)
time.sleep(1000)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_none_is_left_behind(number: int, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(written("TIFF"))
    words = [sys.executable, "-c", PARENT, str(tmp_path / "a.tif")]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdout=pipe, stderr=subprocess.DEVNULL) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.send_signal(number)
    until = time.monotonic() + 120
    while alive(child):
        assert time.monotonic() < until
        time.sleep(0.01)
