"""Outlines: the four corners of each sheet that lies on something of another colour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Bytes, Mask
from digitnet.imaging.reduce import reduce

Points = NDArray[np.float64]
"""(n, 2): x to the right and y down, in pixels."""

LEAST_LONG, LEAST_SHORT = 200, 80
"""Sides in pixels of a picture that may show a sheet on a table; below it is a cutting."""
SCAN_SIDE = 400
"""Longer side in pixels of the reduced picture in which sheets are sought."""
STROKE = 7
"""Side of the median that takes writing and grain off them."""
LEVELS = 7
"""Thresholds that are tried in each channel."""
EDGES = (5, 10, 20)
"""Grey levels from pixel to pixel that may be a sheet's edge."""
LEAST_AREA, LEAST_SIDE = 0.02, 24.0
"""Of the picture; in pixels of the reduced one."""
SOLID, FILLED = 0.88, 0.85
"""The share of its convex hull, and of its four corners, that a sheet fills at least."""
LEAST_SINE = 0.8
"""Of its angles; a sheet seen from any usual place is nearly a rectangle."""
STEP = 9.0
"""Levels in CIELAB by which a sheet differs from what it lies on, across its edge, at least."""
ALIKE = 0.75
"""The share of a side along which it does."""
NEAR, FAR = 3, 7
"""Pixels from the edge to where the sheet and what it lies on are compared: a printed line is
narrower. The edge itself is looked for as far out, and in."""
THIN = 25
"""Levels by which writing differs from the ground, in the reduced picture, at least."""
SURE_SIDES = 3
"""Sides that are seen, from which it is a sheet for certain; a shadow's edge has fewer."""
MOST = 12
"""Sheets in one picture; the largest are taken."""
ALIKE_BOXES, CLOSE_BOXES = 0.2, 0.2
"""By how much a form's boxes differ in size and level, and how many widths lie between two."""
SAME = 0.5
"""Two outlines that share more of their area are one, or one of them lies in the other."""


class Outline(NamedTuple):
    """A sheet: its corners, (4, 2) in pixels, clockwise from the upper left one; they may lie
    beyond the picture's ends. ``certain`` where three of its sides or more are seen.
    """

    corners: Points
    certain: bool


class _Candidate(NamedTuple):
    corners: Points
    mask: Mask
    area: int
    n_seen: int
    step: float


def find_outlines(picture: Bytes) -> list[Outline]:
    """The sheets on a picture, (H, W) or (H, W, 3) uint8, in reading order; often there are none.

    A sheet is a quadrilateral that differs in colour or brightness from what surrounds it, on both
    sides of its edges, so a printed box on a page is none. Regions are cut out of the picture by
    thresholds in each channel of CIELAB and by edges; those that are nearly quadrilaterals are put
    to the test.
    """
    height, width = picture.shape[:2]
    if max(height, width) < LEAST_LONG or min(height, width) < LEAST_SHORT:
        return []
    small = reduce(picture, SCAN_SIDE)
    if min(small.shape[:2]) < LEAST_SIDE:
        return []
    colour = small if small.ndim == 3 else np.stack([small] * 3, axis=2)
    smooth = np.asarray(cv2.medianBlur(cv2.cvtColor(colour, cv2.COLOR_RGB2LAB), STROKE), np.uint8)
    lab = smooth.astype(np.float32)
    found: list[_Candidate] = []
    for region in _regions(smooth):
        candidate = _as_sheet(region, lab)
        if candidate is not None:
            found.append(candidate)
    zoom = np.array([width / small.shape[1], height / small.shape[0]])
    kept = _but_boxes(_apart(found))
    return [Outline((one.corners + 0.5) * zoom, one.n_seen >= SURE_SIDES) for one in _ordered(kept)]


def strokes_outside(picture: Bytes, outlines: list[Outline]) -> float:
    """The share of a picture's thin structure that lies on none of its sheets, 0 to 1.

    Thin is what a median takes away; an edge's own width beside a sheet does not count.
    """
    small = reduce(picture, SCAN_SIDE)
    away = np.asarray(cv2.absdiff(small, cv2.medianBlur(small, STROKE)), np.uint8)
    thin = away if away.ndim == 2 else away.max(axis=2)
    thin = thin > THIN
    zoom = np.array([small.shape[1] / picture.shape[1], small.shape[0] / picture.shape[0]])
    mask = np.zeros(small.shape[:2], np.uint8)
    for outline in outlines:
        cv2.fillConvexPoly(mask, np.rint(outline.corners * zoom - 0.5).astype(np.int32), (1,))
    around = cv2.dilate(mask, np.ones((2 * FAR + 1, 2 * FAR + 1), np.uint8))
    inside, outside = int(thin[mask > 0].sum()), int(thin[around == 0].sum())
    return outside / max(inside + outside, 1)


def _regions(smooth: Bytes) -> Iterator[NDArray[np.int32]]:
    """The contours of regions that may be sheets, each (n, 1, 2)."""
    least = LEAST_AREA * smooth.shape[0] * smooth.shape[1]
    planes = []
    square = np.ones((3, 3), np.uint8)
    steepest = np.zeros(smooth.shape[:2], np.uint8)
    for channel in cv2.split(smooth):
        low, high = np.percentile(channel, (3, 97))
        if high - low < STEP:
            continue
        for level in np.linspace(low, high, LEVELS + 2)[1:-1]:
            above = (channel > level).astype(np.uint8)
            planes += [above, 1 - above]
        steep = cv2.morphologyEx(channel, cv2.MORPH_GRADIENT, square)
        steepest = np.maximum(steepest, steep)
    planes += [(steepest < edge).astype(np.uint8) for edge in EDGES]
    for plane in planes:
        opened = cv2.morphologyEx(plane, cv2.MORPH_OPEN, square)
        contours, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            if len(contour) > 3 and cv2.contourArea(contour) > least:
                yield np.asarray(contour, np.int32)


def _as_sheet(contour: NDArray[np.int32], lab: NDArray[np.float32]) -> _Candidate | None:
    """The sheet that a region (n, 1, 2) of the reduced picture is; None where it is none."""
    hull = np.asarray(cv2.convexHull(contour), np.float32)
    area = cv2.contourArea(contour)
    if area < SOLID * cv2.contourArea(hull):
        return None
    corners = _four_corners(hull)
    if corners is None or not _is_rectangular(corners):
        return None
    rows, columns = lab.shape[:2]
    ends = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    inside, _ = cv2.intersectConvexConvex(corners.astype(np.float32), ends)
    if area < FILLED * inside or inside > 0.97 * rows * columns:
        return None
    lines, steps = [], []
    for k in range(4):
        line, step = _side(lab, corners[k], corners[(k + 1) % 4])
        if line is None:
            return None
        lines.append(line)
        steps.append(step)
    seen = [step for step in steps if step > 0]
    if not seen:
        return None
    meet = [_meeting(lines[k - 1], lines[k]) for k in range(4)]
    if any(point is None for point in meet):
        return None
    refined = np.array(meet)
    if not _is_rectangular(refined) or np.abs(refined - corners).max() > 3 * FAR:
        return None
    mask = np.zeros((rows, columns), np.uint8)
    cv2.fillConvexPoly(mask, np.rint(refined).astype(np.int32), (1,))
    return _Candidate(_upper_left_first(refined), mask, int(mask.sum()), len(seen), min(seen))


def _four_corners(hull: NDArray[np.float32]) -> Points | None:
    """The quadrilateral around a convex hull (n, 1, 2), clockwise as one sees it.

    The side that adds the least area when its neighbours are made to meet goes, until four are
    left: a corner that is bent, torn off, or beyond the picture's end is put back.
    """
    rough = cv2.approxPolyDP(hull, 0.006 * cv2.arcLength(hull, True), True)
    points = list(rough.reshape(-1, 2).astype(np.float64))
    if len(points) < 4:
        return None
    while len(points) > 4:
        n, best = len(points), None
        for k in range(n):
            a, b, c, d = (points[(k + step) % n] for step in (-1, 0, 1, 2))
            corner = _meeting((a, b - a), (c, d - c))
            if corner is None or np.dot(corner - b, b - a) < 0 or np.dot(corner - c, c - d) < 0:
                continue
            more = abs(_cross(corner - b, c - b))
            if best is None or more < best[0]:
                best = (more, k, corner)
        if best is None:
            return None
        _, k, corner = best
        points[k] = corner
        del points[(k + 1) % n]
    four = np.array(points)
    return four[::-1] if _cross(four[1] - four[0], four[2] - four[1]) < 0 else four


def _cross(a: Points, b: Points) -> float:
    return float(a[0] * b[1] - a[1] * b[0])


def _meeting(one: tuple[Points, Points], other: tuple[Points, Points]) -> Points | None:
    """Where two lines, each a point and a way, meet; None where they are parallel."""
    (a, u), (b, v) = one, other
    turn = _cross(u, v)
    if abs(turn) < 1e-3 * float(np.hypot(*u) * np.hypot(*v)):
        return None
    return np.asarray(a + u * (_cross(b - a, v) / turn))


def _is_rectangular(corners: Points) -> bool:
    """Whether angles are nearly right ones and no side is too short."""
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(*sides.T)
    if lengths.min() < LEAST_SIDE:
        return False
    ways = sides / lengths[:, None]
    sines = [_cross(ways[k - 1], ways[k]) for k in range(4)]
    return min(sines) > LEAST_SINE


def _side(
    lab: NDArray[np.float32], start: Points, end: Points
) -> tuple[tuple[Points, Points] | None, float]:
    """A side as it is seen: a point and a way, and how large the step across it is.

    The step is 0 where the side lies beyond the picture's ends; the line is None where both sides
    of it look alike, so that it is no sheet's.
    """
    rows, columns = lab.shape[:2]
    way = (end - start) / np.hypot(*(end - start))
    out = np.array([way[1], -way[0]])
    n = max(12, int(np.hypot(*(end - start)) / 3))
    points = start + np.linspace(0.06, 0.94, n)[:, None] * (end - start)
    inside = ((points >= FAR + 1) & (points < np.array([columns, rows]) - FAR - 1)).all(axis=1)
    if inside.mean() < 0.25:
        return (start, way), 0.0
    points = points[inside]
    offsets = np.arange(-FAR, FAR + 1)
    places = np.rint(points[:, None] + offsets[:, None] * out).astype(int)  # (n, offsets, 2)
    places = places.clip(0, (columns - 1, rows - 1))
    colours = lab[places[..., 1], places[..., 0]]
    within = colours[:, [0, FAR - NEAR]].mean(axis=1)
    beyond = colours[:, -1]
    step = np.median(within - beyond, axis=0)
    size = float(np.linalg.norm(step))
    deeper = float(np.linalg.norm(np.median(colours[:, 0] - beyond, axis=0)))
    if min(size, deeper) < STEP:  # a thick printed line is as dark as a table, but no wider
        return None, 0.0
    alike = (within - beyond) @ step / size > 0.4 * size
    if alike.mean() < ALIKE:
        return None, 0.0
    along = (colours - beyond[:, None]) @ step / np.maximum((within - beyond) @ step, 1)[:, None]
    edge = (along > 0.5).sum(axis=1) - FAR - 0.5  # how far out the sheet ends
    seen = (points + edge[:, None] * out)[alike].astype(np.float32)
    u, v, x, y = cv2.fitLine(seen, cv2.DIST_HUBER, 0, 0.01, 0.01).ravel().astype(np.float64)
    line = np.array([u, v])
    return (np.array([x, y]), line if line @ way > 0 else -line), size


def _upper_left_first(corners: Points) -> Points:
    """The same corners, the one first from which the most level upper side begins."""
    sides = np.roll(corners, -1, axis=0) - corners
    return np.roll(corners, -int(np.argmax(sides[:, 0] / np.hypot(*sides.T))), axis=0)


def _apart(found: list[_Candidate]) -> list[_Candidate]:
    """Sheets that do not share their area: of those that do, the best seen, else the largest."""
    kept: list[_Candidate] = []
    clusters: list[list[_Candidate]] = []
    for one in sorted(found, key=lambda one: -one.area):
        for cluster in clusters:
            shared = int((cluster[0].mask & one.mask).sum())
            if shared > 0.7 * cluster[0].area:
                cluster.append(one)
                break
        else:
            clusters.append([one])
    for cluster in clusters:
        best = max(cluster, key=lambda one: (one.n_seen, one.step))
        if all(int((one.mask & best.mask).sum()) < SAME * best.area for one in kept):
            kept.append(best)
    return kept[:MOST]


def _but_boxes(found: list[_Candidate]) -> list[_Candidate]:
    """Without three or more of one size close side by side: a form's boxes, thickly printed."""
    low = np.array([one.corners.min(axis=0) for one in found]).reshape(-1, 2)
    size = np.array([one.corners.max(axis=0) for one in found]).reshape(-1, 2) - low
    beside = np.zeros((len(found), len(found)), np.bool_)
    for k in range(len(found)):
        alike = (np.abs(size - size[k]) < ALIKE_BOXES * size[k]).all(axis=1)
        away = np.abs(low - low[k])
        level = away[:, 1] < ALIKE_BOXES * size[k, 1]
        beside[k] = alike & level & (away[:, 0] < (1 + CLOSE_BOXES) * size[k, 0])
    middle = beside.sum(axis=1) >= 3  # itself, and one on either side
    in_a_row = (beside & middle).any(axis=1)
    return [one for one, is_box in zip(found, in_a_row, strict=True) if not is_box]


def _ordered(found: list[_Candidate]) -> list[_Candidate]:
    """Sheets in reading order: row by row, each from left to right."""
    rest = sorted(found, key=lambda one: float(one.corners[:, 1].mean()))
    ordered: list[_Candidate] = []
    while rest:
        middle = float(rest[0].corners[:, 1].mean())
        beside = [float(one.corners[:, 1].min()) < middle for one in rest]
        row = [one for one, is_beside in zip(rest, beside, strict=True) if is_beside]
        ordered += sorted(row, key=lambda one: float(one.corners[:, 0].mean()))
        rest = [one for one, is_beside in zip(rest, beside, strict=True) if not is_beside]
    return ordered
