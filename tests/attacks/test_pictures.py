"""Attacks: pictures made to cost time and memory, and pictures damaged at random."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from benchmarks.fuzz_pictures import damaged
from PIL import Image

from attacks.conftest import Attack
from digitnet.errors import PictureError
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.pictures import count_pages, open_picture

PROMISE = "pictures are bounded"


def png_of(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG, 8 bits grey, of a header and these chunks, name and content each."""
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


def _blocks(block: bytes, end: bytes = b"") -> bytes:
    """A GIF with very many comments, or one in very many pieces, in front of its picture."""
    file = io.BytesIO()
    Image.new("L", (40, 40), 255).save(file, "GIF")
    data = file.getvalue()
    place = data.index(b",\0\0\0\0")
    comment = block * 100_000 if not end else b"\x21\xfe" + block * 100_000 + end
    return data[:place] + comment + data[place:]


def _big_tiff(value: int) -> bytes:
    """A BigTIFF of 4 x 4 pixels that has 300 fields of a million bytes in one place."""
    fields = [(256, 4, 1, 4), (257, 4, 1, 4), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
              (273, 4, 1, 16), (277, 3, 1, 1), (278, 4, 1, 4), (279, 4, 1, 16)]  # fmt: skip
    fields += [(40_000 + i, 7, value, 100) for i in range(300)]
    ifd = struct.pack("<Q", len(fields)) + b"".join(struct.pack("<HHQQ", *f) for f in fields)
    head = struct.pack("<2sHHHQ", b"II", 43, 8, 0, 32)
    return head + bytes(range(16)) + ifd + bytes(8) + bytes(1_000_000 if value > 8 else 0)


BOMBS: dict[str, Callable[[], bytes]] = {
    "scans": _scans,
    "segments": _segments,
    "strips or tiles": _strips,
    "fields overlap": _overlapping,
    "pages": _pages,
    "blocks": lambda: _blocks(b"\x21\xfe\x01a\0"),
    "more than the 65,536 blocks": lambda: _blocks(b"\x01a", b"\0"),
    "whose fields overlap": lambda: _big_tiff(1_000_000),
    "colour profiles": lambda: png_of(40, 40, *[(b"iCCP", b"a\0\0")] * 9),
    "chunks": lambda: png_of(40, 40, *[(b"tEXt", b"a\0b")] * 100_000),
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
        open_picture(png_of(6_000_000, 8, (b"IDAT", zlib.compress(b""))))
    attack.tried()


@pytest.mark.promise(PROMISE)
def test_a_damaged_picture_is_answered_or_refused_in_one_sentence(attack: Attack) -> None:
    rng = np.random.default_rng(13)
    sentences: list[str] = []
    for _, (_, data) in zip(attack.times(40_000), damaged(rng), strict=False):
        try:
            frame_picture(open_picture(data))
        except PictureError as error:
            sentences.append(str(error))
    assert not [sentence for sentence in sentences if "\n" in sentence]


@pytest.mark.promise(PROMISE)
def test_values_within_a_field_take_no_place_elsewhere(attack: Attack) -> None:
    """A BigTIFF's field holds up to 8 bytes itself, as the others hold 4 (BigTIFF, section 2)."""
    picture = open_picture(_big_tiff(8))
    assert np.array_equal(picture, np.arange(16).reshape(4, 4))
    attack.tried()


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("chunk", [b"iCCP", b"zTXt", b"iTXt"])
def test_text_that_unpacks_to_a_gigabyte_is_refused(chunk: bytes, attack: Attack) -> None:
    packed = zlib.compressobj()
    bomb = b"".join(packed.compress(bytes(2**20)) for _ in range(1024)) + packed.flush()
    start = b"a\0\1\0\0\0" if chunk == b"iTXt" else b"a\0\0"
    with pytest.raises(PictureError, match="too large"):
        open_picture(png_of(40, 40, (chunk, start + bomb)))
    attack.tried()


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF", "PNG"])
def test_of_an_animation_no_frame_is_decoded(
    kind: str, attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [Image.new("RGB", (16, 16), (i, 0, 0)) for i in range(40)]
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    monkeypatch.setattr("digitnet.imaging.pictures.from_pillow", None)
    with pytest.raises(PictureError, match="is an animation"):
        open_picture(file.getvalue())
    attack.tried()


@pytest.mark.promise(PROMISE)
def test_other_formats_reach_no_decoder(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow opens 40 kinds of files, for PostScript it starts a program; ten are allowed."""
    image = Image.new("RGB", (16, 16), 255)
    files = {kind: io.BytesIO() for kind in ("EPS", "ICO", "JPEG2000", "TGA", "PCX", "SGI", "DDS")}
    for kind, file in files.items():
        image.save(file, kind)
    heads = {
        "PSD": b"8BPS\0\1", "ICNS": b"icns", "WMF": b"\xd7\xcd\xc6\x9a", "FITS": b"SIMPLE  =",
        "XPM": b"/* XPM */", "DCX": b"\xb1\x68\xde\x3a", "QOI": b"qoif",
    }  # fmt: skip

    def start(*_: object, **__: object) -> None:
        raise AssertionError("a decoder was asked, or a program started")

    monkeypatch.setattr("digitnet.imaging.pictures.import_module", start)
    monkeypatch.setattr("subprocess.Popen", start)
    for data in [file.getvalue() for file in files.values()] + list(heads.values()):
        with pytest.raises(PictureError, match=r"not a picture|is a damaged|can be read"):
            open_picture(data)
        attack.tried()


@pytest.mark.promise(PROMISE)
def test_a_pdf_that_says_it_has_a_million_pages_is_refused(attack: Attack) -> None:
    pages = b"<</Type/Pages/Kids[3 0 R]/Count 900000>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    data = b"%PDF-1.4\n"
    places = []
    for number, what in enumerate((b"<</Type/Catalog/Pages 2 0 R>>", pages, page), 1):
        places.append(len(data))
        data += b"%d 0 obj\n" % number + what + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Root 1 0 R/Size 4>>\nstartxref\n%d\n%%%%EOF" % len(data)
    data += b"xref\n0 4\n0000000000 65535 f \n" + table + end
    with pytest.raises(PictureError, match="900,000 pages"):
        open_picture(data)
    assert count_pages(data) == 1
    attack.tried()
