"""Attacks: pictures made to cost time and memory, and pictures damaged at random."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from benchmarks.fuzz_pictures import mend_png, mutate, seeds
from PIL import Image

from attacks.conftest import Attack
from digitnet.errors import PictureError
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.pictures import open_picture

PROMISE = "pictures are bounded"


def _png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    every = [(b"IHDR", header), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in every
    )


def _scans() -> bytes:
    """A progressive JPEG whose last scan comes 8,000 times."""
    file = io.BytesIO()
    grey = np.arange(64 * 64, dtype=np.uint32).reshape(64, 64).astype(np.uint8)
    Image.fromarray(grey).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * 8_000 + data[-2:]


def _segments() -> bytes:
    file = io.BytesIO()
    Image.new("L", (40, 40), 255).save(file, "JPEG")
    data = file.getvalue()
    return data[:2] + b"\xff\xfe\x00\x03." * 100_000 + data[2:]


def _tiff(fields: list[tuple[int, int, int, int]], tail: bytes = b"") -> bytes:
    ifd = b"".join(struct.pack("<HHLL", *field) for field in fields)
    return struct.pack("<2sHLH", b"II", 42, 8, len(fields)) + ifd + bytes(4) + tail


def _strips() -> bytes:
    n, start = 5_000_000, 8 + 2 + 9 * 12 + 4
    fields = [(256, 4, 1, 40), (257, 4, 1, 40), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
              (273, 4, n, start), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, n, start)]  # fmt: skip
    return _tiff(fields, tail=struct.pack("<L", 8) * n)


def _overlapping() -> bytes:
    start = 8 + 2 + 300 * 12 + 4
    fields = [(40_000 + i, 7, 1_000_000, start) for i in range(300)]
    return _tiff(fields, tail=bytes(1_000_000))


def _pages() -> bytes:
    """A chain of 5,000 directories without a field."""
    every = [struct.pack("<HL", 0, 8 + 6 * (i + 1)) for i in range(5_000)]
    return struct.pack("<2sHL", b"II", 42, 8) + b"".join(every)


BOMBS: dict[str, Callable[[], bytes]] = {
    "scans": _scans,
    "segments": _segments,
    "strips or tiles": _strips,
    "fields overlap": _overlapping,
    "pages": _pages,
    "chunks": lambda: _png(40, 40, *[(b"tEXt", b"a\0b")] * 100_000),
}


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_refused_before_it_is_decoded(
    what: str, attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(*_: object) -> None:
        raise AssertionError("a decoder was asked")

    monkeypatch.setattr("digitnet.imaging.pictures._recognise", decode)
    with pytest.raises(PictureError) as raised:
        open_picture(BOMBS[what]())
    assert what in str(raised.value)
    assert "\n" not in str(raised.value)
    attack.tried()


@pytest.mark.promise(PROMISE)
def test_a_picture_of_endless_sides_is_refused(attack: Attack) -> None:
    with pytest.raises(PictureError, match="longer side"):
        open_picture(_png(6_000_000, 8, (b"IDAT", zlib.compress(b""))))
    attack.tried()


@pytest.mark.promise(PROMISE)
def test_a_damaged_picture_is_answered_or_refused_in_one_sentence(attack: Attack) -> None:
    rng = np.random.default_rng(13)
    files = seeds(rng)
    kinds = list(files)
    every = [data for group in files.values() for data in group]
    sentences: list[str] = []
    for number in attack.times(40_000):
        kind = kinds[number % len(kinds)]
        data = files[kind][int(rng.integers(len(files[kind])))]
        mutated = mutate(data, every[int(rng.integers(len(every)))], rng)
        if kind == "PNG" and rng.random() < 0.7:
            mutated = mend_png(mutated)
        try:
            frame_picture(open_picture(mutated))
        except PictureError as error:
            sentences.append(str(error))
    assert not [sentence for sentence in sentences if "\n" in sentence]
