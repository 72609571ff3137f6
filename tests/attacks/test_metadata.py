"""Attacks: what pictures carry beside their pixels: text, EXIF, XMP, profiles, thumbnails, frames.

Each file is opened by a process that the system holds to a picture's time and memory, so that
nothing has to be measured here.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from attacks.conftest import Attack
from attacks.test_pictures import png_of
from digitnet.errors import PictureError
from digitnet.imaging.decoders import Decoders
from digitnet.imaging.parts import MOST_EXIF

PROMISE = "pictures are bounded"
HUGE = 15_000_000
"""Bytes that none of these fields has in a picture of a camera."""
MOST_IN_A_SEGMENT = 65_000


def _written(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("L", (40, 40), 255).save(file, kind, **options)
    return file.getvalue()


def _png(kind: bytes, *contents: bytes) -> bytes:
    white = (b"IDAT", zlib.compress((b"\0" + b"\xff" * 40) * 40))
    return png_of(40, 40, *((kind, content) for content in contents), white)


def _jpeg(marker: int, content: bytes, n: int = 1) -> bytes:
    """A JPEG with n times the same segment in front of its picture."""
    data = _written("JPEG")
    segment = struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
    return data[:2] + segment * n + data[2:]


def _exif(n: int, size: int, kind: int = 7) -> bytes:
    """EXIF of n fields, each of `size` values in the same place."""
    fields = b"".join(struct.pack("<HHLL", 256 + i, kind, size, 8) for i in range(n))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", n) + fields + bytes(4)


def _in_a_circle() -> bytes:
    """EXIF whose directories, of the camera, the place and the others, are itself."""
    fields = b"".join(struct.pack("<HHLL", tag, 4, 1, 8) for tag in (0x8769, 0x8825, 0xA005))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", 3) + fields + struct.pack("<L", 8)


def _thumbnail() -> bytes:
    """EXIF with the beginning of a JPEG of 60,000 x 60,000 pixels as its small copy."""
    small = bytearray(_written("JPEG"))
    size = small.index(b"\xff\xc0") + 5
    small[size : size + 4] = struct.pack(">HH", 60_000, 60_000)
    fields = struct.pack("<HHLLHHLL", 0x201, 4, 1, 44, 0x202, 4, 1, len(small))
    return b"II*\0\x08\0\0\0" + struct.pack("<HLH", 0, 14, 2) + fields + bytes(4) + small


def _tiff(tag: int, content: bytes) -> bytes:
    return _written("TIFF", tiffinfo={tag: content})


E, X = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
NESTED = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%b">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)
) + b"]><x>&j;</x>"  # fmt: skip
TURNS = b'<x tiff:Orientation="9" ' * 600_000
PACKED = zlib.compress(bytes(1_000_000), 9)

ANSWERED: dict[str, Callable[[], bytes]] = {
    "texts of a PNG that unpack to 63 MB": lambda: _png(b"zTXt", *[b"a\0\0" + PACKED] * 63),
    "profiles of a PNG, eight": lambda: _png(b"iCCP", *[b"a\0\0" + PACKED] * 8),
    "EXIF of a PNG": lambda: _png(b"eXIf", _exif(1, HUGE) + bytes(HUGE)),
    "EXIF of a PNG, its fields all in one place": lambda: _png(
        b"eXIf", _exif(65_000, HUGE) + bytes(HUGE)
    ),
    "EXIF of a PNG, written as text": lambda: _png(
        b"zTXt",
        b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n 900000\n" + b"45786966" * 100_000),
    ),
    "XMP of a PNG": lambda: _png(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b"<" * HUGE),
    "XMP of a PNG, entity in entity": lambda: _png(
        b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + NESTED
    ),
    "EXIF of a JPEG, its fields all in one place": lambda: _jpeg(0xE1, E + _exif(5_000, 60_000)),
    "EXIF of a JPEG, 16 times": lambda: _jpeg(0xE1, E + _exif(5_000, 60_000), MOST_EXIF),
    "EXIF of a JPEG in a circle": lambda: _jpeg(0xE1, E + _in_a_circle()),
    "XMP of a JPEG": lambda: _jpeg(0xE1, X + b"<" * MOST_IN_A_SEGMENT, 280),
    "profiles of a JPEG": lambda: _jpeg(
        0xE2, b"ICC_PROFILE\0\1\1" + bytes(MOST_IN_A_SEGMENT), 280
    ),
    "Photoshop's blocks": lambda: _jpeg(
        0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\0" * 5_000, 280
    ),
    "comments": lambda: _jpeg(0xFE, bytes(MOST_IN_A_SEGMENT), 280),
    "a thumbnail of a JPEG": lambda: _jpeg(0xE1, E + _thumbnail()),
    "XMP of a TIFF": lambda: _tiff(700, TURNS),
    "a profile of a TIFF": lambda: _tiff(34_675, bytes(HUGE)),
    "IPTC of a TIFF": lambda: _tiff(33_723, bytes(HUGE)),
    "EXIF of a WebP": lambda: _written("WEBP", lossless=True, exif=_exif(60_000, 60_000)),
    "XMP of a WebP": lambda: _written("WEBP", lossless=True, xmp=TURNS),
    "a profile of a WebP": lambda: _written("WEBP", lossless=True, icc_profile=bytes(HUGE)),
}  # fmt: skip

REFUSED: dict[str, Callable[[], bytes]] = {
    "zTXt": lambda: _png(b"zTXt", *[b"a\0\0" + PACKED] * 15_000),
    "iTXt": lambda: _png(b"iTXt", *[b"a\0\1\0\0\0" + zlib.compress(bytes(8_000))] * 60_000),
    "iCCP": lambda: _png(b"iCCP", b"a\0\0" + zlib.compress(bytes(HUGE), 0)),
    "EXIF 17 times": lambda: _jpeg(0xE1, E + _exif(5_000, 60_000), MOST_EXIF + 1),
}


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("what", ANSWERED)
def test_what_a_picture_carries_changes_nothing_of_it(
    what: str, attack: Attack, apart: Decoders
) -> None:
    picture = apart.open(ANSWERED[what]())
    assert picture.shape[:2] == (40, 40)
    assert (picture >= 254).all()
    attack.tried()


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("kind", REFUSED)
def test_what_unpacks_to_more_than_a_picture_carries_is_refused(
    kind: str, attack: Attack, apart: Decoders
) -> None:
    with pytest.raises(PictureError, match=r"Too much memory used in text|too large|EXIF"):
        apart.open(REFUSED[kind]())
    attack.tried()


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_of_a_sequence_one_frame_is_decoded_at_most(
    kind: str, attack: Attack, apart: Decoders
) -> None:
    """Of a HEIC with several pictures the first is taken, of a film in AVIF none."""
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    frames = [Image.new("RGB", (64, 64), (0, min(20 * i, 255), 0)) for i in range(100)]
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], quality=90)
    content = bytearray(file.getvalue())
    n_answered = 0
    for brand in (bytes(content[8:12]), b"msf1", b"hevc", b"avis"):
        content[8:12] = brand
        try:
            picture = apart.open(bytes(content))
            assert picture.shape == (64, 64, 3)
            assert picture.max() < 8  # the first is black, the second is not
            n_answered += 1
        except PictureError as error:
            assert "\n" not in str(error)  # noqa: PT017
            assert "longer to decode" not in str(error)  # noqa: PT017
        attack.tried()
    assert (n_answered > 0) is (kind == "HEIF")
