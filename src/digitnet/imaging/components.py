"""Components: connected components of ink, and which of them are the digit in a picture."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Floats, Labels, Mask
from digitnet.imaging.boxes import Box, around, distance, gap
from digitnet.imaging.ink import Ink

MOST_COMPONENTS = 500
"""Components looked at, the heaviest first; a digit has far fewer, a page or a texture has more."""


@dataclass(frozen=True)
class Component:
    """Connected ink: its label, its box (left, top, right, bottom) in pixels, and its mass.

    ``mass`` is the sum of its contrast: how much ink it is.
    """

    label: int
    box: Box
    mass: float

    @property
    def width(self) -> int:
        """Of the box, in pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        """Of the box, in pixels."""
        return self.box[3] - self.box[1]


@dataclass(frozen=True)
class Components:
    """All connected components of a picture's ink, (n,) of each figure; the first is no ink.

    ``labels`` (h, w) says which component a pixel belongs to; ``left``, ``top``, ``width`` and
    ``height`` are of its box and ``area`` of its ink, in pixels; ``mass`` is the sum of its
    contrast; ``seeded`` says whether it holds ink that is sure.
    """

    labels: Labels
    left: NDArray[np.int32]
    top: NDArray[np.int32]
    width: NDArray[np.int32]
    height: NDArray[np.int32]
    area: NDArray[np.int32]
    mass: NDArray[np.float64]
    seeded: NDArray[np.bool_]

    def __getitem__(self, label: int) -> Component:
        left, top = int(self.left[label]), int(self.top[label])
        box = (left, top, left + int(self.width[label]), top + int(self.height[label]))
        return Component(label, box, float(self.mass[label]))


def connected_components(ink: Ink, contrast: Floats) -> Components:
    """Label ink that is connected, corners included."""
    _, found, counted, _ = cv2.connectedComponentsWithStats(ink.mask, connectivity=8)
    labels, stats = np.asarray(found, np.int32), np.asarray(counted, np.int32)
    there = np.flatnonzero(ink.mask)  # a tenth of a page, and what is no ink need not be weighed
    weights = contrast.ravel()[there].clip(0)
    mass = np.bincount(labels.ravel()[there], weights, len(stats)).astype(np.float64)
    seeded = np.zeros(len(stats), bool)
    seeded[labels[ink.seeds]] = True
    seeded[0] = False
    left, top, width, height, area = stats.T
    return Components(labels, left, top, width, height, area, mass, seeded)


class Group(NamedTuple):
    """Components that lie closer together than strokes are wide: a digit, a stroke, a row of dots.

    ``box`` is (left, top, right, bottom); ``mass`` its ink; ``touches`` whether it reaches the
    picture's edge; ``along`` the share of the edge it runs along most that it covers.
    """

    labels: tuple[int, ...]
    box: Box
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
    """The digit's components: a (h, w) mask of 0 and 1, how many others were dropped and why.

    ``others`` counts groups that look like further digits, whole and of about the same height.
    ``noisy`` says that there is more ink in many dropped specks than in the digit. ``pieces``
    counts the mask's components that are strokes: longer than twice the pen, so that the dots of
    a halftone are none.
    """

    mask: Mask
    dropped: Counter[str]
    others: int
    noisy: bool
    pieces: int


def choose_components(ink: Ink, contrast: Floats, pen: float) -> Chosen:
    """Keep the components of ink that make up the digit; ``pen`` is the strokes' width in pixels.

    The heaviest group is the digit's body, less readily where it touches the picture's edge and
    hardly where it runs along it (a frame, a ruled line). Other groups belong to it unless
    ``stranger`` has a reason against.
    """
    dropped: Counter[str] = Counter()
    found = connected_components(ink, contrast)
    small = found.area < max(1.0, 0.15 * pen * pen)
    dropped["grain"] = int((small & found.seeded).sum())
    kept = np.nonzero(found.seeded & ~small)[0]
    kept = kept[np.argsort(-found.mass[kept], kind="stable")]
    dropped["grain"] += len(kept[MOST_COMPONENTS:])
    kept = kept[:MOST_COMPONENTS]
    if not len(kept):
        return Chosen(np.zeros_like(ink.mask), +dropped, 0, True, 0)
    waiting = group_components(found, kept, 1.2 * pen)
    waiting.sort(key=lambda group: -group.mass * _centrality(group))
    main = waiting.pop(0)
    reasons: dict[Group, str] = {}
    settled = False
    distances = Distances(found.labels)
    while not settled:  # one may be near the digit only once another has joined it
        settled = True
        for group in list(waiting):
            reason = stranger(group, main, distances)
            if reason is None:
                waiting.remove(group)
                main, settled = _join(main, group), False
            else:
                reasons[group] = reason
    dropped.update(reasons[group] for group in waiting)
    others = sum(reasons[group] == "another digit" for group in waiting)
    keep = np.zeros(len(found.area), np.uint8)
    keep[list(main.labels)] = 1
    lines = sum(group.mass for group in waiting if group.along > 0.8)
    specks = float(found.mass[found.seeded].sum()) - main.mass - lines
    noisy = specks > main.mass * (1 if dropped.total() < 150 else 0.1) and dropped.total() > 20
    longer = np.maximum(found.width, found.height)[list(main.labels)]
    pieces = int((longer > 2 * pen).sum())
    return Chosen(keep[found.labels], +dropped, others, noisy, pieces)


class Distances:
    """How far components (h, w) lie from a digit's; measured once for each digit."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._main: Group | None = None
        self._least = np.zeros(0, np.float32)

    def between(self, group: Group, main: Group) -> float:
        """The smallest distance between the pixels of two groups."""
        if self._main is not main:
            other = (~np.isin(self._labels, main.labels)).astype(np.uint8)
            away = np.asarray(cv2.distanceTransform(other, cv2.DIST_L2, 3), np.float32)
            self._least = np.full(int(self._labels.max()) + 1, np.inf, np.float32)
            np.minimum.at(self._least, self._labels.ravel(), away.ravel())
            self._main = main
        return float(self._least[list(group.labels)].min())


def stranger(group: Group, main: Group, distances: Distances) -> str | None:
    """Why a group is not part of the digit whose body is ``main``; None where it is."""
    if group.along > 0.8 and not main.along > 0.8:
        return "line or frame"
    if group.touches and distances.between(group, main) > 0.06 * main.size:
        return "at the border"
    if group.mass < 0.02 * main.mass:
        return "dust"
    left, top, right, bottom = around([group.box, main.box])
    beside = gap(group.box, main.box)[0]
    whole = group.height > 0.6 * main.height and group.mass > 0.2 * main.mass
    apart = beside > 0.12 * main.size or right - left > bottom - top
    if beside > 0 and whole and apart:
        return "another digit"
    return "far away" if distance(group.box, main.box) > 0.3 * main.size else None


def group_components(found: Components, kept: NDArray[np.int64], reach: float) -> list[Group]:
    """Put components together that are less than ``reach`` pixels apart (dots, broken strokes)."""
    labels = found.labels
    along = {int(label): _along(found, int(label)) for label in kept}
    wanted = np.zeros(len(found.area), np.uint8)
    wanted[[label for label in along if along[label] <= 0.8]] = 1
    mask = wanted[labels]
    away = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 3)
    _, joined = cv2.connectedComponents((away <= reach / 2 + 0.5).astype(np.uint8), connectivity=8)
    group_of = -np.arange(len(found.area))  # a line or a frame stays alone
    group_of[labels[mask > 0]] = joined[mask > 0]
    rows, columns = labels.shape
    groups = []
    for number in dict.fromkeys(group_of[kept].tolist()):
        members = kept[group_of[kept] == number].tolist()
        box = around(found[label].box for label in members)
        touches = box[0] == 0 or box[1] == 0 or box[2] == columns or box[3] == rows
        most = max(along[label] for label in members)
        groups.append(Group(tuple(members), box, float(found.mass[members].sum()), touches, most))
    return groups


def _along(found: Components, label: int) -> float:
    """Share of the picture's edge that a component covers, where it covers most; 1 for a line."""
    left, top, right, bottom = found[label].box
    labels = found.labels
    rows, columns = labels.shape
    if left > 0 and top > 0 and right < columns and bottom < rows:
        return 0.0
    if is_line(right - left, bottom - top, rows, columns):
        return 1.0
    edges = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    return max(float((edge == label).mean()) for edge in edges)


def is_line(width: int, height: int, rows: int, columns: int) -> bool:
    """Whether a box spans the picture from edge to edge and is much longer than it is wide."""
    return (width == columns and height < 0.15 * width) or (
        height == rows and width < 0.15 * height and columns > 3 * width
    )


def _centrality(group: Group) -> float:
    return 0.05 if group.along > 0.8 else 0.35 if group.touches else 1.0


def _join(main: Group, group: Group) -> Group:
    box = around([main.box, group.box])
    return Group(main.labels + group.labels, box, main.mass + group.mass,
                 main.touches or group.touches, max(main.along, group.along))  # fmt: skip
