"""Pieces: which of the dark spots in a picture are the digit, and which are something else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.uint8]


@dataclass(frozen=True)
class Ink:
    """Where ink is: ``level`` is full ink's contrast, ``noise`` the paper's own spread of it."""

    mask: Mask
    seeds: NDArray[np.bool_]
    level: float
    noise: float


def find_ink(contrast: Floats) -> Ink | None:
    """Threshold a contrast picture, (h, w), with hysteresis; None where nothing stands out.

    Full ink is what Otsu's threshold finds among the pixels that the paper's noise cannot
    explain. Ink is what reaches a third of it, connected to what reaches half of it.
    """
    paper = contrast[contrast <= otsu(contrast)]
    middle = float(np.median(paper))
    noise = 1.4826 * float(np.median(np.abs(paper - middle)))
    excess = contrast - np.float32(middle)
    candidates = excess[excess > max(4 * noise, 0.03)]
    if candidates.size < 3:
        return None
    level = float(np.median(candidates[candidates >= otsu(candidates)]))
    if level < max(6 * noise, 0.04):
        return None
    low = max(0.33 * level, 3 * noise)
    mask = (excess > low).astype(np.uint8)
    return Ink(mask, excess > max(0.5 * level, 4 * noise), level + middle, noise)


def otsu(values: Floats, bins: int = 256) -> float:
    """Otsu's threshold (1979) of any values: the cut with the largest variance between classes."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return low
    counts, edges = np.histogram(values, bins, (low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts).astype(np.float64)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[int(np.nanargmax(between[:-1])) + 1])


def choose_pieces(ink: Ink, contrast: Floats, pen: float) -> tuple[Mask, Counter[str]]:
    """Keep the pieces of ink that make up the digit; count the others by the reason to drop them.

    ``pen`` is the stroke's width in pixels. Returns a (h, w) mask of 0 and 1, all 0 where no
    piece can be a digit.
    """
    dropped: Counter[str] = Counter()
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.mask, connectivity=8)
    mass = np.bincount(labels.ravel(), contrast.ravel().clip(0), len(stats))
    seeded = np.zeros(len(stats), bool)
    seeded[np.unique(labels[ink.seeds])] = True
    seeded[0] = False
    left, top, width, height, area = stats.T[:5]
    rows, columns = labels.shape
    small = area < max(1.0, 0.15 * pen * pen)
    dropped["grain"] = int((small & seeded).sum())
    pieces = np.nonzero(seeded & ~small)[0]
    if not len(pieces):
        return np.zeros_like(ink.mask), +dropped
    pieces = pieces[np.argsort(-mass[pieces])][:64]
    groups = _group(labels, pieces, 1.5 * pen)
    right, bottom = left + width, top + height
    boxes = [
        (left[g].min(), top[g].min(), right[g].max(), bottom[g].max(), mass[g].sum())
        for g in groups
    ]
    touches = [b[0] == 0 or b[1] == 0 or b[2] == columns or b[3] == rows for b in boxes]
    order = sorted(range(len(groups)), key=lambda i: -boxes[i][4] * (0.35 if touches[i] else 1))
    main = order[0]
    kept = list(groups[main])
    box = boxes[main]
    for i in order[1:]:
        reason = _stranger(boxes[i], box, touches[i])
        if reason is None:
            kept += list(groups[i])
            b = boxes[i]
            box = (min(box[0], b[0]), min(box[1], b[1]), max(box[2], b[2]), max(box[3], b[3]),
                   box[4] + b[4])  # fmt: skip
        else:
            dropped[reason] += 1
    keep = np.zeros(len(stats), np.uint8)
    keep[kept] = 1
    return keep[labels], +dropped


def _stranger(piece: tuple[float, ...], main: tuple[float, ...], touches: bool) -> str | None:
    """Why a group of pieces is not part of the main group, or None where it is."""
    gap_x = max(piece[0] - main[2], main[0] - piece[2], 0)
    gap_y = max(piece[1] - main[3], main[1] - piece[3], 0)
    gap = float(np.hypot(gap_x, gap_y))
    size = max(main[2] - main[0], main[3] - main[1])
    tall = (piece[3] - piece[1]) / max(main[3] - main[1], 1)
    if touches and gap > 0.05 * size:
        return "at the border"
    if piece[4] < 0.03 * main[4]:
        return "dust"
    if gap > 0.3 * size:
        return "far away"
    if gap_x > 0 and tall > 0.6:
        return "another digit"
    return None


def _group(labels: NDArray[np.int32], pieces: NDArray[np.int64], gap: float) -> list[list[int]]:
    """Put pieces together that are less than ``gap`` pixels apart (dots, broken strokes)."""
    wanted = np.zeros(labels.max() + 1, np.uint8)
    wanted[pieces] = 1
    mask = wanted[labels]
    away = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3)
    near = (away <= gap / 2 + 0.5).astype(np.uint8)
    _, joined = cv2.connectedComponents(near, connectivity=8)
    group_of = np.zeros(len(wanted), np.int64)
    group_of[labels[mask > 0]] = joined[mask > 0]
    groups: dict[int, list[int]] = {}
    for piece in pieces:
        groups.setdefault(int(group_of[piece]), []).append(int(piece))
    return list(groups.values())
