"""Novelty: how unlike every class that was learnt a frame is, by the directions of its strokes.

A small network answers letters and scribbles with the same high probabilities as digits, because
it was only ever asked to tell digits apart. This is a second opinion that does not look through
the network's eyes: it knows what each class's strokes look like, and sees where none fits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CELLS = 4  # the frame is seen through CELLS x CELLS soft windows
DIRECTIONS = 8
N_FEATURES = CELLS * CELLS * DIRECTIONS
N_AXES = 40
FLOOR = 1e-3  # of the largest variance: no class is believed to be narrower in any direction
BATCH = 512


@dataclass(frozen=True, eq=False)
class Novelty:
    """One Gaussian per class over the main axes of the stroke directions.

    Attributes:
        axes: (N_FEATURES, k) float32, the principal axes of all classes' features.
        centres: (G, k) float32, the mean of each class along them.
        whitening: (G, k, k) float32, lower triangular: the inverse of the Cholesky factor of each
            class's covariance, so that whitening (x - centre) is white within the class.
    """

    axes: Floats
    centres: Floats
    whitening: Floats

    def scores(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Novelty (N,) of frames (N, 28, 28): -2 log density under the class that fits best.

        Up to a constant; F. Kimura et al., "Modified quadratic discriminant functions and the
        application to Chinese character recognition", IEEE TPAMI 9 (1987), and for refusing what
        is far from every class K. Lee et al., "A simple unified framework for detecting
        out-of-distribution samples and adversarial attacks", NeurIPS 2018.
        """
        least = np.full(len(images), np.inf)
        x = stroke_directions(images) @ self.axes  # (N, k)
        for centre, whitening in zip(self.centres, self.whitening, strict=True):
            white = (x - centre) @ whitening.T
            log_determinant = -2.0 * float(np.log(np.diagonal(whitening)).sum())
            distance = np.einsum("nk,nk->n", white, white) + log_determinant
            least = np.minimum(least, distance)
        return least


def fit_novelty(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Novelty | None:
    """Learn what the strokes of each class look like from frames (N, 28, 28) and labels (N,).

    Covariances of small classes lean on the mean of all: n images of its own count against
    N_AXES borrowed ones. Classes with fewer than two images are left out; None without any.
    """
    features = stroke_directions(images).astype(np.float64)
    classes = [features[labels == label] for label in np.unique(labels)]
    classes = [members for members in classes if len(members) >= 2]
    if not classes:
        return None
    variances, axes = np.linalg.eigh(np.cov(features.T))  # ascending
    axes = axes[:, ::-1][:, :N_AXES]
    along = [members @ axes for members in classes]
    covariances = [np.cov(members.T) for members in along]
    pooled = sum(covariances) / len(covariances)
    floor = max(FLOOR * float(variances[-1]), 1e-9) * np.eye(axes.shape[1])
    whitening = []
    for members, own in zip(along, covariances, strict=True):
        share = len(members) / (len(members) + N_AXES)
        factor = np.linalg.cholesky(share * own + (1 - share) * pooled + floor)
        whitening.append(np.tril(np.linalg.inv(factor)))
    centres = [members.mean(axis=0) for members in along]
    return Novelty(
        axes.astype(np.float32),
        np.array(centres, dtype=np.float32),
        np.array(whitening, dtype=np.float32),
    )


def stroke_directions(images: NDArray[np.uint8]) -> Floats:
    """Which way the ink's edges face, and where: (N, N_FEATURES) for frames (N, 28, 28).

    Each pixel's gradient is split onto the two of eight directions it lies between; each of the
    eight planes is summed under CELLS x CELLS Gaussian windows; the whole is brought to length 1
    and each value replaced by its root. C.-L. Liu et al., "Handwritten digit recognition:
    benchmarking of state-of-the-art techniques", Pattern Recognition 36 (2003), section 3.
    """
    features = np.empty((len(images), N_FEATURES), dtype=np.float32)
    window = _windows(images.shape[1])
    for start in range(0, len(images), BATCH):
        planes = _direction_planes(images[start : start + BATCH])  # (8, B, 28, 28)
        cells = window @ planes @ window.T  # (8, B, CELLS, CELLS)
        sums = np.ascontiguousarray(cells.transpose(1, 2, 3, 0)).reshape(-1, N_FEATURES)
        sums /= np.linalg.norm(sums, axis=1, keepdims=True) + 1e-6
        features[start : start + BATCH] = np.sqrt(sums)
    return features


def _windows(side: int) -> Floats:
    """Gaussian windows along one side, (CELLS, side), over the box that digits are framed in."""
    margin, width = side / 7, side * 5 / 7 / CELLS
    centres = margin + (np.arange(CELLS) + 0.5) * width - 0.5
    z = (np.arange(side) - centres[:, None]) / (0.6 * width)
    windows = np.exp(-0.5 * z**2)
    windows /= windows.sum(axis=1, keepdims=True)
    return np.asarray(windows, dtype=np.float32)


def _direction_planes(images: NDArray[np.uint8]) -> Floats:
    """Sobel gradients (N, 28, 28), each split onto its two neighbours of eight directions.

    By the parallelogram of forces: with a >= b the gradient's two parts, a - b goes along the
    axis and b sqrt(2) along the diagonal.
    """
    p = np.zeros((len(images), images.shape[1] + 2, images.shape[2] + 2), dtype=np.float32)
    p[:, 1:-1, 1:-1] = images
    p /= 255.0
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
