"""Forms: a picture of the ways in which the world writes digits, each with its name and school."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from digitnet.handwriting.schools import FORMS, Form, first_ways, odds
from digitnet.handwriting.splines import all_shapes
from digitnet.plots.figures import new_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 8
CELL_WIDTH, CELL_HEIGHT = 1.2, 1.42  # inches
HIGH = 0.52  # of a digit, in heights of a cell
COLORS = 64  # of the .png: ink, greys and their soft edges
PEN = 5.5  # points
INK, GREY, FAINT = "#1d2b53", "#6b7280", "#c3c8d1"


def save_forms(path: str | Path) -> None:
    """Write a picture of every form of `schools.FORMS`, a block of rows for each digit.

    In front of each block stands, in grey, how MNIST's writers write the digit most; a form that
    is drawn in several ways is shown by the first. Beneath it stand up to three of the schools
    that write it most.

    Raises:
        OutputError: the picture cannot be written; what stood there before still stands.
    """
    starts = first_ways()
    blocks = [[k for k, form in enumerate(FORMS) if form.label == label] for label in range(10)]
    heights = [-(-len(block) // COLUMNS) for block in blocks]
    rows = sum(heights)
    figure = new_figure((COLUMNS + 1) * CELL_WIDTH, rows * CELL_HEIGHT + 0.5)
    axes = figure.add_subplot()
    axes.set_xlim(0, COLUMNS + 1)
    axes.set_ylim(rows, -0.1)
    axes.axis("off")
    axes.set_title(
        "Digits as the world writes them; in grey as MNIST's writers mostly do",
        fontsize=14, color=INK, loc="left",
    )  # fmt: skip
    row = 0
    for label, (block, height) in enumerate(zip(blocks, heights, strict=True)):
        axes.axhline(row, color=FAINT, linewidth=0.8)
        commonest = int(all_shapes().first[label] + odds(label)[0].argmax())
        _draw(axes, commonest, 0.5, row, GREY)
        for place, k in enumerate(block):
            across, down = 1.5 + place % COLUMNS, row + place // COLUMNS
            _draw(axes, int(starts[k]), across, down, INK)
            _name(axes, FORMS[k], across, down)
        row += height
    save_figure(figure, path, colors=COLORS)


def _draw(axes: Axes, way: int, across: float, down: float, color: str) -> None:
    """An allograph as it is in the table, without any hand's variation."""
    shapes = all_shapes()
    points = shapes.basis[way] @ shapes.control[way]  # (N_MARKS, 2)
    points = points - (points.max(axis=0) + points.min(axis=0)) / 2
    # The axes count in cells, which are higher than wide: a digit shall keep its shape.
    points = points * HIGH / np.ptp(points[:, 1]) * (CELL_HEIGHT / CELL_WIDTH, 1)
    for stroke in range(shapes.stroke_of_mark[way].max() + 1):
        x, y = points[shapes.stroke_of_mark[way] == stroke].T
        axes.plot(
            across + x, down + 0.37 + y, color=color, linewidth=PEN,
            solid_capstyle="round", solid_joinstyle="round",
        )  # fmt: skip


def _name(axes: Axes, form: Form, across: float, down: float) -> None:
    where = form.usual_in()
    schools = ", ".join(where[:3]) or "everywhere"
    axes.text(across, down + 0.70, form.name, ha="center", va="top", fontsize=8, color=INK)
    axes.text(
        across, down + 0.80, fill(schools, 20), ha="center", va="top", fontsize=7, color=GREY,
        linespacing=1.1,
    )  # fmt: skip
