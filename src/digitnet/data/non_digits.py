"""Non-digits: frames of what is no digit, drawn and framed as every picture is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from digitnet.errors import SettingsError
from digitnet.handwriting.non_digits import KINDS, draw_non_digit
from digitnet.imaging.arrays import Bytes
from digitnet.imaging.frame import SIDE
from digitnet.imaging.framing import frame_picture
from digitnet.threads import on_all_cores


def non_digit_frames(n: int, rng: np.random.Generator, kinds: Sequence[str] = ()) -> Bytes:
    """Draw n non-digits, of each kind as many, and frame them.

    What the framing itself finds to be no digit, such as blank paper, is left out.

    Args:
        n: how many are drawn, at least 1.
        rng: draws everything; the same state gives the same bytes, whatever the number of cores.
        kinds: names of `digitnet.handwriting.non_digits.KINDS`; all by default.

    Returns:
        (M, 28, 28), M at most n.

    Raises:
        SettingsError: n is not positive, or there is no such kind.
    """
    if n < 1:
        raise SettingsError(f"The number of non-digits to draw must be at least 1, not {n}.")
    names = tuple(kinds) or tuple(KINDS)
    seeds = rng.integers(0, 2**32, (n, 4))
    frames = np.zeros((n, SIDE, SIDE), np.uint8)
    taken = np.zeros(n, bool)

    def draw(k: int) -> None:
        picture = draw_non_digit(names[k % len(names)], np.random.default_rng(seeds[k]))
        frame = frame_picture(picture)
        frames[k], taken[k] = frame.image, frame.reason is None

    on_all_cores(draw, range(n))
    return frames[taken]


def raw_frames(n: int, rng: np.random.Generator) -> Bytes:
    """Frames (n, 28, 28) that no picture becomes, such as a table's rows may bring.

    Noise of any strength, scattered pixels, and coarse patterns of blocks and stripes, as they are.
    """
    return np.stack([RAW[k % len(RAW)](rng) for k in range(n)])


def _noise(rng: np.random.Generator) -> Bytes:
    low, high = sorted(rng.integers(0, 257, 2).tolist())
    return rng.integers(low, high + 1, (SIDE, SIDE)).clip(0, 255).astype(np.uint8)


def _scattered(rng: np.random.Generator) -> Bytes:
    lit = rng.random((SIDE, SIDE)) < rng.uniform(0.02, 0.5)
    return np.asarray(lit * rng.integers(80, 256, (SIDE, SIDE)), np.uint8)


def _blocks(rng: np.random.Generator) -> Bytes:
    size = int(rng.choice([2, 4, 7]))
    cells = rng.random((SIDE // size, SIDE // size)) < rng.uniform(0.2, 0.7)
    return np.asarray(cells.repeat(size, axis=0).repeat(size, axis=1) * 255, np.uint8)


def _stripes(rng: np.random.Generator) -> Bytes:
    """Three bars and more, all across."""
    period = int(rng.integers(3, 10))
    lit = (np.arange(SIDE) + rng.integers(0, period)) % period < max(1, period // 2)
    image = np.broadcast_to(lit[:, None] * rng.integers(120, 256), (SIDE, SIDE))
    return np.asarray(image if rng.random() < 0.5 else image.T, np.uint8)


RAW = (_noise, _scattered, _blocks, _stripes)
