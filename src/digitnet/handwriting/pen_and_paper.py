"""Pen and paper: paths as a pen follows them, and ink as small pictures of any size and tone."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.handwriting.non_digit_paths import strokes_of
from digitnet.handwriting.raster import Stroke, render

Picture = NDArray[np.uint8]
SMALLEST, LARGEST = 36, 80
"""Pixels of a drawing's longer side, its margin not counted."""


def written(
    path: str, rng: np.random.Generator, *, haste: float = 0.025, pen: float | None = None
) -> list[Stroke]:
    """A path as a pen follows it: slanted, turned, stretched, bent, and never twice alike."""
    radius = (
        float(np.clip(np.exp(rng.normal(np.log(0.06), 0.4)), 0.02, 0.16)) if pen is None else pen
    )
    parts = strokes_of(path)
    every = np.concatenate([points for _, points in parts])
    low, high = every.min(axis=0), every.max(axis=0)
    middle, size = (low + high) / 2, max(float((high - low).max()), 0.1)
    scale = np.exp(rng.normal(0, 0.18, 2))
    slant, turn = rng.normal(0.08, 0.18), rng.normal(0, 0.1)
    phase, waves = rng.uniform(0, 7, 2), rng.normal(0, 3, (2, 2))
    bend = np.exp(rng.normal(np.log(0.03), 0.4))
    cos, sin = np.cos(turn), np.sin(turn)
    strokes = []
    for basis, points in parts:
        miss = haste * (rng.standard_normal(points.shape) + rng.standard_normal(2))
        way = basis @ ((points - middle) / size + miss)
        way = (way + bend * np.sin(way @ waves + phase)) * scale
        way[:, 0] -= slant * way[:, 1]
        way = way @ np.array([[cos, sin], [-sin, cos]])
        swell = 1 + 0.15 * np.sin(np.linspace(0, rng.uniform(1, 9), len(way)) + rng.uniform(0, 7))
        strokes.append(Stroke(way, radius * swell))
    return strokes


def in_ink(strokes: Sequence[Stroke], rng: np.random.Generator) -> Picture:
    """Strokes of any size as ink (H, W), 255 on 0, with a margin around them."""
    low = np.min([(s.points - s.radii[:, None]).min(axis=0) for s in strokes], axis=0)
    high = np.max([(s.points + s.radii[:, None]).max(axis=0) for s in strokes], axis=0)
    side = rng.uniform(SMALLEST, LARGEST)
    scale = side / max(float((high - low).max()), 1e-6)
    margin = rng.uniform(0.08, 0.4) * side
    left, top = margin - low * scale
    width, height = np.ceil((high - low) * scale + 2 * margin).astype(int)
    placed = [stroke.placed(scale, float(left), float(top)) for stroke in strokes]
    least = 0.5  # pixels: a finer pen leaves no trace
    placed = [Stroke(s.points, np.maximum(s.radii, least)) for s in placed]
    return render(placed, int(height), int(width))


def on_paper(ink: Picture, rng: np.random.Generator) -> Picture:
    """Ink (H, W) as a picture: dark on light or the other way, plain or as a camera sees it."""
    share = ink.astype(np.float32) / np.float32(255)
    paper, dark = rng.uniform(170, 255), rng.uniform(0, 90)
    if rng.random() < 0.5:
        paper, dark = 255.0, 0.0
    seen = paper + share * np.float32(dark - paper)
    if rng.random() < 0.4:
        ramp = np.linspace(1, rng.uniform(0.75, 1), seen.shape[1], dtype=np.float32)
        seen = cv2.GaussianBlur(seen, (0, 0), rng.uniform(0.4, 1.2)) * ramp
        seen = seen + rng.normal(0, rng.uniform(0.5, 4), seen.shape)
    picture = np.rint(seen.clip(0, 255)).astype(np.uint8)
    return np.asarray(255 - picture if rng.random() < 0.25 else picture)


def drawn(strokes: Sequence[Stroke], rng: np.random.Generator) -> Picture:
    """Strokes on paper."""
    return on_paper(in_ink(strokes, rng), rng)


def moved(strokes: Sequence[Stroke], x: float, y: float, scale: float = 1.0) -> list[Stroke]:
    """Strokes made larger or smaller, then moved."""
    return [stroke.placed(scale, x, y) for stroke in strokes]
