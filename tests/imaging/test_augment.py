"""Augmented frames: nothing changes nothing, what changes is what was asked, none leaks."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from digitnet.imaging.augment import (
    AUGMENTATIONS,
    MOST,
    Augmentation,
    _coarsen,
    _elastic,
    _sources,
    _through_pixels,
    _warp,
    augmented,
    erase,
    soften,
    speckle,
    stroke_widths,
    thicken,
)


def spots(n: int) -> np.ndarray:
    """Frames with one soft spot in the middle, of mass that is easy to follow."""
    y, x = np.mgrid[:28, :28] - 13.5
    spot = np.rint(255 * np.exp(-(x**2 + y**2) / 18)).astype(np.uint8)
    return np.repeat(spot[None], n, axis=0)


def centres(images: np.ndarray) -> np.ndarray:
    """(N, 2): the centre of mass of each frame, y and x."""
    mass = images.astype(float).sum(axis=(1, 2))
    rows = images.astype(float).sum(axis=2) @ np.arange(28)
    columns = images.astype(float).sum(axis=1) @ np.arange(28)
    return np.stack([rows, columns], axis=1) / mass[:, None]


def test_no_variation_changes_nothing(rng: np.random.Generator) -> None:
    images = rng.integers(0, 256, (30, 28, 28)).astype(np.uint8)
    np.testing.assert_array_equal(augmented(images, Augmentation(), rng), images)
    assert not Augmentation()
    assert Augmentation(shear=0.1)
    with pytest.raises(FrozenInstanceError):
        Augmentation().shear = 0.1  # type: ignore[misc]


def test_the_same_generator_gives_the_same_variations() -> None:
    images, augmentation = spots(40), Augmentation(10, 2, 0.1, 0.2, 1.0)
    one, other = (augmented(images, augmentation, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert len({image.tobytes() for image in one}) == 40  # and each image another


def test_shifts_stay_within_their_bound_and_fill_it(rng: np.random.Generator) -> None:
    moved = centres(augmented(spots(500), Augmentation(shift=3), rng)) - 13.5
    assert np.abs(moved).max() <= 3.05
    assert np.abs(moved).max(axis=0).min() > 2.8
    assert np.abs(moved.mean(axis=0)).max() < 0.3


def test_rotation_turns_about_the_middle(rng: np.random.Generator) -> None:
    """A spot off the middle goes along an arc: its distance stays, its angle spreads."""
    images = np.roll(spots(400), 6, axis=2)
    turned = centres(augmented(images, Augmentation(rotation=30), rng)) - 13.5
    np.testing.assert_allclose(np.hypot(*turned.T), 6.0, atol=0.1)
    angles = np.degrees(np.arctan2(turned[:, 0], turned[:, 1]))
    assert np.abs(angles).max() <= 30.5
    assert np.abs(angles).max() > 27


def test_scale_changes_size_and_shear_slants(rng: np.random.Generator) -> None:
    mass = augmented(spots(300), Augmentation(scale=0.2), rng).astype(float).sum(axis=(1, 2))
    ratio = mass / spots(1).astype(float).sum()
    assert 0.65 < ratio.min() < 0.8 < 1.25 < ratio.max() < 1.6
    bar = np.zeros((300, 28, 28), np.uint8)
    bar[:, 4:24, 12:16] = 255
    slanted = augmented(bar, Augmentation(shear=0.3), rng)
    lean = centres(np.where(np.arange(28)[:, None] < 10, slanted, 0))[:, 1] - 13.5
    assert lean.max() > 1.5
    assert lean.min() < -1.5


def test_elastic_moves_neighbours_alike(rng: np.random.Generator) -> None:
    moves = _elastic((600, 28, 28), 1.5, rng)
    np.testing.assert_allclose(moves.std(axis=0), 1.5, atol=0.2)
    assert np.abs(moves.mean(axis=0)).max() < 0.3
    steps = np.diff(moves, axis=2).std()
    assert steps < 0.35 * 1.5  # a point and its neighbour
    far = np.corrcoef(moves[:, 2, 2], moves[:, 25, 25])[0, 1]
    assert abs(far) < 0.15


def test_no_ink_leaks_into_a_neighbour(rng: np.random.Generator) -> None:
    """Full frames beside empty ones: the empty ones stay empty, also across two warps."""
    images = np.zeros((MOST + 11, 28, 28), np.uint8)
    images[::2] = 255
    varied = augmented(images, Augmentation(20, 4, 0.2, 0.3, 2.0), rng)
    assert varied.shape == images.shape
    assert not varied[1::2].any()
    assert varied[::2].mean(axis=(1, 2)).min() > 100


@pytest.mark.parametrize("n", [0, 1])
def test_small_batches(n: int, rng: np.random.Generator) -> None:
    assert augmented(spots(n), Augmentation(5, 1), rng).shape == (n, 28, 28)


def bars_of_width(width: int, n: int = 3) -> np.ndarray:
    images = np.zeros((n, 28, 28), np.uint8)
    images[:, 4:24, 10 : 10 + width] = 200
    return images


def test_strokes_grow_and_shrink_by_the_pixels_asked_for() -> None:
    """A bar of 4 pixels: the ink across it, in pixels, is 4 + 2 amount."""
    for amount in (-1.0, -0.5, 0.0, 0.3, 1.0):
        changed = thicken(bars_of_width(4), np.full(3, amount, np.float32))
        across = changed[:, 14].sum(axis=1) / 200
        np.testing.assert_allclose(across, 4 + 2 * amount, atol=0.02)


def test_a_blur_keeps_the_ink_and_softens_the_edge() -> None:
    images = bars_of_width(4)
    np.testing.assert_array_equal(soften(images, np.zeros(3, np.float32)), images)
    blurred = soften(images, np.ones(3, np.float32))
    assert blurred[0, 14].sum() == pytest.approx(4 * 200, abs=4)
    np.testing.assert_array_equal(blurred[0, 14, 8:12], [0, 50, 150, 200])  # 1 2 1, quarters


def test_erasures_are_small_and_hit_the_share_asked_for(rng: np.random.Generator) -> None:
    full = np.full((2000, 28, 28), 255, np.uint8)
    gone = (erase(full, 0.3, rng) == 0).sum(axis=(1, 2))
    hit = gone[gone > 0]
    assert len(hit) / 2000 == pytest.approx(0.3, abs=0.04)
    assert hit.max() <= 25
    assert hit.min() >= 4


def test_noise_is_as_strong_as_asked_and_leaves_paper_alone(rng: np.random.Generator) -> None:
    images = np.zeros((2, 28, 28), np.uint8)
    images[:, 5:20] = 128
    noisy = speckle(images, np.array([0.0, 10.0], np.float32), rng)
    np.testing.assert_array_equal(noisy[0], images[0])
    assert noisy[1, 5:20].std() == pytest.approx(10, rel=0.15)
    assert not noisy[1, :5].any()


def test_changed_ink_does_not_reach_the_next_frame(rng: np.random.Generator) -> None:
    images = np.zeros((6, 28, 28), np.uint8)
    images[::2] = 255
    ink = Augmentation(thickness=1.0, blur=1.0, erasure=0.5, noise=20)
    assert not augmented(images, ink, rng)[1::2].any()


def test_what_the_names_of_augmentations_stand_for() -> None:
    affine = {"rotation": 10, "shift": 1.5, "scale": 0.1, "shear": 0.15}
    ink = {"thickness": 0.5, "blur": 0.7, "erasure": 0.3, "noise": 8}
    arrays = {"width": 0.2, "pen": 0.2, "coarse": 0.2}
    assert {name: each.augmentation for name, each in AUGMENTATIONS.items()} == {
        "none": None,
        "affine": Augmentation(**affine),
        "elastic": Augmentation(**affine, elastic=0.8),
        "ink": Augmentation(**affine, elastic=0.8, **ink),
        "wide": Augmentation(**affine, **arrays),
        "wide-elastic": Augmentation(
            **affine, elastic=0.8, **{name: share / 2 for name, share in arrays.items()}
        ),
    }
    assert all(each.help for each in AUGMENTATIONS.values())
    changes = {name: bool(each.augmentation) for name, each in AUGMENTATIONS.items()}
    assert changes.pop("none") is False
    assert all(changes.values())


def test_frames_are_drawn_for_128_at_a_time() -> None:
    """So a batch is the same, however it is cut at multiples of 128."""
    images, augmentation = spots(200), Augmentation(10, 2, 0.1, 0.2, 1.0, noise=5.0)
    one, other = np.random.default_rng(5), np.random.default_rng(5)
    parts = [
        augmented(images[:128], augmentation, other),
        augmented(images[128:], augmentation, other),
    ]
    np.testing.assert_array_equal(augmented(images, augmentation, one), np.concatenate(parts))
    assert MOST == 128


def test_an_elastic_surface_goes_through_eight_knots_a_side() -> None:
    one, other = np.random.default_rng(5), np.random.default_rng(5)
    moves = _elastic((3, 28, 28), 2.0, one)
    knots = other.standard_normal((3, 8, 8), dtype=np.float32)
    assert one.bit_generator.state == other.bit_generator.state
    # In a corner the first knot weighs 1, those beside it e^-1/2, and so on; squares sum to 1.
    bump = np.exp(-0.5 * np.arange(8.0) ** 2)
    bump /= np.sqrt((bump**2).sum())
    np.testing.assert_allclose(moves[:, 0, 0], 2.0 * (knots @ bump @ bump), rtol=1e-4)
    np.testing.assert_allclose(moves[:, 27, 0], 2.0 * (bump[::-1] @ knots @ bump), rtol=1e-4)


def test_erasures_begin_in_the_middle_and_have_two_to_five_pixels_a_side(
    rng: np.random.Generator,
) -> None:
    gone = erase(np.full((4000, 28, 28), 255, np.uint8), 1.0, rng) == 0
    rows, columns = gone.any(axis=2), gone.any(axis=1)
    for across in (rows, columns):
        sizes = across.sum(axis=1)
        assert sorted(set(sizes.tolist())) == [2, 3, 4, 5]
        first = across.argmax(axis=1)
        assert (first.min(), first.max()) == (4, 23)
    assert erase(np.full((50, 28, 28), 255, np.uint8), 0.0, rng).min() == 255


def test_mixing_rounds_to_the_nearest_grey() -> None:
    images = np.zeros((1, 28, 28), np.uint8)
    images[0, 10:14, 10:14] = 3
    half = thicken(images, np.array([0.5], np.float32))
    assert half[0, 9, 11] == 2  # 1.5, up
    assert thicken(images, np.array([0.1], np.float32))[0, 9, 11] == 0


def test_a_pixels_source_by_the_formula() -> None:
    """Turned, slanted and scaled about the middle, then moved; frames are 10 high and 7 wide."""
    augmentation = Augmentation(rotation=20, shift=2, scale=0.3, shear=0.4)
    from_x, from_y = _sources((3, 10, 7), augmentation, np.random.default_rng(8))
    rng = np.random.default_rng(8)
    turn, slant, wide, high, right, down = (
        rng.uniform(-most, most, 3) for most in (20, 0.4, 0.3, 0.3, 2, 2)
    )
    y, x = np.mgrid[:10, :7] - np.array([4.5, 3.0])[:, None, None]
    for k, angle in enumerate(np.radians(turn)):
        turned_x = np.cos(angle) * x - np.sin(angle) * y
        turned_y = np.sin(angle) * x + np.cos(angle) * y
        slanted = turned_x + slant[k] * turned_y
        np.testing.assert_allclose(from_x[k], (1 + wide[k]) * slanted + right[k] + 3.0, atol=1e-4)
        np.testing.assert_allclose(from_y[k], (1 + high[k]) * turned_y + down[k] + 4.5, atol=1e-4)


def test_elastic_displacements_are_added_x_first() -> None:
    plain = _sources((2, 10, 7), Augmentation(shift=1), np.random.default_rng(3))
    rng = np.random.default_rng(3)
    bent = _sources((2, 10, 7), Augmentation(shift=1, elastic=0.5), rng)
    other = np.random.default_rng(3)
    other.uniform(-1, 1, (6, 2))  # six amounts for each frame
    for before, after in zip(plain, bent, strict=True):
        np.testing.assert_allclose(after - before, _elastic((2, 10, 7), 0.5, other), atol=1e-5)
    assert rng.bit_generator.state == other.bit_generator.state


def test_an_elastic_surface_by_the_formula() -> None:
    """Knots are 9 / 7 pixels apart along 10 rows, 1 along 8 columns."""
    moves = _elastic((2, 10, 8), 1.5, np.random.default_rng(4))
    knots = np.random.default_rng(4).standard_normal((2, 8, 8), dtype=np.float32)
    along = []
    for side in (10, 8):
        bumps = np.exp(-0.5 * (np.arange(side)[:, None] * 7 / (side - 1) - np.arange(8)) ** 2)
        along.append(bumps / np.linalg.norm(bumps, axis=1, keepdims=True))
    expected = 1.5 * np.einsum("yi,nij,xj->nyx", along[0], knots, along[1])
    np.testing.assert_allclose(moves, expected, rtol=1e-4, atol=1e-5)


def test_erasures_and_grain_by_the_draws() -> None:
    """Frames of 12 rows and 20 columns: what begins in the last row or column is cut off there."""
    images = np.random.default_rng(0).integers(0, 3, (40, 12, 20)).astype(np.uint8) * np.uint8(120)
    rng = np.random.default_rng(6)
    hit = rng.random(40) < 0.5
    sizes = rng.integers(2, 6, (40, 2))
    tops, lefts = rng.integers(2, 10, 40), rng.integers(3, 17, 40)
    expected = images.copy()
    for k in np.nonzero(hit)[0]:
        high, wide = sizes[k]
        expected[k, tops[k] : tops[k] + high, lefts[k] : lefts[k] + wide] = 0
    np.testing.assert_array_equal(erase(images, 0.5, np.random.default_rng(6)), expected)
    amounts = np.linspace(0, 60, 40).astype(np.float32)
    noise = np.random.default_rng(7).standard_normal(images.shape, dtype=np.float32)
    noisy = np.where(images > 0, (images + noise * amounts[:, None, None]).clip(0, 255), 0)
    np.testing.assert_array_equal(
        speckle(images, amounts, np.random.default_rng(7)), noisy.astype(np.uint8)
    )


def test_the_ink_is_changed_in_one_order_by_one_generator() -> None:
    """Thickness, blur, erasure, noise; frames that are not square, each by an amount of its own."""
    images = np.random.default_rng(0).integers(0, 256, (5, 12, 20)).astype(np.uint8)
    rng = np.random.default_rng(9)
    changed = augmented(images, Augmentation(thickness=0.6, blur=0.8, erasure=0.5, noise=9), rng)
    other = np.random.default_rng(9)
    other.uniform(0, 0, 30)  # the six amounts of a shape that stays
    expected = thicken(images, other.uniform(-0.6, 0.6, 5).astype(np.float32))
    expected = soften(expected, other.uniform(0, 0.8, 5).astype(np.float32))
    expected = erase(expected, 0.5, other)
    expected = speckle(expected, other.uniform(0, 9, 5).astype(np.float32), other)
    np.testing.assert_array_equal(changed, expected)
    assert rng.bit_generator.state == other.bit_generator.state


def test_beyond_the_frame_there_is_no_ink() -> None:
    """A full frame that is moved by whole pixels loses as many rows, and gains empty ones."""
    images = np.full((2, 8, 6), 200, np.uint8)
    x, y = (np.tile(a, (2, 1, 1)).astype(np.float32) for a in np.meshgrid(range(6), range(8)))
    for move in (-9, -3, -1, 0, 1, 2, 12):
        moved = _warp(images, x.copy(), y + np.float32(move))
        rows = [200 if 0 <= row + move < 8 else 0 for row in range(8)]
        assert moved[1, :, 3].tolist() == rows
        assert moved[0, :, 0].tolist() == rows
    half = _warp(images, x + np.float32(0.5), y - np.float32(0.25))
    assert half[1, 4].tolist() == [200] * 5 + [100]
    assert half[0, 0].tolist() == [150] * 5 + [75]


def ring(wide: int, high: int, n: int) -> np.ndarray:
    """Frames with an upright ring, its centre in the middle of the frame."""
    y, x = np.mgrid[:28, :28] - 13.5
    away = np.hypot(x / (wide / 2 - 1.5), y / (high / 2 - 1.5))
    inside = np.abs(away - 1) * min(wide, high) / 2 < 1.5
    return np.repeat((inside * np.uint8(255))[None], n, axis=0)


def sizes(images: np.ndarray) -> np.ndarray:
    """(N, 2): the width and height of each frame's ink where it is at least half full."""
    return np.stack([(images > 127).any(axis=axis).sum(axis=1) for axis in (1, 2)], axis=1)


@pytest.mark.parametrize("name", ["width", "pen", "coarse"])
def test_what_only_a_share_of_the_frames_undergo_leaves_the_others_their_bits(
    name: str, rng: np.random.Generator
) -> None:
    images = ring(12, 20, 1000)
    changed = augmented(images, Augmentation(**{name: 0.3}), rng)
    same = (changed == images).all(axis=(1, 2))
    assert same.mean() == pytest.approx(0.7, abs=0.05)
    every = augmented(images, Augmentation(**{name: 1.0}), rng)
    assert (every != images).any(axis=(1, 2)).mean() > 0.95


def test_a_digit_is_squeezed_to_half_its_width_or_stretched_to_a_square(
    rng: np.random.Generator,
) -> None:
    wide, high = sizes(augmented(ring(12, 20, 2000), Augmentation(width=1.0), rng)).T
    np.testing.assert_allclose(high, 20, atol=1)
    assert wide.min() in (6, 7)
    assert wide.max() in (19, 20)
    # Evenly in its logarithm: as often below 12 * sqrt(0.5 / 0.6), the middle, as above.
    assert np.mean(wide < 11) == pytest.approx(0.5, abs=0.1)


def test_a_wide_digit_grows_as_high_as_the_box_when_it_is_squeezed(
    rng: np.random.Generator,
) -> None:
    """A proportion of 20 : 12 goes down to half of that, and is never exceeded."""
    wide, high = sizes(augmented(ring(20, 12, 1000), Augmentation(width=1.0), rng)).T
    assert np.abs(np.maximum(wide, high) - 20).max() <= 1
    proportion = wide / high
    assert proportion.max() <= 20 / 10  # 20 : 12, but for the softest rows of the ring
    assert 0.75 < proportion.min() < 0.95


def test_a_bare_stroke_is_stretched_three_times_at_most(rng: np.random.Generator) -> None:
    bar = np.zeros((500, 28, 28), np.uint8)
    bar[:, 4:24, 12:16] = 255
    wide, _ = sizes(augmented(bar, Augmentation(width=1.0), rng)).T
    assert 9 <= wide.max() <= 12


def test_strokes_that_a_stretch_made_fat_or_fine_come_back_into_range(
    rng: np.random.Generator,
) -> None:
    fine = ring(20, 20, 300)
    fine[:] = thicken(fine, np.full(300, -0.5, np.float32))  # strokes of two pixels
    squeezed = augmented(fine, Augmentation(width=1.0), rng)
    narrow = squeezed[sizes(squeezed)[:, 0] < 12]
    assert stroke_widths(narrow).mean() == pytest.approx(2.3, abs=0.25)


def test_the_width_of_strokes_is_measured() -> None:
    """As `stroke_width` finds it on MNIST's digits: 2.4 times the ink by its slopes."""
    for width in (2, 3, 4):
        bars = bars_of_width(width)
        right, down = 2 * 19, 2 * (width - 1)  # slopes of 200 within the corners that are looked at
        corners = right + down
        ink = 20 * width
        assert stroke_widths(bars)[0] == pytest.approx(2.4 * ink / corners, rel=0.12)
    assert stroke_widths(np.zeros((2, 28, 28), np.uint8)).tolist() == [0, 0]
    half = stroke_widths(ring(14, 20, 1) // 2)
    np.testing.assert_allclose(half, stroke_widths(ring(14, 20, 1)), rtol=0.02)


def test_another_pen_is_any_that_framing_leaves(rng: np.random.Generator) -> None:
    drawn = ring(14, 20, 800)  # strokes of some three pixels
    widths = stroke_widths(augmented(drawn, Augmentation(pen=1.0), rng))
    assert widths.min() == pytest.approx(2.3, abs=0.35)
    assert widths.max() == pytest.approx(4.2, abs=0.35)
    assert np.ptp(np.histogram(widths, 4)[0]) < 200


def test_no_stroke_moves_by_more_than_a_pixel_on_each_side(rng: np.random.Generator) -> None:
    fat = bars_of_width(10, 200)
    across = (augmented(fat, Augmentation(pen=1.0), rng)[:, 14] / 200).sum(axis=1)
    np.testing.assert_allclose(across, 8, atol=0.05)


def test_large_pixels_are_means_and_come_back_as_lines_or_steps() -> None:
    """Pixels 4 wide, the first from the edge on: a ramp of 8 has the means 1.5 and 5.5."""
    pitch, phase = np.array([4.0, 4.0]), np.zeros(2)
    lines, steps = _through_pixels(8, pitch, phase, np.array([1.0, 1e-9])) @ np.arange(8)
    np.testing.assert_allclose(steps, [1.5] * 4 + [5.5] * 4)
    # Beyond the frame there is no ink: half a large pixel from the edge the line falls towards it.
    np.testing.assert_allclose(lines[2:6], [2.0, 3.0, 4.0, 5.0])
    half = _through_pixels(8, np.array([4.0]), np.array([0.5]), np.array([1e-9]))[0] @ np.arange(8)
    np.testing.assert_allclose(half, [0.25] * 2 + [3.5] * 4 + [3.25] * 2)


def test_few_pixels_keep_the_place_of_the_ink_and_lose_its_detail(
    rng: np.random.Generator,
) -> None:
    images = ring(12, 20, 600)
    coarse = images.copy()
    _coarsen(coarse, 1.0, rng)
    assert np.abs(centres(coarse).mean(axis=0) - 13.5).max() < 0.1
    assert np.abs(centres(coarse) - 13.5).max() < 1.2
    assert coarse.max(axis=(1, 2)).min() > 140
    # The ring's hole of some eight pixels stays, thin gaps do not.
    gaps = np.zeros((300, 28, 28), np.uint8)
    gaps[:, 4:24, 6:22:2] = 255
    _coarsen(gaps, 1.0, rng)
    assert (gaps[:, 10:18, 10:18].min(axis=(1, 2)) > 60).mean() > 0.8


def test_an_empty_frame_stays_empty(rng: np.random.Generator) -> None:
    empty = np.zeros((20, 28, 28), np.uint8)
    assert not augmented(empty, Augmentation(width=1.0, pen=1.0, coarse=1.0), rng).any()


def test_shares_of_none_draw_nothing() -> None:
    """So that runs of before go on with the very images they would have seen."""
    one, other = np.random.default_rng(5), np.random.default_rng(5)
    augmented(spots(10), Augmentation(shift=1), one)
    _sources((10, 28, 28), Augmentation(shift=1), other)
    assert one.bit_generator.state == other.bit_generator.state
