"""CTC: digitnet's loss beside PyTorch's: the same figures, and milliseconds.

    python -m benchmarks.ctc [--repeats 20] [--lines 32] [--columns 64]

Texts and logits are drawn at random. PyTorch is left out where it is not installed
(benchmarks/requirements.txt has its version).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from digitnet.nn.ctc import LineLabels, ctc_loss
from digitnet.nn.layer import FloatArray

N_CLASSES = 17
Answer = tuple[float, FloatArray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--lines", type=int, default=32)
    parser.add_argument("--columns", type=int, default=64)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    logits = rng.normal(0.0, 3.0, (args.lines, args.columns, N_CLASSES)).astype(np.float32)
    columns = rng.integers(args.columns // 2, args.columns + 1, args.lines)
    texts = [rng.integers(1, N_CLASSES, rng.integers(0, n // 3 + 1)).tolist() for n in columns]
    targets = LineLabels.of(texts, columns.tolist())
    logits, targets = logits[targets.fits()], targets[targets.fits()]

    ours = timed("digitnet", lambda: ctc_loss(logits, targets), args.repeats)
    try:
        theirs = timed("PyTorch", pytorch(logits, targets), args.repeats)
    except ModuleNotFoundError:
        print("PyTorch is not installed, so it is left out.")
        return
    print(f"losses differ by {abs(ours[0] - theirs[0]) / theirs[0]:.1e} of the loss")
    print(f"gradients differ by at most {np.abs(ours[1] - theirs[1]).max():.1e}")


def pytorch(logits: FloatArray, targets: LineLabels) -> Callable[[], Answer]:
    """The same by `torch.nn.functional.ctc_loss`, which wants the columns first."""
    import torch
    from torch.nn.functional import ctc_loss as theirs

    def run() -> Answer:
        x = torch.from_numpy(logits).requires_grad_()
        log_probs = x.log_softmax(2).transpose(0, 1)
        lengths = (torch.from_numpy(targets.columns), torch.from_numpy(targets.lengths))
        loss = theirs(log_probs, torch.from_numpy(targets.labels), *lengths, reduction="sum")
        loss = loss / len(logits)
        loss.backward()
        assert x.grad is not None
        return float(loss.detach()), x.grad.numpy()

    return run


def timed(name: str, run: Callable[[], Answer], repeats: int) -> Answer:
    """What it answers; the quickest of so many runs is printed."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        answer = run()
        seconds.append(time.perf_counter() - started)
    print(f"{name:<10} {1000 * min(seconds):8.2f} ms")
    return answer


if __name__ == "__main__":
    main()
