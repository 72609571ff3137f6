"""Risk curve: the share of wrong answers against the share of digits that get one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from digitnet.evaluation import RiskCurve
from digitnet.plots.figures import fit_title, new_figure, save_figure
from digitnet.text import shown

INKS = ("#12355b", "#e0701a", "#2f7d4f", "#a01c3c", "#6b4c9a", "#8a6d00")
LEAST_RISK = 1.0
"""Percent that the scale reaches at least."""


class Point(NamedTuple):
    """Where a model stands on its curve: what it answered, and what it was to promise."""

    coverage: float
    risk: float
    asked: float | None


def save_risk_curve(sets: Sequence[tuple[str, RiskCurve, Point]], path: str | Path) -> None:
    """Write a curve for each set, with the point that the model's threshold has chosen.

    Raises:
        OutputError: the picture cannot be written; what stood there before still stands.
    """
    figure = new_figure(8, 5)
    axes = figure.add_subplot()
    highest, lowest = LEAST_RISK, 100.0
    for number, (name, curve, point) in enumerate(sets):
        ink = INKS[number % len(INKS)]
        label = shown(name, 40)
        axes.plot(100 * curve.coverage, 100 * curve.risk, color=ink, lw=2.2, label=label)
        words = f"{point.risk:.2%} wrong of {point.coverage:.1%} answered"
        axes.plot(
            100 * point.coverage, 100 * point.risk, "o", color=ink, markersize=9,
            markeredgecolor="white", zorder=3, label=words, clip_on=False,
        )  # fmt: skip
        far = curve.coverage >= 0.5
        highest = max(highest, 115 * float(np.max(curve.risk[far], initial=point.risk)))
        lowest = min(lowest, 100 * point.coverage)
    asked = {point.asked for _, _, point in sets} - {None}
    for risk in asked:
        assert risk is not None
        axes.axhline(100 * risk, color="0.45", ls="--", lw=1.2, label=f"asked for: {risk:.2%}")
    axes.set_ylim(0, highest)
    axes.set_xlim(max(0.0, min(50.0, lowest - 10)), 100)
    axes.set_xlabel("Digits that get an answer, %", fontsize=14)
    axes.set_ylabel("Wrong answers among them, %", fontsize=14)
    axes.spines[["top", "right"]].set_visible(False)
    title = "What more answers cost: risk against coverage"
    axes.set_title(**fit_title(title, 7.2, 17), loc="left", pad=12)
    axes.legend(fontsize=11, frameon=False, loc="upper left")
    save_figure(figure, path)
