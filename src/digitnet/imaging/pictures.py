"""Pictures: any picture a person may have, decoded safely to an upright uint8 array.

Pixels come out as uint8, (H, W) grey or (H, W, 3) RGB, alpha composed, EXIF turn applied.
The formats are an allow-list; pixels and parts of a file are counted before any is decoded,
so a hostile file costs neither memory nor time.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import PictureError
from digitnet.files import open_regular
from digitnet.imaging.addresses import from_data_url, local_path
from digitnet.imaging.parts import MOST_SIDE, check_parts
from digitnet.imaging.pdf import check_page, draw_page, open_pdf
from digitnet.imaging.pixels import check_sides, from_array, from_pillow

if TYPE_CHECKING:
    from PIL.Image import Image


MAX_PIXELS = 50_000_000

HEAD = 1024
"""Bytes at the beginning of a file that tell what it is."""
_READABLE = "PNG, JPEG, BMP, GIF, TIFF, WebP, PGM, HEIC, AVIF or PDF"
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG", "a damaged PNG"),
    (0, b"\xff\xd8", "a damaged JPEG"),
    (0, b"GIF8", "a damaged GIF"),
    (0, b"BM", "a damaged BMP"),
    (0, b"II*\x00", "a damaged TIFF"),
    (0, b"MM\x00*", "a damaged TIFF"),
    (0, b"II+\x00", "a damaged TIFF"),
    (0, b"MM\x00+", "a damaged TIFF"),
    (8, b"WEBP", "a damaged WebP"),
    (4, b"ftyphei", "a damaged HEIC picture"),
    (4, b"ftyphev", "a damaged HEIC picture"),
    (4, b"ftypmif1", "a damaged HEIC picture"),
    (4, b"ftypmsf1", "a damaged HEIC picture"),
    (4, b"ftypavi", "a damaged AVIF picture"),
    (4, b"ftyp", "a film"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\x93NUMPY", "a NumPy file"),
)


_AVIF = ("PIL.AvifImagePlugin", "AvifImageFile")
_HEIC = ("pillow_heif.as_plugin", "HeifImageFile")  # the extra `heif`

# The phone's JPEG with several pictures (MPO) is a JPEG, too.
_DECODERS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x89PNG", "PIL.PngImagePlugin", "PngImageFile"),
    (0, b"\xff\xd8", "PIL.JpegImagePlugin", "jpeg_factory"),
    (0, b"BM", "PIL.BmpImagePlugin", "BmpImageFile"),
    (0, b"GIF8", "PIL.GifImagePlugin", "GifImageFile"),
    (0, b"II", "PIL.TiffImagePlugin", "TiffImageFile"),
    (0, b"MM", "PIL.TiffImagePlugin", "TiffImageFile"),
    (8, b"WEBP", "PIL.WebPImagePlugin", "WebPImageFile"),
    # PBM, PGM and PPM, as text and as bytes.
    *((0, b"P%d" % kind, "PIL.PpmImagePlugin", "PpmImageFile") for kind in range(1, 7)),
    *((4, brand, *_AVIF) for brand in (b"ftypavif", b"ftypavis")),
    *((4, brand, *_HEIC) for brand in (b"ftyphei", b"ftyphev", b"ftypmif1", b"ftypmsf1")),
)


def open_picture(
    source: str | Path | bytes | BinaryIO | Image | NDArray[Any], *, max_pixels: int = MAX_PIXELS
) -> NDArray[np.uint8]:
    """Decode a picture: uint8, (H, W) grey or (H, W, 3) RGB, upright, without alpha.

    ``source`` is a path, a data URL, a file's bytes, a binary file object (left open), a Pillow
    image or an array: (H, W), (H, W, 1) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4)
    RGBA. A path may be ``~/x.png``, a ``file://`` address, or ``x.pdf#2`` for the second page of a
    PDF or TIFF. Floats up to 1 and bools are taken as 0 to 1, wider integers by the smallest depth
    of 8, 10, 12, 14 or 16 bits that holds them.

    Of a JPEG, HEIC or TIFF with several pictures the first is taken (`page_names` names all pages
    of a TIFF or PDF). A PDF with several pages, none of them named, is refused, and so is an
    animation, since no frame of it is *the* picture. Transparent parts show
    the background that ``digitnet.imaging.pixels.compose`` chooses.

    Sides, pixels and parts are limited, but no time: this process decodes. Files of strangers are
    for ``digitnet.imaging.Decoders``, whose ``open`` does the same within a time and a memory.

    Raises PictureError, in one sentence, for whatever is not a picture that can be read.
    """
    if isinstance(source, np.ndarray):
        return from_array(source, max_pixels)
    if isinstance(source, str) and source.startswith("data:"):
        source = from_data_url(source)
    if isinstance(source, str | Path):
        return _open_path(source, max_pixels)
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
        if not data:
            raise PictureError("The picture is empty (zero bytes): give the bytes of a whole file.")
        return _open_stream(io.BytesIO(data), "The picture", max_pixels)
    if hasattr(source, "getexif"):
        return _decode(cast("Image", source), "The picture", max_pixels)
    if hasattr(source, "read"):
        return _open_file_object(source, max_pixels)
    raise PictureError(
        f"A {type(source).__name__} is not a picture: "
        "give a path, bytes, a binary file, a Pillow image or an array."
    )


def _open_path(name: str | Path, max_pixels: int) -> NDArray[np.uint8]:
    path, page = file_and_page(name)
    try:
        status = path.stat()
    except FileNotFoundError:
        raise PictureError(f"{name} was not found: check the path.") from None
    except (OSError, ValueError) as error:
        raise PictureError(f"{name} cannot be read ({_why(error)}).") from None
    if stat.S_ISDIR(status.st_mode):
        raise PictureError(f"{name} is a folder: give a picture in it.")
    if not stat.S_ISREG(status.st_mode):
        raise PictureError(f"{name} is not an ordinary file: give a picture file.")
    if status.st_size == 0:
        raise PictureError(f"{name} is empty (zero bytes): save the picture again.")
    try:
        with open_regular(path, MOST_BYTES) as stream:
            return _open_stream(stream, str(name), max_pixels, page)
    except OSError as error:
        raise PictureError(f"{name} cannot be read ({_why(error)}).") from None


MOST_BYTES = 2**30
"""Bytes of a picture's file, at most; a scanned book has many."""
_PAGE = re.compile(r"(.+)#([1-9][0-9]*)", re.DOTALL)


def file_and_page(name: str | Path) -> tuple[Path, int | None]:
    """The file, and the page that is asked for; a file that is called x.pdf#2 comes first."""
    path = Path(local_path(name))
    found = _PAGE.fullmatch(str(path))
    if found and not os.path.lexists(path):
        return Path(found[1]), int(found[2])
    return path, None


def page_names(name: str, head: bytes | None = None) -> list[str]:
    """A name for each page of a PDF or TIFF with several: x.pdf#1, x.pdf#2; else the name alone.

    Args:
        name: of a file; what cannot be opened has one page, and opening that says why.
        head: its first bytes where they are known already.
    """
    head = read_head(name) if head is None else head
    if not head or not _may_have_pages(head):
        return [name]
    with suppress(OSError, PictureError), open_regular(local_path(name), MOST_BYTES) as stream:
        n = _count_pages(stream, head)
        return [f"{name}#{page}" for page in range(1, n + 1)] if n > 1 else [name]
    return [name]


def count_pages(content: bytes) -> int:
    """How many pages a PDF or TIFF has; 1 for what is neither, or cannot be opened."""
    head = content[:HEAD]
    return _count_pages(io.BytesIO(content), head) if _may_have_pages(head) else 1


def read_head(name: str | Path) -> bytes | None:
    """The first bytes of an ordinary file, for `page_names` and `is_text`; None if unreadable."""
    try:
        path = Path(local_path(name))
        if path.is_file():
            with open_regular(path, MOST_BYTES) as stream:
                return stream.read(HEAD)
    except (OSError, ValueError, PictureError):
        pass
    return None


def has_decoder(head: bytes) -> bool:
    """Whether anything is decoded of a file with these first bytes; if not, it is refused."""
    return _decoder(head) is not None or _is_pdf(head)


def is_text(head: bytes) -> bool:
    """Whether a file's first bytes are text that is no picture: no SVG, no PDF, no PGM in words."""
    is_picture = _is_svg(head) or _is_pdf(head) or re.match(rb"P[1-6]\s", head)
    return _is_printable(head) and not is_picture


def _is_printable(head: bytes) -> bool:
    return all(byte in b"\t\n\r\f" or byte >= 32 for byte in head)


def _is_svg(head: bytes) -> bool:
    return b"<svg" in head and _is_printable(head)


def _is_pdf(head: bytes) -> bool:
    return b"%PDF-" in head and _decoder(head) is None  # some writers put a few bytes before it


def _may_have_pages(head: bytes) -> bool:
    return _is_pdf(head) or head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))


def _count_pages(stream: BinaryIO, head: bytes) -> int:
    try:
        if _is_pdf(head):
            with open_pdf(stream, "The picture") as document:
                return len(document)
        check_parts(stream, head, "The picture")
        with quiet_pillow(), _recognise(stream, head, "The picture") as image:
            return len(_tiff_pages(image))
    except Exception:  # damaged, or no reader installed: whoever opens it hears of that
        return 1


def _tiff_pages(image: Any) -> list[int]:
    """The frames of a TIFF that are pages: no smaller copies (tag 254, bit 0) of one."""
    pages = []
    for frame in range(getattr(image, "n_frames", 1)):
        image.seek(frame)
        if not image.tag_v2.get(254, 0) & 1:
            pages.append(frame)
    return pages or [0]


def _open_file_object(stream: BinaryIO, max_pixels: int) -> NDArray[np.uint8]:
    """Read from a file object, also from one that cannot be wound back (a pipe, an upload)."""
    try:
        data = stream.read()
    except (OSError, ValueError) as error:
        raise PictureError(f"The file object cannot be read ({_why(error)}).") from None
    if not isinstance(data, bytes):
        raise PictureError("The file object gives text: open it in binary mode.")
    return open_picture(data, max_pixels=max_pixels)


def _open_stream(
    stream: BinaryIO, name: str, max_pixels: int, page: int | None = None
) -> NDArray[np.uint8]:
    head = stream.read(HEAD)
    check_parts(stream, head, name)
    try:
        if _is_pdf(head):
            return draw_page(stream, name, max_pixels, page)
        with quiet_pillow(), _recognise(stream, head, name) as image:
            if page is not None:
                pages = _tiff_pages(image) if image.format == "TIFF" else [0]
                check_page(page, len(pages), name)
                image.seek(pages[page - 1])
            return _decode(image, name, max_pixels)
    except PictureError:
        raise
    except _NotOfItsKindError:
        raise PictureError(_what_it_is(head, name)) from None
    except Exception as error:  # Pillow's decoders raise anything on damaged bytes
        raise PictureError(f"{name} is damaged and cannot be opened ({_why(error)}).") from None


class _NotOfItsKindError(Exception):
    """No decoder takes these bytes for what it reads."""


def _recognise(stream: BinaryIO, head: bytes, name: str) -> Image:
    """The undecoded image, by the one decoder its first bytes call for.

    Pillow's own `Image.open` imports five decoders first, which costs more than most pictures.
    """
    found = _decoder(head)
    if found is None:
        raise _NotOfItsKindError
    module, opener_name = found
    try:
        opener: Callable[[BinaryIO], Image] = getattr(import_module(module), opener_name)
    except ImportError:
        raise PictureError(
            f"{name} is a HEIC picture, which takes one more package to read: "
            "pip install 'digitnet[heif]'; or save it as JPEG."
        ) from None
    try:
        return opener(stream)
    except (SyntaxError, IndexError, TypeError, struct.error) as error:
        raise _NotOfItsKindError from error  # as `Image.open` reads these four


def _decoder(head: bytes) -> tuple[str, str] | None:
    """Module and class of the decoder that the first bytes call for."""
    if head[4:8] == b"ftyp" and b"avif" in head[: int.from_bytes(head[:4], "big")]:
        return _AVIF  # also where it is called a picture of any kind, mif1, first
    found = next((d for d in _DECODERS if head.startswith(d[1], d[0])), None)
    return None if found is None else found[2:]


def _decode(image: Image, name: str, max_pixels: int) -> NDArray[np.uint8]:
    width, height = image.size
    check_sides(height, width, name, max_pixels)
    if max(height, width) > MOST_SIDE:
        raise PictureError(
            f"{name} is {width} x {height} pixels: the longer side may have {MOST_SIDE:,}; "
            "cut the picture."
        )
    if image.format in ("GIF", "WEBP", "PNG", "AVIF") and getattr(image, "is_animated", False):
        raise PictureError(f"{name} is an animation: save the one frame to be read as a picture.")
    try:
        with quiet_pillow():
            image.load()
            turn = _orientation(image)
            pixels = from_pillow(image, name)
    except PictureError:
        raise
    except MemoryError:
        raise PictureError(f"{name} does not fit into memory: make the picture smaller.") from None
    except Exception as error:  # Pillow's decoders raise anything on damaged bytes
        raise PictureError(
            f"{name} is truncated or damaged and cannot be decoded ({_why(error)})."
        ) from None
    return upright(pixels, turn)


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo the EXIF orientation, 1 to 8 (TIFF 6.0, tag 274); any other value changes nothing."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _orientation(image: Image) -> int:
    """The EXIF turn still to be undone (Pillow turns TIFFs itself); 1 where EXIF is damaged."""
    try:
        value = image.getexif().get(274, 1)
    except Exception:  # a damaged EXIF block says nothing about the picture
        return 1
    return value if isinstance(value, int) else 1


def _what_it_is(head: bytes, name: str) -> str:
    if _is_svg(head):
        return f"{name} is an SVG, a drawing without pixels: export it as PNG."
    for offset, magic, kind in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            if kind.startswith("a damaged"):
                return f"{name} is {kind}: save the picture again."
            return f"{name} is {kind}, not a picture that can be read: save it as {_READABLE}."
    if _is_printable(head):
        return f"{name} is text, not a picture: give {_READABLE}."
    return f"{name} is not a picture that can be read: give {_READABLE}."


def _why(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split())
    return text[:120] or type(error).__name__


_lock = threading.Lock()
_inside = 0
_filters = ExitStack()


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Ignore warnings raised in Pillow: oversized pictures, odd EXIF, odd palettes.

    ``warnings.catch_warnings`` alone is not safe with threads: two that overlap may leave the
    filters of the first behind. Here the first thread in sets the filter, the last one out
    restores what was there.
    """
    global _inside
    with _lock:
        if _inside == 0:
            _filters.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module="PIL")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _filters.close()
