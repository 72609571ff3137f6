"""Components: which connected components of a picture are the digit, and which are not."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.ink import Ink

Floats = NDArray[np.float32]
Mask = NDArray[np.uint8]

MOST_PIECES = 500
"""Pieces looked at, the heaviest first; a digit has far fewer, a page or a texture has more."""


class Group(NamedTuple):
    """Pieces that lie closer together than strokes are wide: a digit, a stroke, a row of dots.

    ``box`` is (left, top, right, bottom); ``mass`` its ink; ``touches`` whether it reaches the
    picture's edge; ``along`` the share of the edge it runs along most that it covers.
    """

    labels: tuple[int, ...]
    box: tuple[int, int, int, int]
    mass: float
    touches: bool
    along: float

    @property
    def height(self) -> int:
        """Height of the box in pixels."""
        return self.box[3] - self.box[1]

    @property
    def size(self) -> int:
        """Longer side of the box in pixels."""
        return max(self.box[2] - self.box[0], self.height)


class Chosen(NamedTuple):
    """The digit's pieces: a (h, w) mask of 0 and 1, how many others were dropped and why.

    ``others`` counts groups that look like further digits, whole and of about the same height.
    ``noisy`` says that there is more ink in many dropped specks than in the digit.
    """

    mask: Mask
    dropped: Counter[str]
    others: int
    noisy: bool


def choose_pieces(ink: Ink, contrast: Floats, pen: float) -> Chosen:
    """Keep the pieces of ink that make up the digit; ``pen`` is the strokes' width in pixels.

    The heaviest group is the digit's body, less readily where it touches the picture's edge and
    hardly where it runs along it (a frame, a ruled line). Other groups belong to it unless
    ``stranger`` has a reason against.
    """
    dropped: Counter[str] = Counter()
    _, found, counted, _ = cv2.connectedComponentsWithStats(ink.mask, connectivity=8)
    labels, stats = np.asarray(found, np.int32), np.asarray(counted, np.int32)
    mass = np.bincount(labels.ravel(), contrast.ravel().clip(0), len(stats)).astype(np.float64)
    seeded = np.zeros(len(stats), bool)
    seeded[labels[ink.seeds]] = True
    seeded[0] = False
    small = stats[:, cv2.CC_STAT_AREA] < max(1.0, 0.15 * pen * pen)
    dropped["grain"] = int((small & seeded).sum())
    pieces = np.nonzero(seeded & ~small)[0]
    pieces = pieces[np.argsort(-mass[pieces], kind="stable")]
    dropped["grain"] += len(pieces[MOST_PIECES:])
    pieces = pieces[:MOST_PIECES]
    if not len(pieces):
        return Chosen(np.zeros_like(ink.mask), +dropped, 0, True)
    waiting = group_pieces(labels, pieces, stats, mass, 1.2 * pen)
    waiting.sort(key=lambda group: -group.mass * _centrality(group))
    main = waiting.pop(0)
    reasons: dict[Group, str] = {}
    settled = False
    while not settled:  # a piece may be near the digit only once another has joined it
        settled = True
        for group in list(waiting):
            reason = stranger(group, main, labels)
            if reason is None:
                waiting.remove(group)
                main, settled = _join(main, group), False
            else:
                reasons[group] = reason
    dropped.update(reasons[group] for group in waiting)
    others = sum(reasons[group] == "another digit" for group in waiting)
    keep = np.zeros(len(stats), np.uint8)
    keep[list(main.labels)] = 1
    specks = float(mass[seeded].sum()) - main.mass - sum(group.mass for group in waiting
                                                         if group.along > 0.8)  # fmt: skip
    noisy = specks > main.mass * (1 if dropped.total() < 150 else 0.1) and dropped.total() > 20
    return Chosen(keep[labels], +dropped, others, noisy)


def stranger(group: Group, main: Group, labels: NDArray[np.int32]) -> str | None:
    """Why a group of pieces is not part of the digit whose body is ``main``; None where it is."""
    gap_x = max(group.box[0] - main.box[2], main.box[0] - group.box[2], 0)
    gap_y = max(group.box[1] - main.box[3], main.box[1] - group.box[3], 0)
    gap = float(np.hypot(gap_x, gap_y))
    if group.along > 0.8 and not main.along > 0.8:
        return "line or frame"
    if group.touches and _distance(group, main, labels) > 0.06 * main.size:
        return "at the border"
    if group.mass < 0.02 * main.mass:
        return "dust"
    wide = max(group.box[2], main.box[2]) - min(group.box[0], main.box[0])
    if gap_x > 0 and group.height > 0.6 * main.height and group.mass > 0.2 * main.mass:
        tall = max(group.box[3], main.box[3]) - min(group.box[1], main.box[1])
        if gap_x > 0.12 * main.size or wide > tall:
            return "another digit"
    return "far away" if gap > 0.3 * main.size else None


def group_pieces(
    labels: NDArray[np.int32],
    pieces: NDArray[np.int64],
    stats: NDArray[np.int32],
    mass: NDArray[np.float64],
    gap: float,
) -> list[Group]:
    """Put pieces together that are less than ``gap`` pixels apart (dots, broken strokes)."""
    along = {int(piece): _along(labels, stats, int(piece)) for piece in pieces}
    wanted = np.zeros(len(stats), np.uint8)
    wanted[[piece for piece in along if along[piece] <= 0.8]] = 1
    mask = wanted[labels]
    away = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3)
    _, joined = cv2.connectedComponents((away <= gap / 2 + 0.5).astype(np.uint8), connectivity=8)
    group_of = -np.arange(len(stats))  # a line or a frame stays alone
    group_of[labels[mask > 0]] = joined[mask > 0]
    rows, columns = labels.shape
    groups = []
    for number in dict.fromkeys(group_of[pieces].tolist()):
        members = pieces[group_of[pieces] == number]
        left, top, width, height, _ = stats[members].T
        box = (int(left.min()), int(top.min()),
               int((left + width).max()), int((top + height).max()))  # fmt: skip
        touches = box[0] == 0 or box[1] == 0 or box[2] == columns or box[3] == rows
        most = max(along[int(piece)] for piece in members)
        groups.append(
            Group(tuple(members.tolist()), box, float(mass[members].sum()), touches, most)
        )
    return groups


def _along(labels: NDArray[np.int32], stats: NDArray[np.int32], piece: int) -> float:
    """Share of the picture's edge that a piece covers, on the side it covers most; 1 for a line."""
    left, top, width, height, _ = (int(value) for value in stats[piece])
    rows, columns = labels.shape
    if left > 0 and top > 0 and left + width < columns and top + height < rows:
        return 0.0
    if _is_line(width, height, rows, columns):
        return 1.0
    edges = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    return max(float((edge == piece).mean()) for edge in edges)


def _is_line(width: int, height: int, rows: int, columns: int) -> bool:
    """Whether a box spans the picture from edge to edge and is much longer than it is wide."""
    return (width == columns and height < 0.15 * width) or (
        height == rows and width < 0.15 * height and columns > 3 * width
    )


def _centrality(group: Group) -> float:
    return 0.05 if group.along > 0.8 else 0.35 if group.touches else 1.0


def _distance(group: Group, main: Group, labels: NDArray[np.int32]) -> float:
    """Smallest distance between the pixels of two groups."""
    away = cv2.distanceTransform((~np.isin(labels, main.labels)).astype(np.uint8), cv2.DIST_L2, 3)
    return float(away[np.isin(labels, group.labels)].min())


def _join(main: Group, group: Group) -> Group:
    a, b = main.box, group.box
    box = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
    return Group(main.labels + group.labels, box, main.mass + group.mass,
                 main.touches or group.touches, max(main.along, group.along))  # fmt: skip
