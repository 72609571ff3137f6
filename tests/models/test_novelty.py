"""The out-of-distribution score: features against a slow reference, Gaussians against a book's."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from digitnet.imaging.augment import AUGMENTATIONS
from digitnet.models import novelty as module
from digitnet.models.novelty import (
    N_FEATURES,
    Novelty,
    _direction_planes,
    features,
    fit_novelty,
    soft_windows,
    stroke_directions,
)
from support.helpers import bars

ROOT_HALF = math.sqrt(0.5)
UNIT = [  # right, then clockwise, as y grows downwards
    (1, 0), (ROOT_HALF, ROOT_HALF), (0, 1), (-ROOT_HALF, ROOT_HALF),
    (-1, 0), (-ROOT_HALF, -ROOT_HALF), (0, -1), (ROOT_HALF, -ROOT_HALF),
]  # fmt: skip


@pytest.fixture
def ink(rng: np.random.Generator) -> np.ndarray:
    return rng.random((3, 28, 28)).astype(np.float32)


def test_constants_that_a_kept_model_depends_on() -> None:
    """Another number here, and every calibration on a disk is off without a word."""
    found = (module.CELLS, module.DIRECTIONS, module.INK_SIDE, module.INK_WEIGHT)
    assert found == (4, 8, 12, 0.2)
    assert (module.N_PLACED, N_FEATURES) == (272, 328)
    assert (module.N_AXES, module.FLOOR, module.BATCH) == (48, 1e-3, 32)


def test_rises_count_what_each_row_and_column_crosses() -> None:
    image = np.zeros((28, 28), np.float32)
    image[5, 0:3], image[5, 10:12], image[20:24, 7] = 1.0, 0.5, 1.0
    found = module.rises(image[None])[0]
    along, down = found[:28], found[28:]
    assert along[5] == 1.5  # one whole stroke, from the frame's edge on, and a faint one
    assert (along[20:24] == 1).all()
    assert along.sum() == 5.5
    assert (down[[0, 1, 2, 7]] == 1).all()
    assert (down[10:12] == 0.5).all()
    assert down.sum() == 5


def test_a_network_from_before_the_rises_says_what_it_said(rng: np.random.Generator) -> None:
    images = bars(20, rng).images
    hidden = rng.normal(size=(module.N_PLACED + 1, 5)).astype(np.float32)
    readout = rng.normal(size=6).astype(np.float32)
    fitted = fit_novelty(images, bars(20, rng).labels)
    assert fitted is not None
    old = replace(fitted, hidden=hidden, readout=readout)
    new = replace(old, hidden=module.with_rises(hidden))
    seen = features(images)
    assert new.hidden is not None
    assert len(new.hidden) == N_FEATURES + 1
    expected = np.maximum(seen[:, : module.N_PLACED] @ hidden[:-1] + hidden[-1], 0)
    np.testing.assert_allclose(old.says(seen), expected @ readout[:-1] + readout[-1], rtol=1e-4)
    np.testing.assert_allclose(new.says(seen), old.says(seen), rtol=1e-4)


def sobel(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(gx, gy), pixel by pixel, with nothing around the image."""
    p = np.pad(image.astype(np.float64), 1)
    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    gx, gy = np.empty((28, 28)), np.empty((28, 28))
    for y in range(28):
        for x in range(28):
            window = p[y : y + 3, x : x + 3]
            gx[y, x], gy[y, x] = (window * kernel).sum(), (window * kernel.T).sum()
    return gx, gy


def test_gradients_are_split_onto_the_two_directions_they_lie_between(ink: np.ndarray) -> None:
    planes = _direction_planes(ink)
    assert planes.shape == (8, 3, 28, 28)
    assert (planes >= 0).all()
    for i, image in enumerate(ink):
        gx, gy = sobel(image)
        parts = planes[:, i].astype(np.float64)
        np.testing.assert_allclose(np.tensordot([u for u, _ in UNIT], parts, 1), gx, atol=1e-5)
        np.testing.assert_allclose(np.tensordot([v for _, v in UNIT], parts, 1), gy, atol=1e-5)
        sector = np.floor(np.arctan2(gy, gx) / (math.pi / 4)).astype(int) % 8
        for direction in range(8):
            elsewhere = (sector != direction) & ((sector + 1) % 8 != direction)
            assert np.abs(parts[direction][elsewhere]).max() < 1e-4


def test_windows_are_gaussians_over_the_box_that_digits_are_framed_in() -> None:
    """Four of 5 pixels between 4 and 24, so centred on 6, 11, 16, 21; sigma is 0.6 of 5."""
    windows = soft_windows(28)
    assert (windows.shape, windows.dtype) == ((4, 28), np.float32)
    for window, centre in zip(windows, (6, 11, 16, 21), strict=True):
        bell = np.exp(-0.5 * ((np.arange(28) - centre) / 3) ** 2)
        np.testing.assert_allclose(window, bell / bell.sum(), rtol=1e-5)


def test_stroke_directions_are_roots_of_sums_of_length_one(ink: np.ndarray) -> None:
    found = stroke_directions(ink)
    assert (found.shape, found.dtype) == ((3, 128), np.float32)
    windows, planes = soft_windows(28).astype(np.float64), _direction_planes(ink).astype(np.float64)
    for i in range(3):
        sums = np.einsum("ay,dyx,bx->abd", windows, planes[:, i], windows).ravel()
        expected = np.sqrt(sums / np.linalg.norm(sums))
        np.testing.assert_allclose(found[i], expected, atol=1e-4)
    faint = np.zeros((1, 28, 28), dtype=np.float32)
    faint[0, 14, 14] = 1e-6  # next to no ink has next to no direction
    sums = np.einsum("ay,dyx,bx->abd", windows, _direction_planes(faint)[:, 0], windows)
    length = np.linalg.norm(sums)
    assert (stroke_directions(faint) ** 2).max() == pytest.approx(
        sums.max() / (length + 1e-6), rel=1e-3
    )
    assert length < 1e-6
    assert not stroke_directions(np.zeros((1, 28, 28), dtype=np.float32)).any()


def test_features_are_stroke_directions_and_the_root_of_the_ink(rng: np.random.Generator) -> None:
    images = rng.integers(0, 256, (2, 28, 28)).astype(np.uint8)
    found = features(images)
    assert (found.shape, found.dtype) == ((2, 328), np.float32)
    np.testing.assert_allclose(
        found[:, :128], stroke_directions((images / 255).astype(np.float32)), atol=1e-6
    )
    for image, row in zip(images, found, strict=True):
        for y in range(12):
            for x in range(12):
                share = image[2 + 2 * y : 4 + 2 * y, 2 + 2 * x : 4 + 2 * x].mean() / 255
                assert row[128 + 12 * y + x] == pytest.approx(0.2 * math.sqrt(share), abs=1e-5)


@pytest.mark.parametrize("n", [0, 1, 31, 32, 33, 65])
def test_any_number_of_images_has_the_features_of_each(n: int, rng: np.random.Generator) -> None:
    images = rng.integers(0, 256, (n, 28, 28)).astype(np.uint8)
    found = features(images)
    assert found.shape == (n, 328)
    for image, row in zip(images, found, strict=True):
        np.testing.assert_allclose(row, features(image[None])[0], atol=1e-5)


def test_the_gaussians_of_classes_of_many_few_and_one_image(rng: np.random.Generator) -> None:
    """The formula of `fit_novelty`, step by step in double precision."""
    dataset = bars(300, rng)
    sizes = {0: 30, 1: 5, 2: 2, 3: 1, 4: 25}
    chosen = np.concatenate(
        [np.flatnonzero(dataset.labels == label)[:size] for label, size in sizes.items()]
    )
    some = dataset.take(chosen)
    fitted = fit_novelty(some.images, some.labels)
    assert fitted is not None
    assert (fitted.axes.shape, fitted.axes.dtype) == ((272, 48), np.float32)
    assert (fitted.centres.shape, fitted.centres.dtype) == ((4, 48), np.float32)
    assert (fitted.whitening.shape, fitted.whitening.dtype) == ((4, 48 * 49 // 2), np.float32)
    every = features(some.images).astype(np.float64)[:, : module.N_PLACED]
    variances, vectors = np.linalg.eigh(np.cov(every.T))
    axes = vectors[:, ::-1][:, :48]
    largest = variances[::-1][:48]
    np.testing.assert_allclose(
        np.abs((axes * fitted.axes).sum(axis=0))[largest > 1e-4], 1, atol=1e-3
    )
    along = [every[some.labels == label] @ fitted.axes.astype(np.float64) for label in (0, 1, 2, 4)]
    pooled = sum(np.cov(members.T) for members in along) / 4
    shown = bars(40, rng).images
    new = features(shown).astype(np.float64)[:, : module.N_PLACED] @ fitted.axes.astype(np.float64)
    expected = np.full(40, np.inf)
    for members, centre in zip(along, fitted.centres, strict=True):
        n = len(members)
        np.testing.assert_allclose(members.mean(axis=0), centre, atol=1e-5)
        covariance = (n * np.cov(members.T) + 48 * pooled) / (n + 48)
        covariance += 1e-3 * variances.max() * np.eye(48)
        d = new - centre
        distance = (d @ np.linalg.inv(covariance) * d).sum(axis=1)
        expected = np.minimum(expected, distance + np.linalg.slogdet(covariance)[1])
    np.testing.assert_allclose(fitted.scores(shown), expected, rtol=1e-3, atol=0.1)


def test_scores_by_hand() -> None:
    """One axis, two Gaussians: N(0, 1 / 4) and N(3, 1); the score is that of the nearer one."""
    axes = np.zeros((272, 1), dtype=np.float32)
    axes[200] = 10.0  # of the ink at row 6, column 0: 0.2 sqrt(share)
    novelty = Novelty(
        axes,
        np.array([[0.0], [3.0]], dtype=np.float32),
        np.array([[2.0], [1.0]], dtype=np.float32),
    )
    images = np.zeros((3, 28, 28), dtype=np.uint8)
    images[1, 14:16, 2:4] = 255  # x = 10 * 0.2 = 2
    images[2, 14:16, 2] = 255  # x = 2 sqrt(1 / 2)
    x = math.sqrt(2)
    expected = [
        -math.log(4),  # on the first centre; the other is 9 away
        min(16 - math.log(4), 1.0),
        min(8 - math.log(4), (x - 3) ** 2),
    ]
    np.testing.assert_allclose(novelty.scores(images), expected, rtol=1e-4)


def test_images_that_are_all_alike_have_the_least_width(rng: np.random.Generator) -> None:
    same = np.repeat(bars(1, rng).images, 4, axis=0)
    fitted = fit_novelty(same, np.zeros(4, dtype=np.int64))
    assert fitted is not None
    diagonal = fitted.whitening[0][np.cumsum(np.arange(1, 49)) - 1]
    np.testing.assert_allclose(diagonal, 1e9**0.5, rtol=1e-3)


def test_features_are_those_of_an_edge_worked_out_by_hand() -> None:
    """A bright right half: every gradient faces right, the first of the eight directions."""
    image = np.zeros((1, 28, 28), dtype=np.uint8)
    image[:, :, 14:] = 255
    found = features(image)[0]
    assert found.shape == (N_FEATURES,)
    strokes = found[:128].reshape(4, 4, 8)
    inside = strokes[1:3, 1:3]
    assert (inside[..., 0] > 0.3).all()
    assert np.abs(inside[..., 1:]).max() < 0.1 * inside[..., 0].min()
    ink = found[128:272].reshape(12, 12)
    np.testing.assert_allclose(ink[:, :6], 0)
    np.testing.assert_allclose(ink[:, 6:], 0.2)
    np.testing.assert_array_equal(found[272:300], 1)  # each row rises once, where the half begins
    np.testing.assert_array_equal(found[300:], [0] * 14 + [1] * 14)


def test_novelty_is_the_gaussians_own_log_density(rng: np.random.Generator) -> None:
    """Against the textbook formula, with covariances taken back from what is kept."""
    dataset = bars(200, rng)
    novelty = fit_novelty(dataset.images, dataset.labels)
    assert novelty is not None
    x = features(dataset.images[:5]).astype(np.float64)[:, : module.N_PLACED] @ novelty.axes
    k = x.shape[1]
    expected = []
    for centre, packed in zip(novelty.centres, novelty.whitening, strict=True):
        factor = np.zeros((k, k))
        factor[np.tril_indices(k)] = packed
        covariance = np.linalg.inv(factor.T @ factor)
        d = x - centre
        distance = np.einsum("nk,kl,nl->n", d, np.linalg.inv(covariance), d)
        expected.append(distance + np.linalg.slogdet(covariance)[1])
    np.testing.assert_allclose(
        novelty.scores(dataset.images[:5]), np.min(expected, axis=0), rtol=1e-3, atol=0.1
    )


@pytest.mark.parametrize("n", [2, 3, 30])
def test_small_and_monotonous_training_parts_give_finite_scores(
    n: int, rng: np.random.Generator
) -> None:
    same = np.repeat(bars(1, rng).images, n, axis=0)
    novelty = fit_novelty(same, np.zeros(n, dtype=np.int64))
    assert novelty is not None
    assert np.isfinite(novelty.scores(rng.integers(0, 256, (9, 28, 28)).astype(np.uint8))).all()
    assert fit_novelty(same[:2], np.array([0, 1])) is None


def dots(n: int, rng: np.random.Generator) -> np.ndarray:
    """What is no bar: four dots anywhere, as noisy as the bars."""
    images = rng.integers(0, 40, (n, 28, 28)).astype(np.uint8)
    for image in images:
        for y, x in rng.integers(4, 21, (4, 2)):
            image[y : y + 4, x : x + 4] = rng.integers(150, 256)
    return images


def test_others_that_were_shown_are_told_from_the_classes(rng: np.random.Generator) -> None:
    dataset, new = bars(600, rng), bars(200, rng)
    fitted = fit_novelty(dataset.images, dataset.labels, dots(200, rng))
    assert fitted is not None
    assert fitted.hidden is not None
    assert fitted.readout is not None
    assert (fitted.hidden.shape, fitted.hidden.dtype) == ((329, 48), np.float32)
    assert (fitted.readout.shape, fitted.readout.dtype) == ((49,), np.float32)
    assert fitted.axes.shape == (272, 32)
    assert sum(array.nbytes for array in fitted.arrays.values()) < 121_000
    most = np.quantile(fitted.scores(new.images), 0.99)
    assert (fitted.scores(dots(200, rng)) > most).mean() > 0.99
    said = fitted.says(features(dots(200, rng)))
    assert (said > np.quantile(fitted.says(features(new.images)), 0.99)).mean() > 0.95
    again = fit_novelty(dataset.images, dataset.labels, None)
    assert again is not None
    assert again.hidden is None
    assert again.readout is None


def test_the_same_others_make_the_same_novelty(rng: np.random.Generator) -> None:
    dataset, others = bars(300, rng), dots(60, rng)
    one, two = (fit_novelty(dataset.images, dataset.labels, others) for _ in range(2))
    assert one is not None
    assert two is not None
    assert one.arrays.keys() == two.arrays.keys() == set(vars(one))
    for name, array in one.arrays.items():
        assert array.tobytes() == two.arrays[name].tobytes(), name
    none = fit_novelty(dataset.images, dataset.labels, others[:0])
    assert none is not None
    assert none.arrays.keys() == {"axes", "centres", "whitening"}


def test_the_higher_opinion_counts() -> None:
    """One Gaussian N(0, 1) over an axis; a neuron that counts x - 1 twice and adds 0.5."""
    axes = np.zeros((272, 1), dtype=np.float32)
    axes[200] = 10.0  # of the ink at row 6, column 0: x = 2 where it is full
    hidden = np.zeros((273, 1), dtype=np.float32)
    hidden[200], hidden[272] = 10.0, -1.0
    novelty = Novelty(
        axes,
        np.zeros((1, 1), dtype=np.float32),
        np.ones((1, 1), dtype=np.float32),
        hidden,
        np.array([2.0, 0.5], dtype=np.float32),
    )
    images = np.zeros((3, 28, 28), dtype=np.uint8)
    images[1, 14:16, 2:4] = 255  # x = 2
    images[2, 14:16, 2] = 255  # x = sqrt(2)
    x = math.sqrt(2)
    np.testing.assert_allclose(
        novelty.scores(images), [0.5, max(4.0, 2 * (2 - 1) + 0.5), max(x**2, 2 * (x - 1) + 0.5)],
        rtol=1e-4,
    )  # fmt: skip
    np.testing.assert_allclose(
        novelty.says(features(images)), [0.5, 2.5, 2 * (x - 1) + 0.5], rtol=1e-4
    )


def test_constants_of_the_network_that_learns_others() -> None:
    assert (module.N_HIDDEN, module.N_AXES_BESIDE) == (48, 32)
    ink, wide = (AUGMENTATIONS[name].augmentation for name in ("ink", "wide-elastic"))
    assert wide is not None
    assert list(module.VARIED) == [ink, replace(wide, width=0.4, pen=0.4, coarse=0.4)]
    assert (module.EPOCHS, module.RATE, module.DECAY, module.TOGETHER) == (20, 2e-3, 1e-3, 128)
    assert module.FITTED == 0.9
    assert (module.AT_FAR, module.AT_SAYS) == ((0.9, 0.99), (0.95, 0.995))


def test_both_opinions_are_brought_to_one_scale(rng: np.random.Generator) -> None:
    """Of members that were not learnt from, 10 and 1 % are as far as 5 and 0.5 % are said to be."""
    dataset, rest = bars(400, rng), features(bars(400, rng).images)
    gaussians = fit_novelty(dataset.images, dataset.labels)
    assert gaussians is not None
    readout = np.array([1.0, -1.0, 3.0], dtype=np.float32)
    hidden = rng.normal(0, 1, (273, 2)).astype(np.float32)
    raw = Novelty(gaussians.axes, gaussians.centres, gaussians.whitening, hidden, readout)
    scaled = module._on_one_scale(raw, rest)
    for far, said in ((0.9, 0.95), (0.99, 0.995)):
        np.testing.assert_allclose(
            np.quantile(scaled.says(rest), said), np.quantile(raw.far(rest), far), rtol=1e-3
        )
    order = np.argsort(raw.says(rest), kind="stable")
    assert (np.diff(scaled.says(rest)[order]) >= -1e-3).all()
