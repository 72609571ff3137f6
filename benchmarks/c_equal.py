"""C equal: every logit of an exported header beside its NumPy twin's, on frames of all kinds.

    python -m benchmarks.c_equal [MODEL ...] [-n 1000000] [--small 100000]

Models of whole numbers alone: not one bit may differ. Frames are all 0 and all 255, the worst that
the weights allow, and `-n` random ones: noise of every density, and noise through a stroke-wide
blur, which looks more like ink. All go through DIGIT_FAST, the first `--small` random ones through
the code for small machines too, and all others. The worst frames: what each channel of each layer
sums up is followed back to the pixels as if nothing were cut off between, and what adds to it is
255, all else 0; and the same turned round. Exit code 1 where a logit differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.c_time import by_c
from benchmarks.records import machine
from digitnet.cli.main import guarded
from digitnet.errors import ModelError
from digitnet.imaging.frame import SIDE
from digitnet.models.folder import load_model
from digitnet.models.integer_network import IntegerLayer, IntegerNetwork

Frames = NDArray[np.uint8]
SEED = 16
AT_ONCE = 5000


def worst_frames(network: IntegerNetwork) -> Frames:
    """Two frames (N, 28, 28) for each channel of each layer, which drive its sums up and down."""
    frames = []
    shapes: list[tuple[int, ...]] = [(1, SIDE, SIDE), *network.shapes()]
    for number, layer in enumerate(network.layers):
        for weights in layer.weights:
            pull = np.zeros(shapes[number]) if layer.kind == "conv" else weights.astype(float)
            pull = pull.reshape(shapes[number])
            if layer.kind == "conv":
                k = weights.shape[-1]
                top, left = ((side - k) // 2 for side in pull.shape[1:])
                pull[:, top : top + k, left : left + k] = weights
            for i in reversed(range(number)):
                pull = _back(network.layers[i], pull, shapes[i])
            frames += [pull[0] > 0, pull[0] < 0]
    return 255 * np.array(frames, np.uint8)


def _back(layer: IntegerLayer, pull: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """How much each input of a layer, of a shape, adds to what pulls at its outputs."""
    if layer.kind == "pool":
        return pull.repeat(2, axis=1).repeat(2, axis=2)
    if layer.kind == "dense":
        return np.tensordot(pull.ravel(), layer.weights.astype(float), 1).reshape(shape)
    k = layer.weights.shape[-1]
    height, width = pull.shape[1:]
    back = np.zeros(shape)
    for a in range(k):
        for b in range(k):
            share = np.tensordot(layer.weights[:, :, a, b].astype(float), pull, ((0,), (0,)))
            back[:, a : a + height, b : b + width] += share
    return back


def random_frames(n: int, rng: np.random.Generator) -> Frames:
    """Noise (n, 28, 28) of every density, each second one blurred to the width of a stroke."""
    frames = rng.integers(0, 256, (n, SIDE, SIDE), dtype=np.uint8)
    frames[rng.random((n, SIDE, SIDE), np.float32) > rng.random((n, 1, 1), np.float32)] = 0
    for frame in frames[::2]:
        cv2.blur(frame, (3, 3), dst=frame)
        np.minimum(frame, 85, out=frame)
        frame *= 3
    return frames


class Twins:
    """A model in C, in both ways, beside its network, and how many logits were compared."""

    def __init__(self, name: str, folder: Path) -> None:
        model = load_model(name)
        if not isinstance(model.network, IntegerNetwork):
            raise ModelError(f"{name} computes in floats: its C is not equal to the bit.")
        self.network, self.compared, self.different = model.network, {"fast": 0, "small": 0}, 0
        self.ways = {
            way: by_c(name, folder / way, ("-DDIGIT_FAST",) if way == "fast" else ())
            for way in self.compared
        }

    def compare(self, frames: Frames, *ways: str) -> None:
        """Count the logits of frames (n, 28, 28), and those that differ, in C's ways."""
        own = self.network.logits(frames)
        for way in ways:
            self.different += int((self.ways[way](frames) != own).sum())
            self.compared[way] += own.size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["mcu"], metavar="MODEL")
    parser.add_argument("-n", type=int, default=1_000_000, help="random frames (default: 1000000)")
    parser.add_argument("--small", type=int, default=100_000, help="of them (default: 100000)")
    args = parser.parse_args()
    print(machine())
    different = 0
    for name in args.models:
        with tempfile.TemporaryDirectory() as folder:
            twins = Twins(name, Path(folder))
            worst = worst_frames(twins.network)
            ends = np.stack([np.zeros_like(worst[0]), np.full_like(worst[0], 255)])
            twins.compare(np.concatenate([worst, ends]), "fast", "small")
            rng = np.random.default_rng(SEED)
            for start in range(0, args.n, AT_ONCE):
                frames = random_frames(min(AT_ONCE, args.n - start), rng)
                twins.compare(frames, "fast")
                if start < args.small:
                    twins.compare(frames[: args.small - start], "small")
        said = ", ".join(f"{n:,} logits {way}" for way, n in twins.compared.items())
        print(f"{Path(name).name}: {len(worst)} worst frames, blank, full, {args.n:,} random ones; "
              f"{said}; {twins.different} differ", flush=True)  # fmt: skip
        different += twins.different
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(guarded(main))
