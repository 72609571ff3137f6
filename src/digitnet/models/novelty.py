"""Novelty: an out-of-distribution score: how unlike every class that was learnt a frame is.

A small network answers letters and scribbles with the same high probabilities as digits, because
it was only ever asked to tell digits apart. So the score is not taken from the network: one
Gaussian per class says what its strokes and their places look like, and where none fits, the
frame is out of distribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Floats

CELLS = 4  # the frame is seen through CELLS x CELLS soft windows
DIRECTIONS = 8
INK_SIDE = 12  # and the ink of its inner 24 x 24 pixels through INK_SIDE x INK_SIDE hard ones
INK_WEIGHT = 0.2
SPREAD = 0.6  # standard deviation of a soft window, in widths of a cell
N_FEATURES = CELLS * CELLS * DIRECTIONS + INK_SIDE * INK_SIDE
N_AXES = 48
FLOOR = 1e-3  # of the largest variance: no class is believed to be narrower in any direction
BATCH = 32  # images at a time: what they become on the way then stays in the cache


@dataclass(frozen=True, eq=False)
class Novelty:
    """One Gaussian per class over the main axes of the features; about 100 kB for ten classes.

    Attributes:
        axes: (N_FEATURES, k) float32, the principal axes of all classes' features.
        centres: (G, k) float32, the mean of each class along them.
        whitening: (G, k (k + 1) / 2) float32, for each class the rows of a lower triangle L: the
            inverse of its covariance's Cholesky factor, so that L (x - centre) is white in it.
    """

    axes: Floats
    centres: Floats
    whitening: Floats

    def scores(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Scores (N,) of frames (N, 28, 28): -2 log density under the class that fits best.

        Up to a constant; F. Kimura et al., "Modified quadratic discriminant functions and the
        application to Chinese character recognition", IEEE TPAMI 9 (1987), and for refusing what
        is far from every class K. Lee et al., "A simple unified framework for detecting
        out-of-distribution samples and adversarial attacks", NeurIPS 2018.
        """
        least = np.full(len(images), np.inf)
        x = features(images) @ self.axes  # (N, k)
        k = self.axes.shape[1]
        triangle, below = np.zeros((k, k), dtype=np.float32), np.tril_indices(k)
        for centre, packed in zip(self.centres, self.whitening, strict=True):
            triangle[below] = packed
            white = (x - centre) @ triangle.T
            log_determinant = -2.0 * float(np.log(np.diagonal(triangle)).sum())
            distance = np.einsum("nk,nk->n", white, white) + log_determinant
            least = np.minimum(least, distance)
        return least


def fit_novelty(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Novelty | None:
    """Learn what each class looks like from frames (N, 28, 28) and labels (N,).

    Covariances of small classes lean on the mean of all: n images of its own count against
    N_AXES borrowed ones. Classes with fewer than two images are left out; None without any.
    """
    every = features(images).astype(np.float64)
    classes = [every[labels == label] for label in np.unique(labels)]
    classes = [members for members in classes if len(members) >= 2]
    if not classes:
        return None
    variances, axes = np.linalg.eigh(np.cov(every.T))  # ascending
    axes = axes[:, ::-1][:, :N_AXES]
    along = [members @ axes for members in classes]
    covariances = [np.cov(members.T) for members in along]
    pooled = sum(covariances) / len(covariances)
    floor = max(FLOOR * float(variances[-1]), 1e-9) * np.eye(axes.shape[1])
    whitening = []
    for members, own in zip(along, covariances, strict=True):
        share = len(members) / (len(members) + N_AXES)
        factor = np.linalg.cholesky(share * own + (1 - share) * pooled + floor)
        whitening.append(np.linalg.inv(factor)[np.tril_indices(len(factor))])
    centres = [members.mean(axis=0) for members in along]
    return Novelty(
        axes.astype(np.float32),
        np.array(centres, dtype=np.float32),
        np.array(whitening, dtype=np.float32),
    )


def features(images: NDArray[np.uint8]) -> Floats:
    """What is compared, (N, N_FEATURES) for frames (N, 28, 28): stroke directions, and the ink."""
    found = np.empty((len(images), N_FEATURES), dtype=np.float32)
    n_strokes = CELLS * CELLS * DIRECTIONS
    for start in range(0, len(images), BATCH):
        part = images[start : start + BATCH].astype(np.float32) / 255.0
        found[start : start + BATCH, :n_strokes] = stroke_directions(part)
        inner = part[:, 2:-2, 2:-2].reshape(len(part), INK_SIDE, 2, INK_SIDE, 2).mean(axis=(2, 4))
        found[start : start + BATCH, n_strokes:] = INK_WEIGHT * np.sqrt(
            inner.reshape(len(part), -1)
        )
    return found


def stroke_directions(ink: Floats) -> Floats:
    """Which way the edges of ink (N, 28, 28) in 0..1 face, and where: (N, CELLS^2 DIRECTIONS).

    Each pixel's gradient is split onto the two of eight directions it lies between; each of the
    eight planes is summed under CELLS x CELLS Gaussian windows; the whole is brought to length 1
    and each value replaced by its root. C.-L. Liu et al., "Handwritten digit recognition:
    benchmarking of state-of-the-art techniques", Pattern Recognition 36 (2003), section 3.
    """
    window = _windows(ink.shape[1])
    cells = window @ _direction_planes(ink) @ window.T  # (8, N, CELLS, CELLS)
    sums = np.ascontiguousarray(cells.transpose(1, 2, 3, 0)).reshape(len(ink), -1)
    sums /= np.linalg.norm(sums, axis=1, keepdims=True) + 1e-6
    roots: Floats = np.sqrt(sums)
    return roots


def _windows(side: int) -> Floats:
    """Gaussian windows along one side, (CELLS, side), over the box that digits are framed in."""
    margin, width = side / 7, side * 5 / 7 / CELLS
    centres = margin + (np.arange(CELLS) + 0.5) * width - 0.5
    z = (np.arange(side) - centres[:, None]) / (SPREAD * width)
    windows = np.exp(-0.5 * z**2)
    windows /= windows.sum(axis=1, keepdims=True)
    return np.asarray(windows, dtype=np.float32)


def _direction_planes(ink: Floats) -> Floats:
    """Sobel gradients (N, 28, 28), each split onto its two neighbours of eight directions.

    By the parallelogram of forces: with a >= b the gradient's two parts, a - b goes along the
    axis and b sqrt(2) along the diagonal.
    """
    p = np.zeros((len(ink), ink.shape[1] + 2, ink.shape[2] + 2), dtype=np.float32)
    p[:, 1:-1, 1:-1] = ink
    down = p[:, :-2] + 2 * p[:, 1:-1] + p[:, 2:]
    along = p[:, :, :-2] + 2 * p[:, :, 1:-1] + p[:, :, 2:]
    gx = down[:, :, 2:] - down[:, :, :-2]
    gy = along[:, 2:] - along[:, :-2]
    right, left = np.maximum(gx, 0), np.maximum(-gx, 0)
    below, above = np.maximum(gy, 0), np.maximum(-gy, 0)
    root = np.float32(np.sqrt(2.0))
    ax, ay = np.abs(gx), np.abs(gy)
    planes = np.empty((DIRECTIONS, *gx.shape), dtype=np.float32)
    planes[0], planes[4] = np.maximum(right - ay, 0), np.maximum(left - ay, 0)
    planes[2], planes[6] = np.maximum(below - ax, 0), np.maximum(above - ax, 0)
    planes[1], planes[3] = root * np.minimum(right, below), root * np.minimum(left, below)
    planes[5], planes[7] = root * np.minimum(left, above), root * np.minimum(right, above)
    return planes
