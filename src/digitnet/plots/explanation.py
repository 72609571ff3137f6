"""Explanation: one picture that shows how a picture became a frame, and the frame an answer."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitnet.models.model import Prediction
from digitnet.plots.figures import as_ticks, new_figure, save_figure
from digitnet.text import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL = 2.7  # inches; a stage's picture is this wide and at most this high
BAR = "#12355b"
CHOSEN = "#e0701a"
QUIET = "0.45"


def save_explanation(
    stages: Sequence[tuple[str, NDArray[np.uint8]]],
    prediction: Prediction,
    class_names: Sequence[str],
    path: str | Path,
) -> None:
    """Write the framing's stages side by side, the probabilities beside them, and the facts below.

    Args:
        stages: title and picture, (H, W) grey or (H, W, 3) RGB, of each stage.
        prediction: what the network made of the last of them.
        class_names: one for each probability.
        path: where to.

    Raises:
        OutputError: the picture cannot be written; what stood there before still stands.
    """
    n = len(stages)
    figure = new_figure(PANEL * (n + 1), PANEL + 0.9)
    axes = figure.subplots(1, n + 1, width_ratios=[1.0] * n + [1.1])
    for number, (place, (title, picture)) in enumerate(zip(axes[:-1], stages, strict=True), 1):
        place.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        place.set_title(f"{number}. {title}", fontsize=13, parse_math=False)
        place.set_xticks([])
        place.set_yticks([])
        place.set_box_aspect(1)
        place.set_anchor("N")
        place.set_facecolor("#eeeeee")
        height, width = picture.shape[:2]
        side = max(height, width)
        place.set_xlim(width / 2 - side / 2 - 0.5, width / 2 + side / 2 - 0.5)
        place.set_ylim(height / 2 + side / 2 - 0.5, height / 2 - side / 2 - 0.5)
    bars = axes[-1]
    names = as_ticks(class_names)
    chosen = prediction.label
    if chosen is None:
        _candidates(bars, prediction)  # a bar beside a refusal would say more than the answer
    else:
        colours = [CHOSEN if i == chosen else BAR for i in range(len(names))]
        bars.barh(range(len(names)), prediction.probabilities, color=colours)
    bars.set_yticks(range(len(names)), names, fontsize=11, parse_math=False)
    bars.set_ylim(len(names) - 0.4, -0.6)
    bars.set_xlim(0, 1)
    bars.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"], fontsize=11)
    bars.spines[["top", "right"]].set_visible(False)
    bars.set_box_aspect(1)
    bars.set_anchor("N")
    answer = "no answer" if chosen is None else f"answer: {names[chosen]}"
    bars.set_title(f"{n + 1}. {answer}", fontsize=13, fontweight="bold", parse_math=False)
    words = prediction.frame.sentence
    if prediction.reason is not None:
        words += f" No answer: {prediction.reason}."
    figure.supxlabel(textwrap.fill(shown(words), 110), fontsize=13, parse_math=False)
    save_figure(figure, path)


def _candidates(axes: Axes, prediction: Prediction) -> None:
    """In place of bars: how likely the two likeliest are, where it may be a digit at all."""
    if prediction.reason is None or not prediction.reason.startswith("unsure"):
        return
    for label in prediction.probabilities.argsort()[::-1][:2]:
        share = float(prediction.probabilities[label])
        axes.text(0.04, int(label), f"{100 * share:.1f} %", va="center", fontsize=11, color=QUIET)
