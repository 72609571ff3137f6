"""Pictures of digits as people take them: drawn by our own strokes on made paper."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from digitnet.handwriting.camera import PageStyle, photograph
from digitnet.handwriting.hands import Hand, careful, draw_digit
from digitnet.handwriting.raster import Stroke, render
from digitnet.models.model import Model

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


@dataclass(frozen=True)
class Digit:
    """A written digit: its label and its strokes, from 0 to 1 downwards and 0 to the right."""

    label: int
    strokes: tuple[Stroke, ...]

    @property
    def width(self) -> float:
        """Of its ink, in heights."""
        return max(float((s.points[:, 0] + s.radii).max()) for s in self.strokes)

    def with_pen(self, width: float) -> Digit:
        """Written by a pen of another mean width, in heights; the ink keeps its height."""
        mean = float(np.mean(np.concatenate([s.radii for s in self.strokes])))
        return self._redrawn(s.points for s in self.strokes)._scaled_pen(width / 2 / mean)

    def turned(self, degrees: float) -> Digit:
        """Turned clockwise."""
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        turn = np.array([[cos, sin], [-sin, cos]])
        return self._redrawn(s.points @ turn for s in self.strokes)._scaled_pen(1.0)

    def _redrawn(self, points: Iterable[NDArray[np.float64]]) -> Digit:
        pairs = zip(points, self.strokes, strict=True)
        return Digit(self.label, tuple(Stroke(p, s.radii) for p, s in pairs))

    def _scaled_pen(self, factor: float) -> Digit:
        """The pen scaled, the whole then brought back to height 1 and its corner to (0, 0)."""
        strokes = [Stroke(s.points, s.radii * factor) for s in self.strokes]
        low = np.min([(s.points - s.radii[:, None]).min(axis=0) for s in strokes], axis=0)
        bottom = max(float((s.points[:, 1] + s.radii).max()) for s in strokes)
        scale = 1 / (bottom - low[1])
        left, top = -low * scale
        return Digit(self.label, tuple(s.placed(scale, left, top) for s in strokes))

    def cover(
        self, size: tuple[int, int], height: float, centre: tuple[float, float] = (0.5, 0.5)
    ) -> Picture:
        """Its ink, 255 where there is some, on a field of ``size`` (height, width) pixels.

        The digit is ``height`` pixels high; ``centre`` is where its box's middle lies, as shares
        of the field's (width, height).
        """
        left = centre[0] * size[1] - self.width * height / 2
        top = centre[1] * size[0] - height / 2
        return render([s.placed(height, left, top) for s in self.strokes], *size)


def written(label: int, rng: np.random.Generator, care: float = 0.5) -> Digit:
    """A digit by a hand of its own that takes care."""
    hand = careful(Hand.sample(rng), care)
    return Digit(label, tuple(draw_digit(label, rng, hand=hand)))


def clear_digits(model: Model, n_each: int, rng: np.random.Generator) -> list[Digit]:
    """Digits that the model reads rightly, with 95 %, in a clean picture: n of each class."""
    found = []
    for label in range(10):
        n_found = 0
        while n_found < n_each:
            digit = written(label, rng)
            answer = model.predict(255 - digit.cover((160, 160), 100))
            if answer.label == label and answer.probabilities[label] > 0.95:
                found.append(digit)
                n_found += 1
    return found


def side_by_side(digits: Sequence[Digit], height: int, gap: float, margin: int = 60) -> Picture:
    """The ink of a row of digits; ``gap`` heights of white where two come closest, 0: touching."""
    row = np.zeros((height + 2 * margin, 2 * margin), np.uint8)
    for k, digit in enumerate(digits):
        width = int(np.ceil(digit.width * height)) + 2
        cover = np.pad(digit.cover((height, width), height), ((margin, margin), (0, 0)))
        both = (row.max(axis=1) > 127) & (cover.max(axis=1) > 127)
        ends = row.shape[1] - (row[:, ::-1] > 127).argmax(axis=1)
        starts = (cover > 127).argmax(axis=1)
        at = margin if k == 0 else int((ends - starts)[both].max()) + round(gap * height)
        wide = np.zeros((len(row), max(at + width, row.shape[1])), np.uint8)
        wide[:, : row.shape[1]] = row
        wide[:, at : at + width] = np.maximum(wide[:, at : at + width], cover)
        row = wide
    return np.pad(row, ((0, 0), (0, margin)))


def letter(character: str, side: int = 120, font: str = "DejaVuSans.ttf") -> Picture:
    """A printed letter, black on white, (side, side); the fonts are those matplotlib ships."""
    import matplotlib

    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / font
    image = Image.new("L", (side, side), 255)
    drawing = ImageDraw.Draw(image)
    middle = (side / 2, side / 2)
    drawing.text(
        middle, character, fill=0, font=ImageFont.truetype(str(file), side * 2 // 3), anchor="mm"
    )
    return np.asarray(image)


def painted(cover: Picture, ink: Colour = BLACK, paper: Colour = WHITE) -> Picture:
    """Ink of one colour on paper of another, (H, W, 3), as a drawing program makes it."""
    share = cover[..., None] / 255.0
    return np.rint(np.array(paper) * (1 - share) + np.array(ink) * share).astype(np.uint8)


def photo(cover: Picture, rng: np.random.Generator, **look: Any) -> Picture:
    """Ink photographed on paper, (H, W, 3); ``look`` are fields of `PageStyle`."""
    style = replace(PageStyle(digit=float(cover.shape[0]) / 3), **look)
    return photograph(cover.astype(np.float32) / np.float32(255), style, 0.8, rng)


def linear_shadow(picture: Picture, degrees: float, loss: float = 0.5) -> Picture:
    """Light that falls by ``loss`` from one side of the picture to the other."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j]
    way = x * np.cos(np.radians(degrees)) + y * np.sin(np.radians(degrees))
    way = (way - way.min()) / np.ptp(way)
    light = 1 - loss * way.reshape(way.shape + (1,) * (picture.ndim - 2))
    return np.rint(picture * light).astype(np.uint8)


def on_a_table(page: Picture, degrees: float, table: Colour = (92, 70, 52)) -> Picture:
    """A photo of a page that lies askew: turned about its middle, cut to the page's size."""
    height, width = page.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 0.92)
    return np.asarray(cv2.warpAffine(page, turn, (width, height), borderValue=table), np.uint8)


def in_a_window(canvas: Picture) -> Picture:
    """A screenshot: the canvas in a program's window, with title bar, three buttons, border."""
    height, width = canvas.shape[:2]
    window = np.full((height + 34, width + 6, 3), (70, 74, 82), np.uint8)
    for k, colour in enumerate([(237, 106, 94), (245, 191, 79), (98, 197, 84)]):
        cv2.circle(window, (16 + 20 * k, 15), 6, colour, -1, cv2.LINE_AA)
    window[31:-3, 3:-3] = canvas
    return window


def as_file(picture: Picture, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of a picture file."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, kind, **options)
    return stream.getvalue()


def turned_by_exif(picture: Picture, orientation: int, kind: str = "PNG") -> bytes:
    """A file whose pixels lie turned, with the EXIF orientation (1 to 8) that undoes it."""
    stored = {
        1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
        5: lambda a: a.swapaxes(0, 1), 6: np.rot90, 7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
        8: lambda a: np.rot90(a, 3),
    }[orientation](picture)  # fmt: skip
    exif = Image.Exif()
    exif[274] = orientation
    return as_file(np.ascontiguousarray(stored), kind, exif=exif)
