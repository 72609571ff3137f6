"""Course pictures: one for each chapter of docs/learn/, drawn from what it is about.

Run from the root: `python tools/draw_course.py [NAME...]`. Each is an SVG, sharp at any size, whose
ink follows the reader's light or dark surroundings. `sixty-lines` needs MNIST (DIGITNET_MNIST).
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import digitnet
from digitnet.evaluation import risk_curve
from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.glyphs import LineGlyphs
from digitnet.handwriting.lines import draw_lines
from digitnet.handwriting.non_digits import draw_non_digit
from digitnet.handwriting.pages import draw_page
from digitnet.imaging.framing import frame_picture
from digitnet.models.lines import line_model_beside
from digitnet.nn import softmax as softmax_of
from digitnet.nn.line_network import as_batch

LEARN = Path(__file__).resolve().parents[1] / "docs" / "learn"

# Colours to draw with, and what stands for them in the file: light, dark.
INK, SOFT, BLUE, ORANGE, GREEN = "#010101", "#020202", "#030303", "#040404", "#050505"
COLOURS = {
    INK: ("ink", "#1f2328", "#e6e8eb"),
    SOFT: ("soft", "#8a919a", "#7d858f"),
    BLUE: ("blue", "#1d5bd6", "#8ab4ff"),
    ORANGE: ("orange", "#c2540a", "#ffab66"),
    GREEN: ("green", "#1a7f4b", "#6fd39c"),
}
plt.rcParams.update(
    {
        "svg.fonttype": "none", "svg.hashsalt": "digitnet", "font.size": 11,
        "font.family": "sans-serif", "text.color": INK, "axes.edgecolor": SOFT,
        "axes.labelcolor": INK, "xtick.color": SOFT, "ytick.color": SOFT,
        "xtick.labelcolor": INK, "ytick.labelcolor": INK, "axes.spines.top": False,
        "axes.spines.right": False, "lines.linewidth": 2, "legend.frameon": False,
    }
)  # fmt: skip


def in_both_lights(svg: str) -> str:
    """The drawing with its colours as variables that follow the surroundings."""
    for colour, (name, _, _) in COLOURS.items():
        svg = svg.replace(colour, f"var(--{name})")
    light = "".join(f"--{name}:{light};" for name, light, _ in COLOURS.values())
    dark = "".join(f"--{name}:{dark};" for name, _, dark in COLOURS.values())
    style = f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    style += "text{font-family:system-ui,sans-serif!important}"
    start = svg.index(">", svg.index("<svg")) + 1
    return f"{svg[:start]}<style>{style}</style>{svg[start:]}"


def panels(n: int, width: float = 8.0, height: float = 3.0, **options: Any) -> tuple[Any, Any]:
    figure, axes = plt.subplots(1, n, figsize=(width, height), layout="constrained", **options)
    return figure, axes


def image(axes: Any, pixels: Any, title: str = "", **options: Any) -> None:
    """A picture without axes, its pixels as they are."""
    axes.imshow(pixels, interpolation="nearest", **{"cmap": "gray", **options})
    axes.set_axis_off()
    axes.set_title(title, color=INK, fontsize=11)


def neuron() -> Any:
    figure, (left, right) = panels(2, width_ratios=(1.3, 1))
    left.set(xlim=(0, 10), ylim=(-0.9, 4.1), aspect="equal")
    left.set_axis_off()
    values = zip((0.0, 0.5, 1.0), (0.4, -0.6, 0.8), (2.8, 1.6, 0.4), strict=True)
    for x, w, y in values:
        grey = f"{1 - 0.85 * x:.2f}"
        left.add_patch(plt.Rectangle((0.2, y - 0.35), 1.3, 0.7, fc=grey, ec=SOFT))
        left.text(1.75, y, f"{x:.1f}", va="center", color=INK)
        colour = BLUE if w > 0 else ORANGE
        left.plot([2.7, 5.9], [y, 1.6], color=colour, lw=1 + 4 * abs(w), zorder=0)
        sign = f"{w:.1f}".replace("-", "\u2212")
        left.text(3.4, y + (0.35 if y > 1 else -0.62), f"\u00d7 {sign}", color=colour)
    left.add_patch(plt.Circle((6.6, 1.6), 0.62, fc="none", ec=INK, lw=2))
    left.text(6.6, 1.6, "0.3", ha="center", va="center", color=INK)
    left.text(6.6, 0.55, "bias \u22120.2", ha="center", color=SOFT)
    left.annotate("", (9.6, 1.6), (7.4, 1.6), arrowprops={"arrowstyle": "->", "color": INK})
    z = np.linspace(-6, 6, 121)
    right.plot(z, 1 / (1 + np.exp(-z)), color=BLUE)
    right.plot([0.3, 0.3, -6], [0, 0.574, 0.574], color=SOFT, lw=1, ls="--")
    right.plot([0.3], [0.574], "o", color=ORANGE)
    right.text(0.9, 0.52, "0.574", color=ORANGE)
    right.set(xlabel="sum z", ylabel="answer a", xlim=(-6, 6), ylim=(0, 1.02))
    return figure


def weights() -> Any:
    figure, axes = plt.subplots(2, 8, figsize=(8, 2.1), layout="constrained")
    W1 = digitnet.load_model("mlp").network.parameters["W1"]
    for ax, column in zip(axes.flat, W1.T, strict=False):
        most = np.abs(column).max() * 0.6
        image(ax, column.reshape(28, 28), cmap="RdBu", vmin=-most, vmax=most)
    return figure


def softmax() -> Any:
    figure, (logits, shares, price) = panels(3, height=2.8)
    z = np.array([2.0, 1.0, -1.0])
    for ax, values, title in ((logits, z, "logits"), (shares, softmax_of(z), "probabilities")):
        ax.bar(range(3), values, color=[BLUE, ORANGE, BLUE], width=0.6)
        ax.axhline(0, color=SOFT, lw=1)
        ax.set_title(title, color=INK, fontsize=11)
        ax.set_xticks(range(3))
        ax.set_xlabel("class")
    p = np.linspace(0.01, 1, 200)
    price.plot(p, -np.log(p), color=BLUE)
    price.plot([0.259], [-np.log(0.259)], "o", color=ORANGE)
    price.text(0.31, 1.45, "1.349", color=ORANGE)
    price.set(xlabel="probability of the right class", ylabel="loss", ylim=(0, 5), xlim=(0, 1))
    return figure


def backpropagation() -> Any:
    figure, ax = panels(1, width=8.6, height=4.4)
    ax.set(xlim=(-0.6, 9.2), ylim=(-1.9, 3.1), aspect="equal")
    ax.set_axis_off()
    columns = [
        (0.0, "X", ("1", "0.5"), None),
        (2.2, "Z1", ("0.5", "0.1"), ("0.316", "\u22120.168")),
        (4.2, "A1", ("0.622", "0.525"), ("1.345", "\u22120.673")),
        (6.4, "Z2", ("0.885", "0.165"), ("0.673", "\u22120.673")),
    ]
    for (x, _, _, _), (x_next, _, _, _), all_to_all in zip(
        columns, columns[1:], (True, False, True), strict=False
    ):
        for i in (0, 1):
            for j in (0, 1):
                if all_to_all or i == j:
                    ends = [x + 0.45, x_next - 0.45], [2 - 2 * i, 2 - 2 * j]
                    ax.plot(*ends, color=SOFT, lw=1.2, zorder=0)
    for x, name, forward, backward in columns:
        ax.text(x, 2.85, name, ha="center", weight="bold", color=INK)
        for i in (0, 1):
            y = 2 - 2 * i
            ax.add_patch(plt.Circle((x, y), 0.42, fc="none", ec=INK, lw=1.5))
            ax.text(x, y, forward[i], ha="center", va="center", color=BLUE)
            if backward:
                ax.text(x, y - 0.68, backward[i], ha="center", va="center", color=ORANGE)
    ax.text(8.4, 1.0, "L = 1.117", ha="center", va="center", color=INK, weight="bold")
    for y in (2, 0):
        ax.plot([6.85, 7.7], [y, 1.0], color=SOFT, lw=1.2)
    arrow = {"arrowstyle": "->", "lw": 2}
    ax.annotate("", (2.2, -1.2), (0.0, -1.2), arrowprops={**arrow, "color": BLUE})
    ax.text(2.4, -1.2, "forward: what each gives", va="center", color=BLUE)
    ax.annotate("", (0.0, -1.7), (2.2, -1.7), arrowprops={**arrow, "color": ORANGE})
    ax.text(2.4, -1.7, "backward: the slope of the loss L by it", va="center", color=ORANGE)
    return figure


def descent() -> Any:
    figure, ax = panels(1, width=7, height=3.2)
    digits = digitnet.synthesize(1000, np.random.default_rng(0))
    X, Y = digits.images.reshape(-1, 784) / 255, np.eye(10)[digits.labels]
    for rate, colour, name in (
        (0.005, SOFT, "0.005: it creeps"), (0.1, BLUE, "0.1"), (5.0, ORANGE, "5: it jumps"),
    ):  # fmt: skip
        W, b, losses = np.zeros((784, 10)), np.zeros(10), []
        for _ in range(60):
            P = softmax_of(X @ W + b)
            losses.append(-np.log(np.maximum(P[Y == 1], 1e-30)).mean())
            W -= rate * X.T @ (P - Y) / len(X)
            b -= rate * (P - Y).mean(axis=0)
        ax.plot(losses, color=colour, label=name)
    ax.set(xlabel="step", ylabel="loss", ylim=(0, 10), xlim=(0, 59))
    ax.legend(title="rate", labelcolor=INK)
    return figure


def sixty_lines() -> Any:
    figure, ax = panels(1, width=7, height=3.0)
    mnist = digitnet.open_source("mnist")
    learnt, aside = mnist.take(np.arange(50_000)), mnist.take(np.arange(50_000, 60_000))
    network = digitnet.Network(digitnet.multilayer_perceptron(784, [64], 10))
    settings = digitnet.Settings(epochs=8)
    history = digitnet.fit(network, learnt, aside, settings, rng=np.random.default_rng(0))
    ax.plot(history.epochs, 100 * np.array(history.training_accuracy), "o-", color=SOFT)
    ax.plot(history.epochs, 100 * np.array(history.validation_accuracy), "o-", color=BLUE)
    ax.text(8.1, 100 * history.training_accuracy[-1], "learnt from", va="center", color=SOFT)
    ax.text(8.1, 100 * history.validation_accuracy[-1], "set aside", va="center", color=BLUE)
    ax.set(xlabel="epoch", ylabel="read rightly, %", xlim=(0.8, 9.4))
    return figure


def checking() -> Any:
    figure, ax = panels(1, width=7, height=3.0)
    steps = np.logspace(-13, 0, 200)
    for dtype, colour, name in ((np.float64, BLUE, "float64"), (np.float32, ORANGE, "float32")):
        z = dtype(0.7)
        h = steps.astype(dtype)
        with np.errstate(all="ignore"):
            numeric = (sigmoid(z + h) - sigmoid(z - h)) / (2 * h)
        a = 1 / (1 + np.exp(-0.7))
        ax.loglog(steps, np.abs(numeric - a * (1 - a)) + 1e-14, color=colour, label=name, lw=1.3)
    ax.set(xlabel="step h", ylabel="error of the slope", ylim=(1e-13, 3))
    ax.legend(labelcolor=INK)
    return figure


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def framing() -> Any:
    figure, axes = panels(3, height=2.9)
    rng = np.random.default_rng(5)
    photo = draw_page(["4"], rng, style=PageStyle.sample(rng)).picture
    image(axes[0], photo, "the photo", vmin=0, vmax=255)
    image(axes[1], frame_picture(photo, "stretch").image, "merely made smaller")
    image(axes[2], frame_picture(photo, "mnist").image, "framed")
    return figure


def overfitting() -> Any:
    figure, ax = panels(1, width=7, height=3.2)
    few = digitnet.synthesize(300, np.random.default_rng(1))
    others = digitnet.synthesize(2000, np.random.default_rng(2))
    network = digitnet.Network(digitnet.multilayer_perceptron(784, [64], 10))
    settings = digitnet.Settings(epochs=150)
    history = digitnet.fit(network, few, others, settings, rng=np.random.default_rng(0))
    ax.plot(history.epochs, history.training_loss, color=SOFT)
    ax.plot(history.epochs, history.validation_loss, color=BLUE)
    ax.text(151, history.training_loss[-1] + 0.08, "learnt from", va="center", color=SOFT)
    ax.text(151, history.validation_loss[-1], "others", va="center", color=BLUE)
    best = int(np.argmin(history.validation_loss))
    ax.plot([best + 1], [history.validation_loss[best]], "o", color=ORANGE)
    ax.text(best + 4, history.validation_loss[best] - 0.13, "lowest", color=ORANGE)
    ax.set(xlabel="epoch", ylabel="loss", xlim=(1, 178), ylim=(0, None))
    return figure


def convolution() -> Any:
    figure, axes = panels(3, height=2.9, width_ratios=(2, 1, 2))
    digit = digitnet.synthesize(40, np.random.default_rng(3))
    x = digit.images[np.flatnonzero(digit.labels == 5)[0]] / 255.0
    W = np.array([[-1.0, 0, 1]] * 3)
    y = np.array([[(x[i : i + 3, j : j + 3] * W).sum() for j in range(26)] for i in range(26)])
    image(axes[0], x, "a digit")
    image(axes[1], W, "a window of weights", cmap="RdBu", vmin=-1.3, vmax=1.3)
    for (i, j), w in np.ndenumerate(W):
        axes[1].text(j, i, f"{w:.0f}".replace("-", "\u2212"), ha="center", va="center", color="k")
    image(axes[2], y, "its answer at every place", cmap="RdBu", vmin=-3, vmax=3)
    return figure


def doubt() -> Any:
    figure, axes = plt.subplots(
        2, 3, figsize=(8, 3.4), height_ratios=(1.1, 1), layout="constrained"
    )
    model = digitnet.load_model("cnn")
    rng = np.random.default_rng(0)
    letters = [frame_picture(draw_non_digit("capitals", rng)).image for _ in range(50)]
    surest = max(letters, key=lambda frame: model.probabilities(frame[None]).max())
    noise = (rng.random((28, 28)) * 255).astype(np.uint8)
    digit = digitnet.predict("test_images/digi_3.png", model).frame.image
    for k, (name, frame) in enumerate((("a digit", digit), ("a letter", surest), ("noise", noise))):
        image(axes[0, k], frame, name)
        p = model.probabilities(frame[None])[0]
        axes[1, k].bar(range(10), 100 * p, color=[ORANGE if v == p.max() else BLUE for v in p])
        axes[1, k].set(ylim=(0, 105), xticks=range(10))
        axes[1, k].set_ylabel("%" if k == 0 else "")
    return figure


def risk() -> Any:
    figure, ax = panels(1, width=7, height=2.9)
    model = digitnet.load_model("mlp")
    digits = digitnet.synthesize(5000, np.random.default_rng(7))
    p = model.probabilities(digits.images)
    known = np.ones(len(p), dtype=bool)
    curve = risk_curve(p.max(axis=1), p.argmax(axis=1) == digits.labels, known)
    ax.plot(100 * curve.coverage, 100 * curve.risk, color=BLUE)
    ax.set(xlabel="digits that are answered, %", ylabel="answers that are wrong, %", ylim=(0, None))
    return figure


def quantization() -> Any:
    figure, axes = panels(3, height=2.8)
    weights = digitnet.load_model("mlp").network.parameters["W1"][:, 11].reshape(28, 28)
    top = np.abs(weights).max()
    for ax, name, largest in zip(
        axes, ("in floats", "in 4 bits: -7 to 7", "in three values"), (0, 7, 1), strict=True
    ):
        step = top / largest if largest else 1.0
        rounded = step * np.round(weights / step) if largest else weights
        image(ax, rounded, name.replace("-", "\u2212"), cmap="RdBu", vmin=-top, vmax=top)
    return figure


def ctc() -> Any:
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(8, 3.6), height_ratios=(1, 1.5), layout="constrained", sharex=True
    )
    rng = np.random.default_rng(4)
    model = line_model_beside("0123456789")
    assert model is not None
    glyphs = LineGlyphs.make(rng, n_writers=3)
    lines = draw_lines(100, rng, digits=glyphs, grade=0.3)
    line = next(line for line in lines if line.text.isdigit() and len(line.text) == 5)
    x, columns = as_batch([line.image])
    p = softmax_of(model.network.forward(x)[0][: columns[0]])
    width = line.image.shape[1]
    above.imshow(line.image, cmap="gray", extent=(0, width, 32, 0), aspect="auto")
    above.set_axis_off()
    shown = p[:, 1:11].T
    below.imshow(shown, cmap="Blues", extent=(0, width, 10, 0), aspect="auto", vmin=0, vmax=1)
    below.set(yticks=np.arange(10) + 0.5, yticklabels=list("0123456789"), xticks=[])
    below.set_ylabel("digit")
    return figure


PICTURES: dict[str, Callable[[], Any]] = {
    f.__name__.replace("_", "-"): f
    for f in (
        neuron, weights, softmax, backpropagation, descent, sixty_lines, checking, framing,
        overfitting, convolution, doubt, risk, quantization, ctc,
    )
}  # fmt: skip


def main() -> None:
    for name in sys.argv[1:] or PICTURES:
        figure = PICTURES[name]()
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
        plt.close(figure)
        (LEARN / f"{name}.svg").write_text(in_both_lights(file.getvalue()))


if __name__ == "__main__":
    main()
