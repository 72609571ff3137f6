"""Empty forms: printed cells, open above or closed, without a digit in them, for `no_numbers`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

LABELS = ("Name", "Date", "Amount", "Account", "Signature", "Telephone", "Street", "Town")


@dataclass(frozen=True)
class Cells:
    """A row of cells: how many, in pixels how wide, high, thick and far apart, and if closed."""

    n: int
    wide: int
    high: int
    thick: int
    apart: int = 0
    shade: int = 70
    closed: bool = False


def combs(page: Picture, rng: np.random.Generator) -> Picture:
    """Cells side by side, whose neighbours share a tooth."""
    for y in range(200, 1500, 200):
        wide, high, thick = (int(rng.integers(*span)) for span in ((40, 70), (20, 40), (2, 5)))
        _draw(page, 90, y, Cells(int(rng.integers(5, 14)) - 1, wide, high, thick))
    return page


def single_cells(page: Picture, rng: np.random.Generator) -> Picture:
    """Cells apart from one another, each of them a U."""
    for y in _levels(rng):
        cells = _cells(rng, (25, 70), (2, 7))
        apart = cells.thick + int(rng.integers(10, 60))
        _draw(page, 90, y, replace(cells, n=int(rng.integers(1, 9)), apart=apart))
    return page


def close_cells(page: Picture, rng: np.random.Generator) -> Picture:
    """Cells so close that the teeth of two are one bar."""
    for y in _levels(rng):
        cells = _cells(rng, (20, 50), (2, 5))
        _draw(page, 90, y, replace(cells, apart=cells.thick + int(rng.integers(-1, 3))))
    return page


def turned_combs(page: Picture, rng: np.random.Generator) -> Picture:
    """Combs with thick lines, on a page that lies turned by one to five degrees."""
    for y in _levels(rng):
        _draw(page, 90, y, _cells(rng, (20, 60), (4, 10)))
    return _turned(page, rng)


def boxes(page: Picture, rng: np.random.Generator) -> Picture:
    """Closed cells, side by side or apart, on a page that lies turned by one to five degrees."""
    for y in _levels(rng):
        cells = _cells(rng, (30, 70), (2, 8))
        apart = int(rng.choice((0, cells.thick, cells.thick + 2, 25, 40)))
        n = int(rng.integers(1, 12))
        _draw(page, 90, y, replace(cells, n=n, apart=apart, closed=True))
    return _turned(page, rng)


def _turned(page: Picture, rng: np.random.Generator) -> Picture:
    degrees = float(rng.choice((-1, 1)) * rng.uniform(1, 5))
    turn = cv2.getRotationMatrix2D((page.shape[1] / 2, page.shape[0] / 2), degrees, 1.0)
    turned = cv2.warpAffine(page, turn, page.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def labelled_combs(page: Picture, rng: np.random.Generator) -> Picture:
    """Combs with a word of print before or above each."""
    for y in _levels(rng):
        cells = _cells(rng, (20, 45), (2, 6))
        word, before = str(rng.choice(LABELS)), rng.random() < 0.5
        place = (60, y - 4) if before else (90, y - cells.high - 16)
        cv2.putText(page, word, place, cv2.FONT_HERSHEY_SIMPLEX, 0.9, (50,), 2, cv2.LINE_AA)
        _draw(page, 260 if before else 90, y, cells)
    return page


def _levels(rng: np.random.Generator) -> list[int]:
    """Where the rows of a page stand; there may be one."""
    return [200 + 200 * k for k in range(int(rng.integers(1, 8)))]


def _cells(rng: np.random.Generator, high: tuple[int, int], thick: tuple[int, int]) -> Cells:
    return Cells(
        n=int(rng.integers(4, 13)),
        wide=int(rng.integers(35, 70)),
        high=int(rng.integers(*high)),
        thick=int(rng.integers(*thick)),
        shade=int(rng.integers(40, 130)),
    )


def _draw(page: Picture, left: int, y: int, cells: Cells) -> None:
    shade, thick = (cells.shade,), cells.thick
    for k in range(cells.n):
        x0 = left + k * (cells.wide + cells.apart)
        x1 = x0 + cells.wide
        cv2.line(page, (x0, y), (x1, y), shade, thick)
        if cells.closed:
            cv2.line(page, (x0, y - cells.high), (x1, y - cells.high), shade, thick)
        for x in (x0, x1):
            cv2.line(page, (x, y - cells.high), (x, y), shade, thick)
