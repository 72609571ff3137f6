"""Parts: how many scans, strips, chunks or blocks a picture file has, counted before decoding.

A few bytes can ask a decoder for work without end, however few the pixels are: a JPEG may refine
its picture in thousands of scans, a TIFF name millions of strips. Files of cameras and scanners
have far fewer parts than the limits here.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from digitnet.errors import PictureError

MOST_BYTES = 512 * 2**20
"""Of a file: 50 megapixels of RGBA with 16 bits, uncompressed, and some to spare."""
MOST_SIDE = 65_535
"""Pixels of a file's longer side: the most that a JPEG can have."""
MOST_SCANS = 64
"""Of a JPEG; progressive ones have about ten."""
MOST_PARTS = 65_536
"""Strips or tiles of a TIFF, chunks of a PNG; a strip may be a single row."""
MOST_SEGMENTS = 2_048
"""Marker segments of a JPEG: EXIF, a colour profile in pieces, tables and scans."""
MOST_EXIF = 16
"""Segments of EXIF of a JPEG, which should have one: for each Pillow copies all before it."""
MOST_PAGES = 1_000
"""Pages, and smaller copies of them, of a TIFF."""

MOST_PROFILES = 8
"""Colour profiles of a PNG, which may have one; each is unpacked, to 1 MiB at most."""
MOST_BLOCKS = 65_536
"""Blocks of a GIF in front of its picture, of 255 bytes at most: comments, an XMP packet."""
MOST_FIELDS = 4_096
"""Fields of one page of a TIFF."""
MOST_VALUES = 196_608
"""Numbers in one field of a TIFF: the longest is a palette, 3 x 65,536."""

_PARTS = (273, 279, 324, 325)
"""Fields of a TIFF with one number for each strip or tile."""
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
          16: 8, 17: 8, 18: 8}  # fmt: skip
"""Bytes of a TIFF's types (TIFF 6.0, section 2; BigTIFF)."""


def check_parts(stream: BinaryIO, head: bytes, name: str) -> None:
    """Refuse a file of more bytes or parts than a picture has; the stream is wound back.

    Args:
        stream: of the file, one that can be wound back.
        head: its first bytes.
        name: what the file is called in the sentence.

    Raises:
        PictureError: it has too many bytes, scans, segments, strips, tiles, chunks,
            profiles, blocks or pages.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if size > MOST_BYTES:
        raise PictureError(
            f"{name} has {size / 2**20:,.0f} MiB, more than the {MOST_BYTES // 2**20} MiB of a "
            "picture: save it smaller or as JPEG."
        )
    if head.startswith(b"\xff\xd8"):
        _check_jpeg(stream.read(), name)
    elif head.startswith(b"\x89PNG"):
        _check_png(stream, size, name)
    elif head.startswith(b"GIF8"):
        _check_gif(stream.read(MOST_BLOCKS * 256), name)
    elif head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        _check_tiff(stream, size, name)
    stream.seek(0)


_SIZE_MARKERS = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Of a JPEG's segments that say how large it is (ITU-T T.81, table B.1)."""


def pixels_of(stream: BinaryIO) -> int | None:
    """How many pixels the header of a PNG or JPEG names at most; None for any other file.

    Args:
        stream: of the file, at its beginning.
    """
    head = stream.read(24)
    if head.startswith(b"\x89PNG") and head[12:16] == b"IHDR" and len(head) == 24:
        return int.from_bytes(head[16:20], "big") * int.from_bytes(head[20:24], "big")
    if not head.startswith(b"\xff\xd8"):
        return None
    data = head + stream.read()
    sizes = [
        struct.unpack_from(">HH", data, place + 3)
        for marker, place in islice(_segments(data), MOST_SEGMENTS)
        if marker in _SIZE_MARKERS and place + 7 <= len(data)
    ]
    return max((height * width for height, width in sizes), default=None)


def _too_many(name: str, what: str, most: int) -> PictureError:
    return PictureError(
        f"{name} has more than the {most:,} {what} that are read: save the picture again."
    )


_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")
"""A JPEG's marker that begins a segment, or its end; within coded pixels 255 is followed by 0."""


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """The marker of each segment of a JPEG, and the place of its length.

    Thumbnails lie within a segment, so that theirs are none. What follows the end of the first
    picture are further pictures, which are not read.
    """
    scanned = False
    found = _MARKER.search(data, 2)
    while found is not None:
        marker, place = data[found.end() - 1], found.end()
        if marker == 0xD9 and scanned:
            return
        yield marker, place
        if marker != 0xD9:
            place += max(2, int.from_bytes(data[place : place + 2], "big"))
        scanned = scanned or marker == 0xDA
        found = _MARKER.search(data, place)


def _check_jpeg(data: bytes, name: str) -> None:
    scans = exif = 0
    for segments, (marker, place) in enumerate(_segments(data), start=1):
        scans += marker == 0xDA
        exif += marker == 0xE1 and data.startswith(b"Exif", place + 2)
        if scans > MOST_SCANS:
            raise _too_many(name, "scans", MOST_SCANS)
        if segments > MOST_SEGMENTS:
            raise _too_many(name, "segments", MOST_SEGMENTS)
        if exif > MOST_EXIF:
            raise _too_many(name, "segments of EXIF", MOST_EXIF)


def _check_png(stream: BinaryIO, size: int, name: str) -> None:
    n, n_profiles, place = 0, 0, 8
    while place + 8 <= size:
        stream.seek(place)
        length, kind = struct.unpack(">L4s", stream.read(8))
        place += 12 + length
        n += 1
        n_profiles += kind == b"iCCP"
        if n_profiles > MOST_PROFILES:
            raise _too_many(name, "colour profiles", MOST_PROFILES)
        if n > MOST_PARTS:
            raise _too_many(name, "chunks", MOST_PARTS)


def _check_gif(data: bytes, name: str) -> None:
    """Walk the extensions up to the first picture (GIF89a, sections 18 to 26), if it is whole.

    What follows are further frames: an animation is refused as soon as there is a second.
    """
    n = 0
    flags = data[10] if len(data) > 10 else 0
    place = 13 + (3 * 2 ** (flags % 8 + 1) if flags & 128 else 0)
    while place < len(data) and data[place] not in b",;":
        if data[place] != 0x21:
            place += 1  # a decoder looks for the next block, too
        else:
            place += 2
            while place < len(data) and data[place] and n <= MOST_BLOCKS:
                place += 1 + data[place]
                n += 1
            place += 1
        n += 1
        if n > MOST_BLOCKS:
            raise _too_many(name, "blocks", MOST_BLOCKS)
    if place >= MOST_BLOCKS * 256:
        raise _too_many(name, "blocks", MOST_BLOCKS)


def _check_tiff(stream: BinaryIO, size: int, name: str) -> None:
    """Walk the chain of directories (TIFF 6.0, section 2), as far as it is whole."""
    head = stream.read(16)
    order = "<" if head[:2] == b"II" else ">"
    big = 43 in head[2:4]
    entry, count, link, inline = ("HHQQ", "Q", "Q", 8) if big else ("HHLL", "H", "L", 4)
    one = struct.Struct(order + entry)
    seen: set[int] = set()
    try:
        (place,) = struct.unpack_from(order + link, head, 8 if big else 4)
        while 0 < place < size and place not in seen:
            seen.add(place)
            if len(seen) > MOST_PAGES:
                raise _too_many(name, "pages", MOST_PAGES)
            stream.seek(place)
            (n,) = struct.unpack(order + count, stream.read(struct.calcsize(order + count)))
            if n > MOST_FIELDS:
                raise _too_many(name, "fields", MOST_FIELDS)
            fields = stream.read(n * one.size)
            total = 0
            for tag, kind, values, where in one.iter_unpack(fields):
                length = values * _SIZES.get(kind, 0)
                if tag in _PARTS and values > MOST_PARTS:
                    raise _too_many(name, "strips or tiles", MOST_PARTS)
                if kind not in (1, 2, 6, 7) and values > MOST_VALUES and length:
                    raise _too_many(name, "numbers in a field", MOST_VALUES)
                total += max(0, min(length, size - where)) if length > inline else 0
            if total > size:
                raise PictureError(
                    f"{name} is a damaged TIFF, whose fields overlap: save the picture again."
                )
            (place,) = struct.unpack(order + link, stream.read(struct.calcsize(order + link)))
    except struct.error:
        return  # cut off: the decoder says so
