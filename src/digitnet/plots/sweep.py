"""Sweep: the validation accuracy of each combination, its seeds as dots, mean and spread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from digitnet.plots.figures import as_ticks, fit_title, new_figure, save_figure

MOST = 40
"""Combinations that are drawn; the best of more."""
INK, BEST = "#12355b", "#e0701a"


class Spread(NamedTuple):
    """A combination's name, and the accuracy of each of its seeds, 0 to 1."""

    name: str
    accuracies: Sequence[float]


def save_sweep(combinations: Sequence[Spread], path: str | Path) -> None:
    """Draw a row for each combination, the first, which is the best, on top.

    Raises:
        OutputError: the picture cannot be written; what stood there before still stands.
        MissingExtraError: Matplotlib is not installed.
    """
    from statistics import fmean, stdev

    drawn = combinations[:MOST]
    figure = new_figure(9, 1.8 + 0.34 * len(drawn))
    axes = figure.add_subplot()
    for place, (_, accuracies) in enumerate(drawn):
        ink = BEST if place == 0 else INK
        percent = [100 * accuracy for accuracy in accuracies]
        mean = fmean(percent)
        spread = stdev(percent) if len(percent) > 1 else 0.0
        axes.plot([mean - spread, mean + spread], [place, place], color=ink, lw=3, alpha=0.35)
        axes.plot(percent, [place] * len(percent), "o", color=ink, markersize=4, alpha=0.6)
        axes.plot([mean], [place], "|", color=ink, markersize=16, markeredgewidth=2.5)
    axes.set_yticks(range(len(drawn)), as_ticks([name for name, _ in drawn]), parse_math=False)
    axes.set_ylim(len(drawn) - 0.5, -0.5)
    axes.set_xlabel("Validation accuracy, %: seeds, their mean, a standard deviation each way")
    axes.spines[["top", "right"]].set_visible(False)
    more = f", the best {MOST} of {len(combinations)}" if len(combinations) > MOST else ""
    axes.set_title(**fit_title(f"A sweep{more}", 7, 15), loc="left", pad=10)
    save_figure(figure, path)
