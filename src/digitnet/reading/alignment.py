"""Alignment: where the blank form lies in a picture of a filled-in one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.errors import PictureError, SettingsError
from digitnet.imaging.arrays import Bytes, Flags
from digitnet.imaging.boxes import Box
from digitnet.imaging.reduce import reduce

LONGEST = 1100
"""Longer side of the reduced pictures that are compared, in pixels."""
FEATURES = 2000
"""Features of each, at most."""
RATIO = 0.8
"""How much nearer a feature's match must be than the next (Lowe 2004, section 7.1)."""
LEAST_MATCHES = 12
"""Features that agree on where the form lies, at least."""
PATCH, REACH = 12, 8
"""Half a patch's side, and how far around its place it is sought, in pixels of the reduced form."""
MOST_PATCHES = 250
LEAST_LIKE = 0.6
"""The correlation from which a patch is found."""
NEAR = 1.5
"""Pixels of the reduced form that a patch may lie beside its place."""
LEAST_SHARE = 0.6
"""Of the patches, the share that must be found."""
AROUND = 90
"""Pixels of the reduced form around a field, in which patches vouch for it."""
LEAST_AROUND = 0.4
"""Of those patches, the share that must be found; the writing hides some."""


class AlignmentError(PictureError):
    """A picture that does not show the form, or not so that its fields could be found."""


@dataclass(frozen=True)
class BlankForm:
    """A form without writing, and what of its print is recognised.

    Attributes:
        picture: (H, W) or (H, W, 3) uint8.
        small: (h, w) uint8, grey, at most `LONGEST` pixels long.
        zoom: its pixels per pixel of ``picture``.
        points: (n, 2) of the features in ``small``, x and y.
        descriptors: (n, 128) of SIFT.
        patches: (p, 2) middles of printed corners in ``small``, x and y.
    """

    picture: Bytes
    small: Bytes
    zoom: float
    points: NDArray[np.float32]
    descriptors: NDArray[np.float32]
    patches: NDArray[np.int64]

    @classmethod
    def of(cls, picture: Bytes) -> BlankForm:
        """Find what there is to recognise on a blank form, (H, W) or (H, W, 3) uint8.

        Raises:
            SettingsError: there is too little.
        """
        small = _grey(reduce(picture, LONGEST))
        points, descriptors = _features(small)
        corners = cv2.goodFeaturesToTrack(small, MOST_PATCHES, 0.05, 1.2 * PATCH)
        found = np.zeros((0, 2)) if corners is None else np.rint(np.asarray(corners)[:, 0])
        room = PATCH + 1
        inside = (found >= room).all(axis=1) & (found < np.array(small.shape[::-1]) - room).all(1)
        patches = found[inside].astype(np.int64)
        if min(len(points), len(patches)) < 2 * LEAST_MATCHES:
            raise SettingsError(
                "Too little is printed on the blank form to find it again in other pictures: "
                "it needs some words, lines or boxes, sharp and not too small."
            )
        zoom = small.shape[1] / picture.shape[1]
        return cls(picture, small, zoom, points, descriptors, patches)


@dataclass(frozen=True)
class Alignment:
    """Where the blank form lies in a picture.

    Attributes:
        view: (3, 3), from the blank form's pixels (x, y, 1) to the picture's.
        share: of the form's printed corners, how many were found where they should be.
        places: (p, 2) of the corners in the blank form's pixels, x and y.
        found: (p,), which of them were found.
        shifts: (p, 2), how far beside their places, in the blank form's pixels.
    """

    view: NDArray[np.float64]
    share: float
    places: NDArray[np.float64]
    found: Flags
    shifts: NDArray[np.float64]
    zoom: float

    @property
    def turned(self) -> int:
        """By how many degrees clockwise the form lies turned in the picture, from 0 to 359."""
        angle = np.degrees(np.arctan2(self.view[1, 0], self.view[0, 0]))
        return round(float(angle)) % 360

    def around(self, box: Box) -> _Neighbours:
        """What the printed corners near a box of the blank form say of its place."""
        left, top, right, bottom = box
        x, y = self.places.T
        reach = AROUND / self.zoom
        near = (x > left - reach) & (x < right + reach) & (y > top - reach) & (y < bottom + reach)
        found = near & self.found
        shift = np.zeros(2)
        if found.sum() >= 3:
            shift = np.median(self.shifts[found], axis=0)
        vouched = not near.any() or bool(found.sum() >= LEAST_AROUND * near.sum())
        return _Neighbours(vouched, shift)

    def quad(self, box: Box) -> NDArray[np.float64]:
        """The corners of a box of the blank form in the picture, (4, 2), clockwise."""
        left, top, right, bottom = box
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
        return moved(corners, self.view)


class _Neighbours(NamedTuple):
    """Whether the print around a field is where it should be, and by how much it is shifted."""

    vouched: bool
    shift: NDArray[np.float64]


def moved(points: NDArray[np.float64], view: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (n, 2) through a projective map (3, 3)."""
    through = cv2.perspectiveTransform(points.reshape(-1, 1, 2).astype(np.float64), view)
    return np.asarray(through, np.float64).reshape(-1, 2)


def flattened(picture: Bytes, view: NDArray[np.float64], shape: tuple[int, ...]) -> Bytes:
    """A form as it would lie over the blank one, whose shape is (H, W, ...)."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpPerspective(picture, view, (shape[1], shape[0]), flags=flags), np.uint8
    )


def align(blank: BlankForm, picture: Bytes) -> Alignment:
    """Find a form in a picture, (H, W) or (H, W, 3) uint8, however it lies.

    SIFT features (Lowe 2004) of both that match, and the homography that most of them agree on
    (MAGSAC, Barath et al. 2019). Then each printed corner of the form is sought near its place,
    which makes the homography exact, and says whether this is the form at all.

    Raises:
        AlignmentError: it does not show the form, or too little of it.
    """
    height, width = picture.shape[:2]
    best: Alignment | None = None
    for longest in (LONGEST, 2 * LONGEST):
        small = _grey(reduce(picture, longest))
        zoom = small.shape[1] / width
        first = _first_view(blank, small)
        if first is not None:
            found = _refined(blank, small, zoom, first)
            if found is not None and (best is None or found.share > best.share):
                best = found
        if (best is not None and best.share >= LEAST_SHARE) or max(height, width) <= longest:
            break
    if best is None:
        raise AlignmentError("It does not show this form: nothing printed on it was found again.")
    if best.share < LEAST_SHARE:
        raise AlignmentError(
            f"It does not lie like this form: only {best.share:.0%} of the print is where it "
            "should be."
        )
    return best


def _features(grey: Bytes) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    sift = cv2.SIFT_create(FEATURES)  # type: ignore[attr-defined]  # of 4.4 and later
    found, descriptors = sift.detectAndCompute(grey, None)
    points = np.array([one.pt for one in found], np.float32).reshape(-1, 2)
    if descriptors is None:
        descriptors = np.zeros((0, 128), np.float32)
    return points, np.asarray(descriptors, np.float32)


def _first_view(blank: BlankForm, small: Bytes) -> NDArray[np.float64] | None:
    """The map (3, 3) of the reduced form into a reduced picture, by their features."""
    points, descriptors = _features(small)
    if len(points) < LEAST_MATCHES:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(blank.descriptors, descriptors, 2)
    good = [pair[0] for pair in pairs if pair[0].distance < RATIO * pair[-1].distance]
    if len(good) < LEAST_MATCHES:
        return None
    ours = blank.points[[match.queryIdx for match in good]]
    theirs = points[[match.trainIdx for match in good]]
    view, kept = cv2.findHomography(
        ours, theirs, cv2.USAC_MAGSAC, 3.0, maxIters=5000, confidence=0.999
    )
    if view is None or int(kept.sum()) < LEAST_MATCHES or not _is_sound(view, blank.small.shape):
        return None
    return np.asarray(view, np.float64)


def _is_sound(view: NDArray[Any], shape: tuple[int, ...]) -> bool:
    """Whether a sheet can look so: not mirrored, not folded over the horizon, not tiny."""
    height, width = shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    depth = np.column_stack([corners, np.ones(4)]) @ view[2]
    if not np.isfinite(view).all() or depth.min() * depth.max() <= 0:
        return False
    quad = moved(corners, view)
    sides = np.roll(quad, -1, axis=0) - quad
    after = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0]
    lengths = np.hypot(*sides.T)
    even = lengths.min() > 0.2 * lengths.max() * min(width, height) / max(width, height)
    return bool((turns > 0).all() and even)


def _refined(
    blank: BlankForm, small: Bytes, zoom: float, first: NDArray[np.float64]
) -> Alignment | None:
    """Each printed corner sought near its place, and the map that fits those that were found."""
    view = first
    shifts, found = _sought(blank, small, view)
    for _ in range(2):
        if found.sum() < LEAST_MATCHES:
            break
        there = moved(blank.patches + shifts, view)
        better, _ = cv2.findHomography(
            blank.patches[found].astype(np.float64), there[found], cv2.RANSAC,
            NEAR * np.sqrt(abs(np.linalg.det(view[:2, :2]))),
        )  # fmt: skip
        if better is None or not _is_sound(better, blank.small.shape):
            return None
        view = np.asarray(better, np.float64)
        shifts, found = _sought(blank, small, view)
    found = found & (np.hypot(*shifts.T) <= NEAR)
    whole = np.diag([1 / zoom, 1 / zoom, 1]) @ _halves(view) @ np.diag([blank.zoom, blank.zoom, 1])
    return Alignment(
        whole / whole[2, 2], float(found.mean()), blank.patches / blank.zoom, found,
        shifts / blank.zoom, blank.zoom,
    )  # fmt: skip


def _halves(view: NDArray[np.float64]) -> NDArray[np.float64]:
    """A map between pixels' middles as one between their corners, which scaling leaves alone."""
    there = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    back = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    return np.asarray(there @ view @ back, np.float64)


def _sought(
    blank: BlankForm, small: Bytes, view: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Flags]:
    """How far beside its place each printed corner is, (p, 2), and whether it is there, (p,)."""
    height, width = blank.small.shape
    flat = cv2.warpPerspective(
        small, view, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    shifts = np.zeros((len(blank.patches), 2))
    found = np.zeros(len(blank.patches), np.bool_)
    for k, (x, y) in enumerate(blank.patches.tolist()):
        patch = blank.small[y - PATCH : y + PATCH + 1, x - PATCH : x + PATCH + 1]
        x0, y0 = max(x - PATCH - REACH, 0), max(y - PATCH - REACH, 0)
        where = flat[y0 : y + PATCH + REACH + 1, x0 : x + PATCH + REACH + 1]
        like = np.asarray(cv2.matchTemplate(where, patch, cv2.TM_CCOEFF_NORMED), np.float64)
        row, column = np.unravel_index(int(like.argmax()), like.shape)
        found[k] = like[row, column] >= LEAST_LIKE
        shifts[k] = (
            column + _between(like[row], int(column)) + x0 - (x - PATCH),
            row + _between(like[:, column], int(row)) + y0 - (y - PATCH),
        )
    return shifts, found


def _between(values: NDArray[np.float64], at: int) -> float:
    """Where a parabola through a maximum and its two neighbours has its top, from -1/2 to 1/2."""
    if not 0 < at < len(values) - 1:
        return 0.0
    before, top, after = values[at - 1 : at + 2].tolist()
    bend = before - 2 * top + after
    return float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0


def _grey(picture: Bytes) -> Bytes:
    if picture.ndim == 2:
        return picture
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
