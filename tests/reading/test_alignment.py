"""Where a blank form lies in a picture: found within two pixels, or refused."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitnet.errors import SettingsError
from digitnet.reading.alignment import (
    LEAST_SHARE,
    AlignmentError,
    BlankForm,
    align,
    flattened,
    moved,
)
from support.forms import blank_form, filled_form

BLANK = BlankForm.of(blank_form().picture)


def corners() -> NDArray[np.float64]:
    """Of all fields of the form, (n, 2)."""
    boxes = blank_form().boxes.values()
    return np.array([xy for x, y, X, Y in boxes for xy in ((x, y), (X, Y))], np.float64)


def seen(view: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The blank form through a map of pixels' corners, on dark ground."""
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    middles = np.linalg.inv(half) @ view @ half
    picture = cv2.warpPerspective(blank_form().picture, middles, size, borderValue=(60,))
    return np.asarray(picture, np.uint8)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("photo", [False, True])
def test_a_known_view_is_found_within_two_pixels(quarters: int, photo: bool) -> None:
    form = filled_form(photo=photo)
    picture = np.ascontiguousarray(np.rot90(form.picture, quarters))
    found = align(BLANK, picture)
    there = moved(corners(), form.view)
    width = form.picture.shape[1], form.picture.shape[0]
    for k in range(quarters):  # to the left
        there = np.stack([there[:, 1], width[k % 2] - there[:, 0]], axis=1)
    assert np.abs(moved(corners(), found.view) - there).max() < 2
    assert found.share > 0.8
    tilt = np.degrees(np.arctan2(form.view[1, 0], form.view[0, 0]))
    away = (found.turned - (tilt - 90 * quarters) + 180) % 360 - 180
    assert abs(away) < 5


@pytest.mark.parametrize(("scale", "degrees"), [(0.5, 3), (1.0, -30), (2.5, 5)])
def test_scale_and_rotation(scale: float, degrees: float) -> None:
    height, width = blank_form().picture.shape
    side = round(1.5 * scale * height)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    turn[:, 2] += side / 2 - np.array([width / 2, height / 2])
    view = np.vstack([turn, [0, 0, 1]])
    found = align(BLANK, seen(view, (side, side)))
    away = np.abs(moved(corners(), found.view) - moved(corners(), view)).max()
    assert away < 2 * max(scale, 1)
    flat = flattened(seen(view, (side, side)), found.view, blank_form().picture.shape)
    off = np.abs(flat.astype(int) - blank_form().picture)[20:-20, 20:-20]
    assert np.percentile(off, 95) < 60


def test_another_form_is_refused() -> None:
    with pytest.raises(AlignmentError, match="this form"):
        align(BLANK, blank_form(seed=5).picture)
    with pytest.raises(AlignmentError, match="this form"):
        align(BLANK, np.random.default_rng(0).integers(0, 256, (600, 500), np.uint8))
    with pytest.raises(AlignmentError, match="this form"):
        align(BLANK, np.full((600, 500), 255, np.uint8))
    with pytest.raises(AlignmentError, match="this form"):
        align(BLANK, np.zeros((1, 1, 3), np.uint8))


def test_a_mirrored_form_is_refused() -> None:
    with pytest.raises(AlignmentError, match="this form"):
        align(BLANK, np.ascontiguousarray(blank_form().picture[:, ::-1]))


def test_what_is_cut_off_counts_as_not_found() -> None:
    assert align(BLANK, blank_form().picture).share == 1
    cut = blank_form().picture[: round(0.8 * 1403)]
    assert LEAST_SHARE <= align(BLANK, cut).share < 0.95
    with pytest.raises(AlignmentError, match="this form"):
        align(BLANK, blank_form().picture[:300])


def test_print_that_is_not_where_it_should_be_around_one_field() -> None:
    name, (left, top, right, bottom) = next(iter(blank_form().boxes.items()))
    picture = blank_form().picture.copy()
    picture[top - 90 : bottom + 90, max(0, left - 90) : right + 90] = 250
    found = align(BLANK, picture)
    assert not found.around((left, top, right, bottom)).vouched
    others = [box for other, box in blank_form().boxes.items() if other != name]
    assert any(found.around(box).vouched for box in others)


def test_a_form_with_nothing_printed() -> None:
    with pytest.raises(SettingsError, match="Too little is printed"):
        BlankForm.of(np.full((800, 600), 255, np.uint8))
