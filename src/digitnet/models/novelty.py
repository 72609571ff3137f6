"""Novelty: an out-of-distribution score: how unlike every class that was learnt a frame is.

A small network answers letters and scribbles with the same high probabilities as digits, because
it was only ever asked to tell digits apart. So the score is not taken from the network. Two
opinions make it, both of the strokes and their places: one Gaussian per class says what its
members look like, so that what is unlike all of them is found though it was never seen; and where
there were others to learn from, such as letters, a small network tells those from the classes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from digitnet.imaging.arrays import Bytes, Floats
from digitnet.imaging.augment import AUGMENTATIONS, augmented
from digitnet.imaging.frame import SIDE
from digitnet.nn import Adam, Network, multilayer_perceptron, one_hot
from digitnet.threads import one_blas_thread

CELLS = 4  # the frame is seen through CELLS x CELLS soft windows
DIRECTIONS = 8
INK_SIDE = 12  # and the ink of its inner 24 x 24 pixels through INK_SIDE x INK_SIDE hard ones
INK_WEIGHT = 0.2
SPREAD = 0.6  # standard deviation of a soft window, in widths of a cell
N_PLACED = CELLS * CELLS * DIRECTIONS + INK_SIDE * INK_SIDE  # features that the Gaussians read
N_FEATURES = N_PLACED + 2 * SIDE  # and all of them, with the rises, which the network reads too
N_AXES, N_AXES_BESIDE = 48, 32  # of the Gaussians alone, and beside a network: 100 and 120 kB
FLOOR = 1e-3  # of the largest variance: no class is believed to be narrower in any direction
BATCH = 32  # images at a time: what they become on the way then stays in the cache

N_HIDDEN = 48  # neurons of the network that tells others from the classes
INK, WIDE = (AUGMENTATIONS[name].augmentation for name in ("ink", "wide-elastic"))
assert INK is not None
assert WIDE is not None
VARIED = (
    INK,
    replace(WIDE, width=0.4, pen=0.4, coarse=0.4),
)  # ways in which the classes' members are varied for it, once each
EPOCHS, RATE, DECAY, TOGETHER = 20, 2e-3, 1e-3, 128
FITTED = 0.9  # of the members it learns from; on the rest its scale is set
AT_FAR, AT_SAYS = (0.9, 0.99), (0.95, 0.995)  # shares of the rest below what counts as equal


@dataclass(frozen=True, eq=False)
class Novelty:
    """One Gaussian per class over the main axes of the features, and a network beside them.

    Attributes:
        axes: (N_PLACED, k) float32, the principal axes of all classes' features.
        centres: (G, k) float32, the mean of each class along them.
        whitening: (G, k (k + 1) / 2) float32, for each class the rows of a lower triangle L: the
            inverse of its covariance's Cholesky factor, so that L (x - centre) is white in it.
        hidden: (N_FEATURES + 1, H) float32, weights of H rectified neurons over the features,
            their biases in the last row, (N_PLACED + 1, H) in models from before the rises;
            None where there were no others to learn from.
        readout: (H + 1,) float32, what they add up to, the bias last.
    """

    axes: Floats
    centres: Floats
    whitening: Floats
    hidden: Floats | None = None
    readout: Floats | None = None

    @property
    def arrays(self) -> dict[str, Floats]:
        """The arrays it consists of, by name."""
        return {name: array for name, array in vars(self).items() if array is not None}

    @property
    def triangles(self) -> Floats:
        """(G, k, k) float32, for each class the L of `whitening`, 0 above its diagonal."""
        k = self.axes.shape[1]
        triangles = np.zeros((len(self.whitening), k, k), dtype=np.float32)
        triangles[:, *np.tril_indices(k)] = self.whitening
        return triangles

    def scores(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Scores (N,) of frames (N, 28, 28), the higher the stranger.

        The higher of two: -2 log density under the class that fits best, and where there is a
        network what it says, on the same scale.
        """
        seen = features(images)
        return np.maximum(self.far(seen), self.says(seen))

    def says(self, seen: Floats) -> NDArray[np.float64]:
        """What the network says (N,) to features (N, N_FEATURES); without one, minus infinity."""
        if self.hidden is None or self.readout is None:
            return np.full(len(seen), -np.inf)
        read = seen[:, : len(self.hidden) - 1]
        excited = np.maximum(read @ self.hidden[:-1] + self.hidden[-1], 0)
        return np.asarray(excited @ self.readout[:-1] + self.readout[-1], np.float64)

    def far(self, seen: Floats) -> NDArray[np.float64]:
        """-2 log density (N,) of features (N, N_FEATURES) under the class that fits best.

        Up to a constant; F. Kimura et al., "Modified quadratic discriminant functions and the
        application to Chinese character recognition", IEEE TPAMI 9 (1987), and for refusing what
        is far from every class K. Lee et al., "A simple unified framework for detecting
        out-of-distribution samples and adversarial attacks", NeurIPS 2018.
        """
        least = np.full(len(seen), np.inf)
        x = seen[:, : len(self.axes)] @ self.axes  # (N, k)
        for centre, triangle in zip(self.centres, self.triangles, strict=True):
            white = (x - centre) @ triangle.T
            distance = np.einsum("nk,nk->n", white, white) + log_determinant(triangle)
            least = np.minimum(least, distance)
        return least


def log_determinant(triangle: Floats) -> float:
    """Of the covariance whose inverse Cholesky factor is the triangle (k, k)."""
    return -2.0 * float(np.log(np.diagonal(triangle)).sum())


def fit_novelty(
    images: Bytes, labels: NDArray[np.int64], others: Bytes | None = None
) -> Novelty | None:
    """Learn what each class looks like from frames (N, 28, 28) and labels (N,).

    Covariances of small classes lean on the mean of all: n images of its own count against
    N_AXES borrowed ones. Classes with fewer than two images are left out; None without any.

    Args:
        images: members of the classes.
        labels: of them.
        others: frames (M, 28, 28) of what belongs to none, for a network that learns to tell them
            from the members, these as they are and varied (outlier exposure, D. Hendrycks,
            M. Mazeika and T. Dietterich, "Deep anomaly detection with outlier exposure", ICLR
            2019). None or no frame: the Gaussians alone.
    """
    seen = features(images)
    if others is None or len(others) == 0:
        return _fit_gaussians(seen, labels, N_AXES)
    gaussians = _fit_gaussians(seen, labels, N_AXES_BESIDE)
    if gaussians is None:
        return None
    rng = np.random.default_rng(0)
    varied = (augmented(images, augmentation, rng) for augmentation in VARIED)
    known = np.concatenate([seen, *(features(each) for each in varied)])
    order = rng.permutation(len(known))
    n_fitted = int(FITTED * len(known))
    hidden, readout = _fit_network(known[order[:n_fitted]], features(others), rng)
    novelty = replace(gaussians, hidden=hidden, readout=readout)
    return _on_one_scale(novelty, known[order[n_fitted:]])


def _fit_gaussians(seen: Floats, labels: NDArray[np.int64], n_axes: int) -> Novelty | None:
    """A Gaussian for each class of features (N, N_FEATURES) with labels (N,) along n_axes axes."""
    every = seen[:, :N_PLACED].astype(np.float64)
    classes = [every[labels == label] for label in np.unique(labels)]
    classes = [members for members in classes if len(members) >= 2]
    if not classes:
        return None
    variances, axes = np.linalg.eigh(np.cov(every.T))  # ascending
    axes = axes[:, ::-1][:, :n_axes]
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


def _fit_network(
    members: Floats, others: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Learn to tell features of others (M, N_FEATURES) from members' (N, N_FEATURES).

    Both count the same, however many there are. Returns `hidden`, and as `readout` the log-odds
    that a frame is one of the others.
    """
    seen = np.concatenate([members, others])
    is_other = np.repeat([0, 1], [len(members), len(others)])
    middle, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-2
    inputs, targets = (seen - middle) / spread, one_hot(is_other, 2)
    share = np.array([0.5 / len(members), 0.5 / len(others)]) * len(seen)
    weights = share[is_other].astype(np.float32)
    network = Network(multilayer_perceptron(N_FEATURES, [N_HIDDEN], 2, "relu"))
    network.initialize(rng)
    adam = Adam(weight_decay=DECAY)
    state, gradient = adam.start(network.vector), np.empty_like(network.vector)
    starts = range(0, len(seen), TOGETHER)
    n_steps = EPOCHS * len(starts)
    with one_blas_thread():  # the same bits whatever the number of cores
        for epoch in range(EPOCHS):
            order = rng.permutation(len(seen))
            for step, start in enumerate(starts, start=epoch * len(starts)):
                taken = order[start : start + TOGETHER]
                network.loss_and_gradient(
                    inputs[taken], targets[taken], gradient, None, weights[taken]
                )
                rate = RATE * 0.5 * (1 + math.cos(math.pi * step / n_steps))
                adam.step(network.vector, gradient, state, rate)
    named = network.parameters
    weights1 = named["W1"] / spread[:, None]
    hidden = np.vstack([weights1, named["b1"] - middle @ weights1])
    readout = np.append(named["W2"] @ [-1, 1], named["b2"] @ [-1, 1])
    return hidden.astype(np.float32), readout.astype(np.float32)


def with_rises(hidden: Floats) -> Floats:
    """`hidden` of a novelty as one that reads all features, (N_FEATURES + 1, H).

    That of a model from before the rises weighs them with 0.
    """
    n_missing = N_FEATURES + 1 - len(hidden)
    return np.vstack([hidden[:-1], np.zeros((n_missing, hidden.shape[1]), np.float32), hidden[-1:]])


def _on_one_scale(novelty: Novelty, rest: Floats) -> Novelty:
    """Stretch and move what the network says until it is as high as -2 log density where it counts.

    Features of members (N, N_FEATURES) that it has not learnt from tell: what a tenth of them
    exceed in density weighs as much as what a twentieth exceed in what it says, and so with a
    hundredth and half of that. Density, which nobody has to teach, has the larger say.
    """
    assert novelty.readout is not None
    low, high = np.quantile(novelty.far(rest), AT_FAR)
    says_low, says_high = np.quantile(novelty.says(rest), AT_SAYS)
    stretch = max(high - low, 1e-3) / max(says_high - says_low, 1e-3)
    readout = novelty.readout * stretch
    readout[-1] += high - stretch * says_high
    return replace(novelty, readout=readout.astype(np.float32))


def features(images: NDArray[np.uint8]) -> Floats:
    """What is compared, (N, N_FEATURES) for frames (N, 28, 28).

    Stroke directions and the ink, both in their places, and how often the ink rises.
    """
    found = np.empty((len(images), N_FEATURES), dtype=np.float32)
    n_strokes = CELLS * CELLS * DIRECTIONS
    for start in range(0, len(images), BATCH):
        part = images[start : start + BATCH].astype(np.float32) / 255.0
        found[start : start + BATCH, :n_strokes] = stroke_directions(part)
        inner = part[:, 2:-2, 2:-2].reshape(len(part), INK_SIDE, 2, INK_SIDE, 2).mean(axis=(2, 4))
        found[start : start + BATCH, n_strokes:N_PLACED] = INK_WEIGHT * np.sqrt(
            inner.reshape(len(part), -1)
        )
        found[start : start + BATCH, N_PLACED:] = rises(part)
    return found


def stroke_directions(ink: Floats) -> Floats:
    """Which way the edges of ink (N, 28, 28) in 0..1 face, and where: (N, CELLS^2 DIRECTIONS).

    Each pixel's gradient is split onto the two of eight directions it lies between; each of the
    eight planes is summed under CELLS x CELLS Gaussian windows; the whole is brought to length 1
    and each value replaced by its root. C.-L. Liu et al., "Handwritten digit recognition:
    benchmarking of state-of-the-art techniques", Pattern Recognition 36 (2003), section 3.
    """
    window = soft_windows(ink.shape[1])
    cells = window @ _direction_planes(ink) @ window.T  # (8, N, CELLS, CELLS)
    sums = np.ascontiguousarray(cells.transpose(1, 2, 3, 0)).reshape(len(ink), -1)
    sums /= np.linalg.norm(sums, axis=1, keepdims=True) + 1e-6
    roots: Floats = np.sqrt(sums)
    return roots


def rises(ink: Floats) -> Floats:
    """How much ink (N, 28, 28) in 0..1 rises along each row and each column: (N, 28 + 28).

    About the number of strokes that each of them crosses, which the directions, brought to length
    1, do not tell: hatching has more of them than a digit, a filled face fewer.
    """
    along = np.maximum(np.diff(ink, axis=2, prepend=0), 0).sum(axis=2)
    down = np.maximum(np.diff(ink, axis=1, prepend=0), 0).sum(axis=1)
    return np.concatenate([along, down], axis=1)


def soft_windows(side: int) -> Floats:
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
