"""Camera: how a made page looks: its paper, ruling, light, and the camera that saw it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitnet.handwriting.splines import Floats

RULINGS = ("plain", "lines", "squares")


@dataclass(frozen=True)
class PageStyle:
    """How a page looks. Lengths are in heights of a digit, colours in 0..1.

    Attributes:
        digit: height of a digit in pixels.
        gap: white space between two digits of a word; below 0 they touch.
        word_gap: white space between two words.
        line_gap: from one row's base line to the next.
        margin: white space around the text.
        slope: how far a row falls to the right, as a tangent.
        unevenness: how much height and base line differ from digit to digit.
        paper, ink: colours (R, G, B).
        ruling: "plain", "lines" or "squares".
        ruling_strength: how much darker than the paper the ruling is.
        shade: how much light is lost from one side of the page to the other.
        shadow: how much light a shadow with a soft edge takes; 0 for none.
        texture: spread of the paper's brightness from place to place.
        noise: spread of the camera's noise.
        blur: standard deviation of the lens' blur in pixels.
    """

    digit: float = 40.0
    gap: float = 0.3
    word_gap: float = 1.6
    line_gap: float = 2.0
    margin: float = 1.0
    slope: float = 0.0
    unevenness: float = 0.05
    paper: tuple[float, float, float] = (0.95, 0.94, 0.91)
    ink: tuple[float, float, float] = (0.12, 0.13, 0.25)
    ruling: str = "plain"
    ruling_strength: float = 0.2
    shade: float = 0.0
    shadow: float = 0.0
    texture: float = 0.01
    noise: float = 0.01
    blur: float = 0.6

    @classmethod
    def sample(cls, rng: np.random.Generator) -> PageStyle:
        """Draw the look of a page: paper, pen, light and camera vary, each page its own way."""
        tint = rng.uniform(0, 0.12, 3) * rng.random()
        ink = rng.uniform(0.03, 0.25) + rng.uniform(0, 0.3, 3) * (rng.random(3) < 0.3)
        return cls(
            digit=float(np.exp(rng.uniform(np.log(26), np.log(90)))),
            gap=float(rng.uniform(0.08, 0.6)),
            word_gap=float(rng.uniform(1.5, 2.5)),
            line_gap=float(rng.uniform(1.6, 2.6)),
            margin=float(rng.uniform(0.4, 2.0)),
            slope=float(rng.normal(0, 0.05)),
            unevenness=float(rng.uniform(0.0, 0.1)),
            paper=_colour(rng.uniform(0.7, 0.98) - tint),
            ink=_colour(ink),
            ruling=str(rng.choice(RULINGS, p=[0.5, 0.3, 0.2])),
            ruling_strength=float(rng.uniform(0.08, 0.3)),
            shade=float(rng.uniform(0, 0.5)),
            shadow=float(rng.uniform(0.15, 0.5) * (rng.random() < 0.4)),
            texture=float(rng.uniform(0, 0.03)),
            noise=float(rng.uniform(0, 0.03)),
            blur=float(rng.uniform(0.3, 1.0)),
        )


def photograph(
    cover: Floats, style: PageStyle, top: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Ink of a coverage (H, W) in 0..1 on paper, lit, seen by a camera: (H, W, 3) uint8.

    ``top`` is where the first row of digits begins, in heights of a digit.
    """
    import cv2

    height, width = cover.shape
    ruling = _ruling(height, width, style, top)
    paper = np.asarray(style.paper, np.float32) * (1 - ruling)[..., None]
    flow = 1 + 0.1 * _cloud(height, width, style.digit / 4, rng)  # ink is darker here and there
    share = np.clip(cover * flow, 0, 1)[..., None]
    seen = paper + share * (np.asarray(style.ink, np.float32) - paper)
    seen *= (_light(height, width, style, rng) + style.texture * _cloud(height, width, 6, rng))[
        ..., None
    ]
    seen = cv2.GaussianBlur(seen, (0, 0), max(style.blur, 0.1))
    seen += style.noise * rng.standard_normal(seen.shape, dtype=np.float32)
    return np.asarray(np.rint(seen.clip(0, 1) * 255), np.uint8)


def _ruling(height: int, width: int, style: PageStyle, top: float) -> Floats:
    """How much darker each pixel is by printed lines, parallel to the rows, (H, W)."""
    dark = np.zeros((height, width), np.float32)
    if style.ruling == "plain":
        return dark
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.float32(style.digit)
    thin = max(0.04, 1.2 / style.digit)  # of a digit's height; at least a pixel
    down = y - np.float32(style.slope) * x - np.float32(top + 1.1)
    across = x + np.float32(style.slope) * y
    if style.ruling == "lines":
        lines = [(down, style.line_gap)]
    else:
        lines = [(down, style.line_gap / 3), (across, style.line_gap / 3)]
    for place, every in lines:
        away = np.abs((place / every + 0.5) % 1 - 0.5) * every
        dark = np.maximum(dark, np.clip(1 - (away - thin / 2) * style.digit, 0, 1) * (away < thin))
    return np.asarray(dark * style.ruling_strength, np.float32)


def _light(height: int, width: int, style: PageStyle, rng: np.random.Generator) -> Floats:
    """Light on each pixel, at most 1, (H, W): a gradient, and a shadow that lies across."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle, turn = rng.uniform(0, 2 * np.pi, 2)
    way = np.cos(angle) * x + np.sin(angle) * y
    way = (way - way.min()) / max(float(np.ptp(way)), 1.0)
    edge = np.cos(turn) * (x - width * rng.uniform(0.3, 0.7))
    edge += np.sin(turn) * (y - height * rng.uniform(0.3, 0.7))
    soft = max(height, width) * rng.uniform(0.01, 0.1)
    shadow = 1 / (1 + np.exp(-np.clip(edge / soft, -30, 30)))
    return np.asarray((1 - style.shade * way) * (1 - style.shadow * shadow), np.float32)


def _cloud(height: int, width: int, size: float, rng: np.random.Generator) -> Floats:
    """Smooth random values (H, W) of spread about 1 that change over ``size`` pixels."""
    import cv2

    rows, columns = (max(2, int(np.ceil(n / max(size, 1.0))) + 1) for n in (height, width))
    coarse = rng.standard_normal((rows, columns)).astype(np.float32)
    return np.asarray(
        cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32
    )


def _colour(values: NDArray[np.float64]) -> tuple[float, float, float]:
    red, green, blue = (float(v) for v in np.clip(values, 0, 1))
    return red, green, blue
