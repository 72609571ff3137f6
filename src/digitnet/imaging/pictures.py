"""Pictures: any picture a person may have, decoded safely to an upright uint8 array.

Pixels leave this room as uint8, (H, W) grey or (H, W, 3) RGB, alpha composed, EXIF turn applied.
The formats are an allow-list and the number of pixels is checked before a single one is decoded,
so a hostile file costs neither memory nor time.
"""

from __future__ import annotations

import io
import stat
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import PictureError
from digitnet.imaging.pixels import check_sides, from_array, from_pillow

if TYPE_CHECKING:
    from PIL.Image import Image


MAX_PIXELS = 50_000_000

_READABLE = "PNG, JPEG, BMP, GIF, TIFF, WebP or PGM"
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG", "a damaged PNG"),
    (0, b"\xff\xd8", "a damaged JPEG"),
    (0, b"GIF8", "a damaged GIF"),
    (0, b"BM", "a damaged BMP"),
    (0, b"II*\x00", "a damaged TIFF"),
    (0, b"MM\x00*", "a damaged TIFF"),
    (8, b"WEBP", "a damaged WebP"),
    (0, b"%PDF", "a PDF"),
    (4, b"ftyphei", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIC picture"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyp", "a film"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\x93NUMPY", "a NumPy file"),
)


# The phone's JPEG with several pictures (MPO) is a JPEG, too.
_DECODERS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"\x89PNG", "PngImagePlugin", "PngImageFile"),
    (0, b"\xff\xd8", "JpegImagePlugin", "jpeg_factory"),
    (0, b"BM", "BmpImagePlugin", "BmpImageFile"),
    (0, b"GIF8", "GifImagePlugin", "GifImageFile"),
    (0, b"II", "TiffImagePlugin", "TiffImageFile"),
    (0, b"MM", "TiffImagePlugin", "TiffImageFile"),
    (8, b"WEBP", "WebPImagePlugin", "WebPImageFile"),
    # PBM, PGM and PPM, as text and as bytes.
    *((0, b"P%d" % kind, "PpmImagePlugin", "PpmImageFile") for kind in range(1, 7)),
)


def open_picture(
    source: str | Path | bytes | BinaryIO | Image | NDArray[Any], *, max_pixels: int = MAX_PIXELS
) -> NDArray[np.uint8]:
    """Decode a picture: uint8, (H, W) grey or (H, W, 3) RGB, upright, without alpha.

    ``source`` is a path, a file's bytes, a binary file object (left open), a Pillow image or an
    array: (H, W), (H, W, 1) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4) RGBA.
    Floats up to 1 and bools are taken as 0 to 1, wider integers by the smallest depth of 8, 10,
    12, 14 or 16 bits that holds them.

    Of a JPEG or TIFF with several pictures the first is taken; an animation is refused, since no
    frame of it is *the* picture. Transparent parts show the background that
    ``digitnet.imaging.pixels.compose`` chooses.

    Raises PictureError, in one sentence, for whatever is not a picture that can be read.
    """
    if isinstance(source, np.ndarray):
        return from_array(source, max_pixels)
    if isinstance(source, str | Path):
        return _open_path(Path(source), max_pixels)
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


def _open_path(path: Path, max_pixels: int) -> NDArray[np.uint8]:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise PictureError(f"{path} was not found: check the path.") from None
    except (OSError, ValueError) as error:
        raise PictureError(f"{path} cannot be read ({_why(error)}).") from None
    if stat.S_ISDIR(status.st_mode):
        raise PictureError(f"{path} is a folder: give a picture in it.")
    if not stat.S_ISREG(status.st_mode):
        raise PictureError(f"{path} is not an ordinary file: give a picture file.")
    if status.st_size == 0:
        raise PictureError(f"{path} is empty (zero bytes): save the picture again.")
    try:
        with path.open("rb") as stream:
            return _open_stream(stream, str(path), max_pixels)
    except OSError as error:
        raise PictureError(f"{path} cannot be read ({_why(error)}).") from None


def _open_file_object(stream: BinaryIO, max_pixels: int) -> NDArray[np.uint8]:
    """Read from a file object, also from one that cannot be wound back (a pipe, an upload)."""
    try:
        data = stream.read()
    except (OSError, ValueError) as error:
        raise PictureError(f"The file object cannot be read ({_why(error)}).") from None
    if not isinstance(data, bytes):
        raise PictureError("The file object gives text: open it in binary mode.")
    return open_picture(data, max_pixels=max_pixels)


def _open_stream(stream: BinaryIO, name: str, max_pixels: int) -> NDArray[np.uint8]:
    head = stream.read(512)
    stream.seek(0)
    try:
        with quiet_pillow(), _recognise(stream, head) as image:
            return _decode(image, name, max_pixels)
    except PictureError:
        raise
    except _NotOfItsKindError:
        raise PictureError(_what_it_is(head, name)) from None
    except Exception as error:  # Pillow's decoders raise anything on damaged bytes
        raise PictureError(f"{name} is damaged and cannot be opened ({_why(error)}).") from None


class _NotOfItsKindError(Exception):
    """No decoder takes these bytes for what it reads."""


def _recognise(stream: BinaryIO, head: bytes) -> Image:
    """The undecoded image, by the one decoder its first bytes call for.

    Pillow's own `Image.open` imports five decoders first, which costs more than most pictures.
    """
    found = next((d for d in _DECODERS if head.startswith(d[1], d[0])), None)
    if found is None:
        raise _NotOfItsKindError
    _, _, module, name = found
    opener: Callable[[BinaryIO], Image] = getattr(import_module(f"PIL.{module}"), name)
    try:
        return opener(stream)
    except (SyntaxError, IndexError, TypeError, struct.error) as error:
        raise _NotOfItsKindError from error  # as `Image.open` reads these four


def _decode(image: Image, name: str, max_pixels: int) -> NDArray[np.uint8]:
    width, height = image.size
    check_sides(height, width, name, max_pixels)
    if image.format in ("GIF", "WEBP", "PNG") and getattr(image, "is_animated", False):
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
    for offset, magic, kind in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            if kind.startswith("a damaged"):
                return f"{name} is {kind}: save the picture again."
            return f"{name} is {kind}, not a picture that can be read: save it as {_READABLE}."
    printable = sum(byte in b"\t\n\r\f" or byte >= 32 for byte in head)
    if b"\0" not in head and printable == len(head):
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
