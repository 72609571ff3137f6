"""Figures: pictures drawn by Matplotlib without a window or global state, written whole."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitnet.errors import OutputError, require
from digitnet.files import replacing
from digitnet.text import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONGEST_TICK = 24
"""Letters of a class's name beside a plot, at most."""


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches that belongs to no window and to no global list.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    require("plots")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=160, facecolor="white")
    spread_out(figure)
    FigureCanvasAgg(figure)
    return figure


def spread_out(figure: Figure) -> None:
    """Let Matplotlib arrange titles and axes so that nothing touches, with a margin around."""
    figure.set_layout_engine("constrained", h_pad=0.12, w_pad=0.12)


def fit_title(title: str, inches: float, size: float, smallest: float = 10.0) -> dict[str, Any]:
    """The title as one line of at most so many inches: smaller where it is long, else cut short.

    Returns:
        the keywords `label`, `fontsize` and `parse_math` of `Axes.set_title`.
    """
    title = shown(title)
    letter = 0.6 / 72  # inches: how wide a letter of one point is on average, and a little more
    size = max(smallest, min(size, inches / (letter * max(len(title), 1))))
    room = int(inches / (letter * size))
    return {"label": shown(title, room), "fontsize": size, "parse_math": False}


def as_ticks(names: Sequence[str]) -> list[str]:
    """Classes' names as they are written beside a plot: in a line, and cut short."""
    return [shown(name, LONGEST_TICK) for name in names]


def save_figure(figure: Figure, path: str | Path, *, colors: int | None = None) -> None:
    """Write a figure in the format its name ends in: .png, .pdf, .svg and others.

    Args:
        figure: as `new_figure` made it.
        path: where to.
        colors: how many different ones a .png keeps, which makes drawings a third as large; all
            of them if not given.

    Raises:
        OutputError: the ending is unknown, or the place cannot be written to.
    """
    kind = Path(path).suffix[1:].lower() or "png"
    if kind not in figure.canvas.get_supported_filetypes():
        raise OutputError(f"{path}: pictures cannot be written as .{kind}; try a name in .png.")
    with replacing(path) as temporary, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # it draws an empty box
        figure.savefig(temporary, format=kind)
        if colors is not None and kind == "png":
            from PIL import Image

            with Image.open(temporary) as full:
                few = full.convert("RGB").quantize(colors)
            few.save(temporary, format="png", optimize=True)
