"""Invariances: changes of a picture that must not change its label, and how often they do.

    python -m benchmarks.invariances --model cnn --mnist FOLDER [--pictures FOLDER] [-n 1000]

Every picture is framed and read as it is and again after each change; the table gives the share
of equal labels. MNIST's digits are taken from the end of the training file, never from its test
set. A picture folder adds a column: real pictures, the label the first character of the name.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitnet.imaging.framing import frame_picture
from digitnet.imaging.pictures import open_picture

Picture = NDArray[np.uint8]
Change = Callable[[Picture, np.random.Generator], "Picture | bytes"]
Classify = Callable[[Picture], NDArray[np.int64]]
"""(N, 28, 28) uint8 frames to (N,) labels."""


def border_colour(picture: Picture) -> NDArray[np.uint8]:
    edges = [picture[0], picture[-1], picture[:, 0], picture[:, -1]]
    return np.median(np.concatenate(edges), axis=0).astype(np.uint8)


def padded(picture: Picture, sides: Sequence[int]) -> Picture:
    """Add (top, bottom, left, right) pixels of the border's colour."""
    colour = np.atleast_1d(border_colour(picture)).tolist()
    return np.asarray(
        cv2.copyMakeBorder(picture, *sides, cv2.BORDER_CONSTANT, value=colour), np.uint8
    )


def invert(picture: Picture, rng: np.random.Generator) -> Picture:
    return 255 - picture


def pad(picture: Picture, rng: np.random.Generator) -> Picture:
    most = max(picture.shape[:2])
    return padded(picture, [int(rng.integers(0, most + 1))] * 4)


def turn(orientation: int) -> Change:
    """Store the picture turned, with the EXIF orientation that undoes it, as a PNG file."""

    def change(picture: Picture, rng: np.random.Generator) -> bytes:
        flips = {
            1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1],
            4: lambda a: a[::-1], 5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a),
            7: lambda a: a[::-1, ::-1].swapaxes(0, 1), 8: lambda a: np.rot90(a, -1),
        }  # fmt: skip
        exif = Image.Exif()
        exif[274] = orientation
        file = io.BytesIO()
        stored = np.ascontiguousarray(flips[orientation](picture))
        Image.fromarray(stored).save(file, "PNG", exif=exif)
        return file.getvalue()

    return change


def scale(times: float) -> Change:
    """Scale a picture, large ones only as far as 20 million pixels."""

    def change(picture: Picture, rng: np.random.Generator) -> Picture:
        factor = min(times, (20e6 / (picture.shape[0] * picture.shape[1])) ** 0.5)
        way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        size = [max(2, round(side * factor)) for side in picture.shape[1::-1]]
        return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8)

    return change


def shift(picture: Picture, rng: np.random.Generator) -> Picture:
    """Put the picture anywhere on a ground twice its size."""
    height, width = picture.shape[:2]
    top, left = int(rng.integers(0, height + 1)), int(rng.integers(0, width + 1))
    return padded(picture, (top, height - top, left, width - left))


def _grounds(picture: Picture) -> tuple[Picture, bool]:
    """The picture as dark ink on light ground in RGB, and whether it was so."""
    light = float(border_colour(picture).mean()) > 127.5
    rgb = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    return (rgb if light else 255 - rgb), light


def tint(picture: Picture, rng: np.random.Generator) -> Picture:
    """Take dark ink on light ground to paper of another colour."""
    dark, _ = _grounds(picture)
    paper = rng.uniform(0.6, 1.0, 3)
    return np.rint(dark * paper).astype(np.uint8)


def shadow(picture: Picture, rng: np.random.Generator) -> Picture:
    """Let the light on dark ink and light ground fall by half, linearly, in any direction."""
    dark, _ = _grounds(picture)
    height, width = dark.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j]
    ramp = x * np.cos(angle) + y * np.sin(angle)
    ramp = (ramp - ramp.min()) / (ramp.max() - ramp.min())
    return np.rint(dark * (1 - 0.5 * ramp[..., None])).astype(np.uint8)


def pen(times: float) -> Change:
    """Make the strokes of an MNIST-like digit thicker or thinner, at twenty times its size."""

    def change(picture: Picture, rng: np.random.Generator) -> Picture:
        dark, light = _grounds(picture)
        zoom = max(1.0, 560 / max(dark.shape[:2]))
        large = cv2.resize(dark.min(axis=2), None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
        cut, _ = cv2.threshold(large, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        ink = (large <= cut).astype(np.uint8)
        inside = cv2.distanceTransform(ink, cv2.DIST_L2, 5)
        move = (times - 1) * 2 * float(inside[ink > 0].mean())
        outside = cv2.distanceTransform(1 - ink, cv2.DIST_L2, 5)
        moved = (outside - inside <= move).astype(np.float32)
        drawn = np.rint(255 - 215 * cv2.GaussianBlur(moved, (0, 0), 1.0)).astype(np.uint8)
        return drawn if light else 255 - drawn

    return change


def jpeg(picture: Picture, rng: np.random.Generator) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=30)
    return file.getvalue()


def noise(picture: Picture, rng: np.random.Generator) -> Picture:
    grain = rng.normal(0, 0.05 * 255, picture.shape)
    return np.rint(picture + grain).clip(0, 255).astype(np.uint8)


CHANGES: dict[str, tuple[Change, float]] = {
    "inversion": (invert, 1.0),
    "padding": (pad, 1.0),
    **{f"EXIF turn {k}": (turn(k), 1.0) for k in range(1, 9)},
    **{f"scale {k:g}": (scale(k), 0.99) for k in (0.25, 0.5, 0.75, 1.5, 3, 7, 20)},
    "shift": (shift, 0.99),
    "paper tint": (tint, 0.99),
    "shadow 50 %": (shadow, 0.99),
    "stroke -20 %": (pen(0.8), 0.99),
    "stroke +20 %": (pen(1.2), 0.99),
    "JPEG quality 30": (jpeg, 0.99),
    "noise 5 %": (noise, 0.99),
}
"""Each change and the share of labels that must survive it."""


def labels(pictures: Iterable[Picture | bytes], classify: Classify) -> NDArray[np.int64]:
    frames = [frame_picture(open_picture(picture)).image for picture in pictures]
    return classify(np.stack(frames))


def survival(pictures: Sequence[Picture], change: Change, classify: Classify,
             before: NDArray[np.int64], seed: int = 0) -> float:  # fmt: skip
    """Share of pictures whose label is the same after a change."""
    rng = np.random.default_rng(seed)
    after = labels((change(picture, rng) for picture in pictures), classify)
    return float((after == before).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="cnn or mlp, or a folder (default: as `digitnet predict`)")
    parser.add_argument("--mnist", type=Path, help="a folder with MNIST's IDX files")
    parser.add_argument("--pictures", type=Path, help="a folder of folders of real pictures")
    parser.add_argument("-n", type=int, default=1000, help="how many of MNIST's digits")
    parser.add_argument(
        "--only", nargs="+", choices=list(CHANGES), metavar="CHANGE", help="these changes only"
    )
    arguments = parser.parse_args()
    from digitnet.models.folder import load_model

    model = load_model(arguments.model)

    def classify(images: Picture) -> NDArray[np.int64]:
        return np.asarray(model.probabilities(images).argmax(axis=1))

    columns: dict[str, list[Picture]] = {}
    if arguments.mnist:
        from digitnet.data.idx import load_idx_folder

        columns["MNIST"] = list(load_idx_folder(arguments.mnist).images[-arguments.n :])
    if arguments.pictures:
        paths = sorted(path for path in arguments.pictures.glob("*/*") if path.is_file())
        columns["pictures"] = [open_picture(path) for path in paths]
    print_table(columns, classify, arguments.only or list(CHANGES))


def print_table(
    columns: dict[str, list[Picture]], classify: Classify, names: Sequence[str]
) -> None:
    """One row per change, one column per set of pictures, the wanted share last."""
    before = {name: labels(pictures, classify) for name, pictures in columns.items()}
    sizes = [f"{name} ({len(pictures)})" for name, pictures in columns.items()]
    print(f"{'change':<16}" + "".join(f"{size:>17}" for size in sizes) + f"{'wanted':>9}")
    for change_name in names:
        change, wanted = CHANGES[change_name]
        shares = []
        for name, pictures in columns.items():
            shares.append(survival(pictures, change, classify, before[name]))
        row = "".join(f"{share:>16.1%} " for share in shares)
        print(f"{change_name:<16}{row}{wanted:>8.0%}", flush=True)


if __name__ == "__main__":
    main()
