"""Synthetic digits: seeded, balanced, framed like MNIST, varied, and alike enough to learn from."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from digitnet.data import synthetic
from digitnet.data.dataset import Dataset
from digitnet.data.synthetic import synthesize
from digitnet.errors import SettingsError
from digitnet.handwriting.allographs import ALLOGRAPHS, Allograph
from digitnet.handwriting.hands import Hand, draw_digit, write
from digitnet.handwriting.schools import ways
from digitnet.handwriting.splines import N_MARKS, all_shapes, even_places, spline


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return synthesize(2000, np.random.default_rng(3))


def test_same_seed_same_bytes_other_seed_other_bytes():
    one, same, other = (synthesize(300, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert one.fingerprint() == same.fingerprint()
    assert one.fingerprint() != other.fingerprint()


def test_a_generator_goes_on_to_other_digits(rng):
    assert synthesize(50, rng).fingerprint() != synthesize(50, rng).fingerprint()


def test_the_number_of_threads_changes_nothing():
    n = 2 * synthetic.CHUNK + 17
    one, three = (synthesize(n, np.random.default_rng(5), threads=k) for k in (1, 3))
    assert one.fingerprint() == three.fingerprint()


@pytest.mark.parametrize("n", [1, 7, synthetic.CHUNK, synthetic.CHUNK + 1])
def test_any_number_of_digits(rng, n):
    digits = synthesize(n, rng)
    assert len(digits) == n
    assert digits.images.any(axis=(1, 2)).all()


def test_labels_are_balanced_and_shuffled(rng):
    digits = synthesize(1003, rng)
    assert digits.counts().tolist() == [101] * 3 + [100] * 7
    assert np.abs(np.diff(digits.labels)).mean() > 2  # sorted labels would give about 0
    assert digits.source == "synthetic"


@pytest.mark.parametrize("n", [0, -3])
def test_no_digits_is_a_settings_error(rng, n):
    with pytest.raises(SettingsError, match="at least 1"):
        synthesize(n, rng)


def test_threads_and_hands_must_make_sense(rng):
    with pytest.raises(SettingsError, match="threads"):
        synthesize(5, rng, threads=0)
    with pytest.raises(SettingsError, match="one hand"):
        synthesize(5, rng, hand=Hand.sample(rng, 2))
    with pytest.raises(SettingsError, match="0 to 9"):
        draw_digit(10, rng)
    with pytest.raises(SettingsError, match="one hand"):
        draw_digit(3, rng, hand=Hand.sample(rng, 2))


def test_the_ink_fills_a_box_of_20(digits):
    ink = digits.images > 100
    rows, columns = ink.any(axis=2), ink.any(axis=1)
    high = 28 - rows.argmax(axis=1) - rows[:, ::-1].argmax(axis=1)
    wide = 28 - columns.argmax(axis=1) - columns[:, ::-1].argmax(axis=1)
    longer = np.maximum(high, wide)
    assert longer.max() <= 20
    assert np.mean(longer >= 18) > 0.97
    seen = (digits.images > 0).sum(axis=(1, 2))
    assert seen.max() <= 400


def test_the_centre_of_mass_is_pixel_14_as_in_mnist(digits):
    images = digits.images.astype(float)
    mass = images.sum(axis=(1, 2))
    y = images.sum(axis=2) @ np.arange(28) / mass
    x = images.sum(axis=1) @ np.arange(28) / mass
    off = np.maximum(np.abs(x - 14), np.abs(y - 14))
    assert np.mean(off < 0.51) > 0.99  # moved by whole pixels; a few would leave the frame
    assert off.max() < 2


def test_bright_ink_with_soft_edges_on_black(digits):
    images = digits.images
    assert (images.max(axis=(1, 2)) > 150).mean() > 0.99
    assert np.median(images) == 0
    assert (images[:, [0, -1]] > 100).mean() < 2e-3
    edge = ((images > 0) & (images < 250)).sum() / (images > 0).sum()
    assert 0.3 < edge < 0.9


def test_no_two_digits_are_alike(digits):
    assert len({image.tobytes() for image in digits.images}) == len(digits)


def test_every_allograph_of_mnist_is_written_by_its_share(rng):
    assert len(all_shapes().control) == len(ways())
    hand = Hand.sample(rng, 4000)
    quantiles = all_shapes().quantiles[0]
    for label in range(10):
        mine = [way for way in ALLOGRAPHS if way.label == label]
        assert len(mine) >= 3
        chosen = (hand.taste[:, label, None] >= quantiles[label]).sum(axis=1)
        seen = np.bincount(chosen, minlength=len(mine)) / len(chosen)
        share = np.array([way.share for way in mine])
        np.testing.assert_allclose(seen, share / share.sum(), atol=0.04)


def test_rare_forms_are_as_many_of_each_digit_and_called_so(rng):
    rare = synthesize(100, rng, rare=True)
    assert rare.source == "rare-forms"
    assert rare.counts().tolist() == [10] * 10


def test_marks_lie_close_enough_for_a_line_without_gaps(digits):
    shapes = all_shapes()
    marks = shapes.basis @ shapes.control
    for a, way in enumerate(ways()):
        for s in range(len(way.strokes())):
            stroke = marks[a, shapes.stroke_of_mark[a] == s]
            assert np.hypot(*np.diff(stroke, axis=0).T).max() < 0.072, way.name


def test_the_spline_passes_its_points_and_stops_at_corners():
    points = np.array([[0, 0], [1, 0], [1, 1], [0, 2]], float)
    corners = np.array([False, True, False, False])
    at_points = spline(corners, np.arange(4.0)) @ points
    np.testing.assert_allclose(at_points, points, atol=1e-12)
    np.testing.assert_allclose(spline(corners, np.linspace(0, 3, 101)).sum(axis=1), 1)
    straight = spline(corners, np.linspace(0, 1, 20)) @ points  # a corner bends nothing before it
    np.testing.assert_allclose(straight[:, 1], 0, atol=1e-12)
    steps = np.diff(spline(corners, even_places(points, corners, 30)) @ points, axis=0)
    lengths = np.hypot(*steps.T)
    assert lengths.max() < 1.5 * lengths.mean()


def test_the_allographs_are_written_as_their_paths_say():
    four = Allograph(4, "plain", 1, "20,0 0,50! 60,50 / 40,10 40,100")
    assert four.strokes() == [
        [(0.2, 0.0, False), (0.0, 0.5, True), (0.6, 0.5, False)],
        [(0.4, 0.1, False), (0.4, 1.0, False)],
    ]
    for way in ways():
        y = [point[1] for stroke in way.strokes() for point in stroke]
        assert min(y) >= 0
        assert max(y) <= 1
        assert max(y) - min(y) > 0.8, way.name


def test_one_hand_keeps_its_ways(rng):
    hand = Hand.sample(rng)
    mine = synthesize(200, rng, hand=hand).images.astype(float)
    all_hands = synthesize(200, rng).images.astype(float)
    ink_mine, ink_all = (images.mean(axis=(1, 2)) for images in (mine, all_hands))
    assert ink_mine.std() < ink_all.std()
    first, second = (draw_digit(4, rng, hand=hand) for _ in range(2))
    assert len(first) == len(second)
    assert not np.array_equal(first[0].points, second[0].points)


@pytest.mark.parametrize("label", range(10))
def test_a_drawn_digit_reaches_from_top_to_bottom(label, rng):
    for _ in range(20):
        strokes = draw_digit(label, rng)
        points = np.concatenate([stroke.points for stroke in strokes])
        radii = np.concatenate([stroke.radii for stroke in strokes])[:, None]
        assert np.all(radii > 0)
        np.testing.assert_allclose((points - radii).min(axis=0), 0, atol=1e-4)
        np.testing.assert_allclose((points + radii)[:, 1].max(), 1, atol=1e-4)


def test_write_takes_one_hand_for_many_digits(rng):
    x, y, radii, stroke = write(np.arange(10), Hand.sample(rng), rng)
    assert x.shape == y.shape == radii.shape == stroke.shape == (10, N_MARKS)
    assert len(np.unique(x[:, 0])) == 10


def test_the_nearest_class_mean_tells_the_digits_apart(digits, rng):
    means = np.stack([digits.images[digits.labels == k].mean(axis=0) for k in range(10)])
    fresh = synthesize(1000, rng)
    assert (_nearest(fresh.images, means) == fresh.labels).mean() > 0.6


def test_what_is_learnt_here_holds_for_handwriting(mnist_folder: Path):
    """Nearest neighbour among 4,000 synthetic digits reads MNIST's training digits."""
    images, labels = _training_digits(mnist_folder, 1000)
    known = synthesize(4000, np.random.default_rng(0))
    found = known.labels[_nearest(images, known.images)]
    assert (found == labels).mean() > 0.85


def _nearest(images: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The index of the nearest known image, Euclid's distance, for each of `images`."""
    a = images.reshape(len(images), -1).astype(np.float32) / 255
    b = known.reshape(len(known), -1).astype(np.float32) / 255
    return np.argmin((b * b).sum(axis=1) - 2 * a @ b.T, axis=1)


def _training_digits(folder: Path, n: int) -> tuple[np.ndarray, np.ndarray]:
    def read(name: str) -> bytes:
        plain = folder / name
        return plain.read_bytes() if plain.exists() else gzip.open(f"{plain}.gz").read()

    images = np.frombuffer(read("train-images-idx3-ubyte"), np.uint8, offset=16)
    labels = np.frombuffer(read("train-labels-idx1-ubyte"), np.uint8, offset=8)
    return images.reshape(-1, 28, 28)[:n], labels[:n]
