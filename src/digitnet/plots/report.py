"""Report: confusion matrix, worst mistakes, weights as pictures, grids of digits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import DIGITS
from digitnet.evaluation import worst_mistakes
from digitnet.imaging.frame import SIDE
from digitnet.plots.figures import as_ticks, fit_title, new_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP = 2  # pixels between the pictures of a mosaic
MAX_UNITS = 144  # more weight pictures than this could not be told apart on a page
MOST_UPRIGHT = 4  # letters of a name that stand side by side below a column
Panel = tuple[NDArray[np.uint8], NDArray[np.integer], str]


def save_confusion_matrix(
    confusion: NDArray[np.int64], class_names: Sequence[str], path: str | Path
) -> None:
    """Write the confusion matrix (K, K), row = true class, column = class it was read as.

    Right answers (the diagonal) are framed and left white: the shades are for the mistakes, which
    they would drown. The last column says how much of each class was read rightly.

    Raises:
        OutputError: the picture cannot be written; what stood there before still stands.
    """
    from matplotlib.patches import Rectangle

    names = as_ticks(class_names)
    k = len(names)
    right, support = np.diagonal(confusion), confusion.sum(axis=1)
    mistakes = np.where(np.eye(k, dtype=bool) | (confusion == 0), np.nan, confusion)
    most = float(np.nanmax(mistakes, initial=1.0))
    size = min(max(0.72 * k, 4.0), 20.0)
    small = min(13.0, 72 * size / k / 3.6)
    longest = max(map(len, names), default=0)
    beside = 0.008 * (small + 1) * longest  # inches that a name takes, left and below
    figure = new_figure(size + 2.4 + beside, size + 1.8 + beside)
    axes = figure.add_subplot()
    axes.imshow(mistakes, cmap=_colors("Oranges"), vmin=0, vmax=1.6 * most)
    look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": small}
    for row, column in np.argwhere(confusion):
        weight = "bold" if row == column else "normal"
        axes.text(column, row, f"{confusion[row, column]}", weight=weight, **look)
    axes.set_xticks(np.arange(k + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(k + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="0.8")
    axes.tick_params(which="both", length=0, labelsize=small + 1)
    rotation = 90 if longest > MOST_UPRIGHT else 0
    axes.set_xticks(range(k), names, parse_math=False, rotation=rotation)
    axes.set_yticks(range(k), names, parse_math=False)
    for i in range(k):
        axes.add_patch(Rectangle((i - 0.5, i - 0.5), 1, 1, fill=False, lw=1.8, zorder=3))
        if support[i]:
            axes.text(k - 0.35, i, f"{100 * right[i] / support[i]:.1f} %", **look | {"ha": "left"})
    axes.text(k - 0.35, -0.6, "right", **look | {"ha": "left", "va": "bottom"})
    axes.set_xlabel("Read as", fontsize=15)
    axes.set_ylabel("True class", fontsize=15)
    n, n_right = int(support.sum()), int(right.sum())
    share = f" ({100 * n_right / n:.2f} %)" if n else ""
    axes.set_title(f"{n_right:,} of {n:,} read rightly{share}", fontsize=17, loc="left", pad=16)
    save_figure(figure, path)


def save_worst_mistakes(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    path: str | Path,
    k: int = 25,
    class_names: Sequence[str] = DIGITS,
) -> None:
    """Write the k most confident wrong answers, worst first, each with label and reading.

    Args:
        images: (N, 28, 28), shown as the network saw them: ink bright.
        labels: (N,).
        probabilities: (N, K).
        path: where to.
        k: at most so many.
        class_names: K names.

    Raises:
        OutputError: the picture cannot be written; what stood there before still stands.
    """
    names = as_ticks(class_names)
    shown = worst_mistakes(probabilities, labels)[:k]
    columns = max(1, math.ceil(math.sqrt(len(shown))))
    rows = max(1, math.ceil(len(shown) / columns))
    named = max(map(len, names)) > MOST_UPRIGHT  # a line for each of the two names
    figure = new_figure(max(1.95 * columns, 6.0), (2.3 if named else 2.05) * rows + 0.9)
    title = "The most confident mistakes" if len(shown) else "Not one mistake"
    figure.suptitle(f"{title}, out of {len(labels):,} images", fontsize=17)
    for place, index in enumerate(shown, start=1):
        axes = figure.add_subplot(rows, columns, place)
        _show(axes, images[index])
        read = int(probabilities[index].argmax())
        sure = _percent(float(probabilities[index, read]))
        true_name, read_name = names[labels[index]], names[read]
        caption = fit_title(f"true {true_name}, read {read_name} ({sure})", 2.2, 11, 7)
        if named:
            rest = 2.2 * (1 - len(f" ({sure})") / 33)
            lines = [
                fit_title(f"true {true_name}", 2.2, 9, 8)["label"],
                fit_title(f"read {read_name}", rest, 9, 8)["label"] + f" ({sure})",
            ]
            caption = {"label": "\n".join(lines), "fontsize": 8, "parse_math": False}
        axes.set_title(**caption, pad=4)
    save_figure(figure, path)


def save_weights(weights: NDArray[np.floating], path: str | Path) -> None:
    """Write the first layer's weights (pixels, H): what each of H units looks for, as squares.

    A unit sees all 28 x 28 pixels, the 14 x 14 means of a network that pools first, or the window
    of a convolution.

    Blue raises the unit, red lowers it; one scale for all units, symmetric about 0, that leaves
    out the one weight in 200 that is largest.

    Raises:
        OutputError: the picture cannot be written; what stood there before still stands.
    """
    n_units = weights.shape[1]
    tiles = as_tiles(weights)
    columns = math.ceil(math.sqrt(len(tiles)))
    limit = float(np.quantile(np.abs(tiles), 0.995)) or 1.0
    rows = math.ceil(len(tiles) / columns)
    figure = new_figure(10.0, max(8.4 * rows / columns + 1.0, 3.0))
    axes = figure.add_subplot()
    drawn = _show(axes, _mosaic(tiles, columns), cmap=_colors("RdBu"), vmin=-limit, vmax=limit)
    bar = figure.colorbar(drawn, ax=axes, extend="both", shrink=0.8, pad=0.02)
    bar.set_label("weight: red lowers the unit, blue raises it", fontsize=13)
    bar.ax.tick_params(labelsize=12)
    many = f"The first {len(tiles)} of {n_units}" if n_units > len(tiles) else f"The {n_units}"
    axes.set_title(f"{many} hidden units: the weight each gives each pixel", fontsize=17, pad=12)
    save_figure(figure, path)


def as_tiles(weights: NDArray[np.floating]) -> NDArray[np.floating]:
    """What the first MAX_UNITS units look for, (units, side, side), of weights (side^2, H)."""
    side = math.isqrt(len(weights))
    return weights.T[:MAX_UNITS].reshape(-1, side, side)


def save_image_grid(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    path: str | Path,
    title: str,
    *,
    beside: Panel | None = None,
    per_class: int = 12,
    class_names: Sequence[str] = DIGITS,
) -> None:
    """Write the first `per_class` images of each class, a row per class, as the network sees them.

    Args:
        images: (N, 28, 28).
        labels: (N,).
        path: where to.
        title: over the grid.
        beside: images, labels and title of a second grid to compare with.
        per_class: images in a row.
        class_names: the rows' names.

    Raises:
        OutputError: the picture cannot be written; what stood there before still stands.
    """
    panels = [(images, labels, title), *([beside] if beside is not None else [])]
    k = len(class_names)
    figure = new_figure(len(panels) * (0.5 * per_class + 0.8), 0.5 * k + 1.0)
    for place, (pictures, classes, name) in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), place)
        tiles = np.full((k, per_class, SIDE, SIDE), np.nan)
        for label in range(k):
            members = pictures[np.flatnonzero(classes == label)[:per_class]]
            tiles[label, : len(members)] = members
        _show(axes, _mosaic(tiles.reshape(-1, SIDE, SIDE), per_class), cmap=_colors("gray"))
        middles = np.arange(k) * (SIDE + GAP) + SIDE / 2
        axes.set_yticks(middles, as_ticks(class_names), fontsize=14, parse_math=False)
        axes.set_title(**fit_title(name, 0.5 * per_class, 16), pad=10)
    save_figure(figure, path)


def _mosaic(tiles: NDArray[Any], columns: int) -> NDArray[np.float64]:
    """Tiles (n, side, side) in rows of `columns` as one picture; NaN between and where none is."""
    rows, side = math.ceil(len(tiles) / columns), tiles.shape[1]
    step = side + GAP
    picture = np.full((rows * step - GAP, columns * step - GAP), np.nan)
    for place, tile in enumerate(tiles):
        top, left = place // columns * step, place % columns * step
        picture[top : top + side, left : left + side] = tile
    return picture


def _show(axes: Axes, picture: NDArray[Any], **look: Any) -> Any:
    """Draw a picture with sharp pixels and without axes."""
    scale: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": 255} | look
    axes.set_xticks([])
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return axes.imshow(picture, interpolation="nearest", **scale)


def _colors(name: str) -> Any:
    """A colour map that leaves NaN white."""
    from matplotlib import colormaps

    return colormaps[name].with_extremes(bad="white")


def _percent(share: float) -> str:
    """0.976 as 98 %; 100 % only for certainty itself."""
    return ">99 %" if 0.995 <= share < 1.0 else f"{100 * share:.0f} %"
