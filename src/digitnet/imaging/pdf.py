"""PDF: a page drawn as a picture, by PDFium (extra `pdf`)."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import PictureError
from digitnet.imaging.pixels import check_sides, from_pillow

PDF_RESOLUTION = 200
"""Dots per inch that a page of a PDF is drawn with: a pen's stroke is four or five dots wide."""


MOST_PAGES = 10_000
"""Of a PDF: a file of a few bytes may say that it has a million."""


def check_page(page: int, n_pages: int, name: str) -> None:
    """Raise PictureError where a file has no such page; pages count from 1."""
    if page > n_pages:
        has = "one page" if n_pages == 1 else f"{n_pages} pages"
        raise PictureError(f"{name} does not exist: the file has {has}.")


_pdfium = threading.Lock()
"""PDFium may be called by one thread at a time."""


@contextmanager
def open_pdf(stream: BinaryIO, name: str) -> Iterator[Any]:
    """A PDF, open; nobody else reads one meanwhile."""
    try:
        from pypdfium2 import PdfDocument, PdfiumError
    except ImportError:
        raise PictureError(
            f"{name} is a PDF, which takes one more package to read: pip install 'digitnet[pdf]'."
        ) from None
    with _pdfium:
        try:
            document = PdfDocument(stream)
        except PdfiumError as error:
            if "password" in str(error).lower():
                raise PictureError(
                    f"{name} is locked with a password: save it without one."
                ) from None
            raise PictureError(f"{name} is a damaged PDF: save it again.") from None
        with closing(document):
            if len(document) > MOST_PAGES:
                raise PictureError(
                    f"{name} has {len(document):,} pages, more than the {MOST_PAGES:,} that are "
                    "read: split it."
                )
            yield document


def draw_page(stream: BinaryIO, name: str, max_pixels: int, page: int | None) -> NDArray[np.uint8]:
    """A page of a PDF, (H, W, 3), drawn on white; less finely where it would be too large."""
    with open_pdf(stream, name) as document:
        if page is None and len(document) > 1:
            raise PictureError(
                f"{name} has {len(document)} pages: say which one, as in scan.pdf#2."
            )
        page = page or 1
        check_page(page, len(document), name)
        with closing(document[page - 1]) as sheet:
            width, height = sheet.get_size()  # in points, 72 to the inch
            finest = math.sqrt(max_pixels / max(width * height, 1.0))
            with closing(sheet.render(scale=min(PDF_RESOLUTION / 72, finest))) as drawn:
                pixels = from_pillow(drawn.to_pil().convert("RGB"), name)
    check_sides(pixels.shape[0], pixels.shape[1], name, pixels.size)
    return pixels
