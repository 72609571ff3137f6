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
