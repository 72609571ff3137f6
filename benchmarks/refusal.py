"""Refusal: what a model answers to digits, and to what is none.

    python -m benchmarks.refusal [--model DIR] [--validation-only]

Blank paper, noise, letters, scribbles, faces and pages are drawn as pictures and take the whole
way: picture -> frame -> answer. Nothing is learnt from how they are drawn here, but what the
novelty reads was chosen with these kinds in sight (docs/lab-notes.md), so they are not unseen. The
test digits are MNIST's, opened once, at the end; with --validation-only they stay shut.
"""

from __future__ import annotations

import argparse
import string
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from digitnet.cli.models import add_model_option
from digitnet.data.sources import open_source
from digitnet.evaluation import evaluate
from digitnet.imaging.framing import frame_picture
from digitnet.models.folder import load_model
from digitnet.models.model import Model

Picture = NDArray[np.uint8]
Draw = Callable[[np.random.Generator], Picture]

LOOK_ALIKES = "BDIOQSZbgiloqsz"  # in many hands these are 8 0 1 0 0 5 2 6 9 1 1 0 9 5 2
FONTS = {
    "STIX": ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic"),
    "Computer Modern": ("cmr10", "cmb10", "cmss10", "cmtt10", "cmti10"),
    "DejaVu (chosen by)": ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono"),
}


def paper(rng: np.random.Generator, side: int = 160) -> Picture:
    """Plain paper of some tint, with a little grain."""
    grain = rng.normal(0, rng.uniform(0, 2), (side, side))
    return np.clip(rng.uniform(150, 255) + grain, 0, 255).astype(np.uint8)


def blank(rng: np.random.Generator) -> Picture:
    """Paper with nothing on it; at times darker towards one side, or an empty dark canvas."""
    if rng.random() < 0.3:
        return np.full((200, 200), rng.integers(0, 256), dtype=np.uint8)
    light = np.linspace(1, rng.uniform(0.6, 1), 160)
    return (paper(rng) * light).astype(np.uint8)


def noise(rng: np.random.Generator) -> Picture:
    """Even, normal, or salt-and-pepper noise; fine or in blocks."""
    side = int(rng.choice([28, 64, 150]))
    kind = rng.integers(3)
    if kind == 0:
        image = rng.integers(0, 256, (side, side))
    elif kind == 1:
        image = np.clip(rng.normal(128, rng.uniform(10, 60), (side, side)), 0, 255)
    else:
        image = np.where(rng.random((side, side)) < rng.uniform(0.02, 0.3), 0, 255)
    zoom = int(rng.choice([1, 4]))
    return image.astype(np.uint8).repeat(zoom, axis=0).repeat(zoom, axis=1)


def scribble(rng: np.random.Generator) -> Picture:
    """A pen that turns as it likes: it loops, hooks and crosses itself."""
    n = int(rng.integers(60, 300))
    turn = np.cumsum(rng.normal(0, rng.uniform(0.02, 0.12), n)) * rng.uniform(0.2, 1)
    angle = rng.uniform(0, 7) + np.cumsum(turn * 0.3)
    path = np.stack([np.cumsum(np.cos(angle)), np.cumsum(np.sin(angle))], axis=1)
    path = 20 + 120 * (path - path.min(axis=0)) / max(np.ptp(path, axis=0).max(), 1e-6)
    image = paper(rng)
    pen, ink = int(rng.integers(3, 10)), int(rng.integers(0, 60))
    cv2.polylines(image, [np.rint(path).astype(np.int32)], False, ink, pen, cv2.LINE_AA)
    return image


def hatching(rng: np.random.Generator) -> Picture:
    """A zigzag to and fro, as one crosses something out."""
    n = int(rng.integers(4, 12))
    x = np.where(np.arange(n) % 2, 140, 20) + rng.uniform(-15, 15, n)
    path = np.stack([x, np.linspace(30, 130, n) + rng.uniform(-8, 8, n)], axis=1)
    image = paper(rng)
    cv2.polylines(
        image, [np.rint(path).astype(np.int32)], False, 20, int(rng.integers(3, 9)), cv2.LINE_AA
    )
    return image


def drawn_face(rng: np.random.Generator) -> Picture:
    """A round of lines with eyes, nose and mouth."""
    image = paper(rng)
    pen, ink = int(rng.integers(2, 6)), int(rng.integers(0, 70))
    middle, wide, high = (80, 80), int(rng.integers(40, 60)), int(rng.integers(45, 65))
    cv2.ellipse(image, middle, (wide, high), 0, 0, 360, ink, pen, cv2.LINE_AA)
    eye = int(rng.integers(12, 22))
    for x in (80 - eye, 80 + eye):
        cv2.circle(image, (x, 65), int(rng.integers(3, 8)), ink, -1 if rng.random() < 0.5 else pen)
    cv2.line(image, (80, 72), (80 + int(rng.integers(-6, 7)), 90), ink, pen, cv2.LINE_AA)
    cv2.ellipse(image, (80, 100), (eye + 4, 12), 0, 10, 170, ink, pen, cv2.LINE_AA)
    return image


def painted_face(rng: np.random.Generator) -> Picture:
    """A shaded head with hair on a coloured wall, softened like a portrait out of focus."""
    image = np.empty((160, 160, 3), dtype=np.uint8)
    image[:] = rng.integers(60, 220, 3)
    skin = np.array([224, 172, 135]) * rng.uniform(0.4, 1.1)
    hair = tuple(int(v) for v in np.array([90, 60, 40]) * rng.uniform(0.2, 1.6))
    tone = tuple(int(v) for v in np.clip(skin, 0, 255))
    cv2.ellipse(image, (80, 66), (int(rng.integers(44, 54)), 56), 0, 0, 360, hair, -1)
    cv2.rectangle(image, (64, 110), (96, 160), tone, -1)
    cv2.ellipse(image, (80, 82), (int(rng.integers(34, 42)), 48), 0, 0, 360, tone, -1)
    for x in (64, 96):
        cv2.ellipse(image, (x, 76), (8, 4), 0, 0, 360, (245, 245, 245), -1)
        cv2.circle(image, (x, 76), 4, (40, 30, 20), -1)
    cv2.ellipse(image, (80, 108), (14, 5), 0, 0, 360, (170, 70, 70), -1)
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(1, 4))


def text_page(rng: np.random.Generator) -> Picture:
    """Some lines of printed words."""
    image = Image.fromarray(np.full((400, 300), rng.integers(200, 256), dtype=np.uint8))
    draw, size = ImageDraw.Draw(image), int(rng.integers(14, 28))
    pen = font("cmr10" if rng.random() < 0.5 else "STIXGeneral", size)
    for y in range(20, 370, size + int(rng.integers(4, 10))):
        words = ["".join(rng.choice(list(string.ascii_lowercase), rng.integers(2, 9)))
                 for _ in range(6)]  # fmt: skip
        draw.text((15, y), " ".join(words)[: 480 // size], fill=30, font=pen)
    return np.asarray(image)


def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    import matplotlib

    return ImageFont.truetype(
        str(Path(matplotlib.get_data_path(), "fonts/ttf", f"{name}.ttf")), size
    )


def letter(character: str, name: str, rng: np.random.Generator) -> Picture:
    """One printed letter, hardly turned, on paper."""
    sheet = Image.fromarray(paper(rng))
    ink = Image.new("L", sheet.size, 0)
    size = int(rng.integers(60, 110))
    ImageDraw.Draw(ink).text((80, 80), character, fill=255, font=font(name, size), anchor="mm")
    turned = ink.rotate(rng.uniform(-8, 8), resample=Image.Resampling.BICUBIC)
    return np.asarray(Image.composite(Image.new("L", sheet.size, 30), sheet, turned))


def letters(names: tuple[str, ...], which: str, rng: np.random.Generator) -> Iterator[Picture]:
    for name in names:
        for character in which:
            yield letter(character, name, rng)


def groups(n: int, rng: np.random.Generator) -> Iterator[tuple[str, Iterator[Picture]]]:
    drawn: dict[str, Draw] = {
        "blank": blank,
        "noise": noise,
        "scribbles": scribble,
        "hatching": hatching,
        "faces, drawn": drawn_face,
        "faces, painted": painted_face,
        "pages of text": text_page,
    }
    for name, draw in drawn.items():
        yield name, (draw(rng) for _ in range(n))
    clear = "".join(c for c in string.ascii_letters if c not in LOOK_ALIKES)
    for name, names in FONTS.items():
        yield f"letters, {name}", islice(letters(names, clear, rng), n)
        yield f"look-alikes, {name}", islice(letters(names, LOOK_ALIKES, rng), n)


def row(name: str, model: Model, pictures: Iterator[Picture]) -> str:
    """Answer a group, and count: answered, no digit, unsure."""
    reasons = [model.answer(frame_picture(p, model.framing)).reason or "" for p in pictures]
    n = len(reasons)
    shares = [sum(r.startswith(start) for r in reasons) / n for start in ("no digit", "unsure")]
    return f"{name:<32}{n:>7,}{1 - sum(shares):>10.1%}{shares[0]:>10.1%}{shares[1]:>9.1%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_model_option(parser)
    parser.add_argument("--mnist", default="mnist", help="where MNIST is (default: mnist)")
    parser.add_argument("--n", type=int, default=200, help="pictures of each kind, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--validation-only", action="store_true", help="leave MNIST's test shut")
    args = parser.parse_args()
    model = load_model(args.model)
    kept = model.calibration
    print(
        f"temperature {kept.temperature:.3f}, least probability {kept.least_probability:.3f}, "
        f"most novelty {kept.most_novelty:.1f}\n"
    )
    print(f"{'':<32}{'n':>7}{'answered':>10}{'no digit':>10}{'unsure':>9}")
    rng = np.random.default_rng(args.seed)
    for name, pictures in groups(args.n, rng):
        print(row(name, model, pictures), flush=True)
    if args.validation_only:
        return
    test = open_source(args.mnist, part="test")
    probabilities = model.probabilities(test.images)
    strange, unsure = kept.no_digit(test.images), kept.unsure(probabilities)
    accepted = model.accepted(test.images, probabilities)
    result = evaluate(probabilities, test.labels, model.class_names, accepted)
    print(
        f"{'MNIST test digits':<32}{result.n:>7,}{accepted.mean():>10.1%}"
        f"{strange.mean():>10.1%}{(unsure & ~strange).mean():>9.1%}\n\n"
        f"expected calibration error on MNIST's test digits {result.calibration_error:.2%}, "
        f"loss {result.loss:.4f} nats\n"
        f"right: {result.accuracy:.2%} of all, "
        f"{result.n_accepted_right / result.n_accepted:.2%} of the answered"
    )


if __name__ == "__main__":
    main()
