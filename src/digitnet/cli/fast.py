"""Fast: `digitnet train mnist --fast`, from a cold start to a good network in a few seconds."""

from __future__ import annotations

import sys
import time

from digitnet.cli.signals import listen_for_stop
from digitnet.models.folder import check_place, save_model
from digitnet.training.events import EpochDone
from digitnet.training.fast import train_fast


def run_fast(target: str, source: str, seed: int, out: str) -> int:
    """Train by the recipe, keep the model, say how good it is on the test part."""
    started = time.perf_counter()
    check_place(out)
    with listen_for_stop() as stopping:

        def go_on(event: EpochDone, n_epochs: int) -> bool:
            _tell(event, n_epochs)
            return stopping.number is None

        result = train_fast(target, source, seed, go_on)
    save_model(result.model, out)
    print(
        f"{result.accuracy:.2%} of {result.n_test:,} test digits right, "
        f"{time.perf_counter() - started:.1f} s with reading and saving. Kept in {out}."
    )
    if stopping.number is not None:
        print("Stopped before the recipe's end; what was learnt by then is kept.", file=sys.stderr)
        return 128 + stopping.number
    return 0


def _tell(event: EpochDone, n_epochs: int) -> None:
    print(
        f"epoch {event.epoch}/{n_epochs}  training loss {event.training_loss:.4f}  "
        f"accuracy {event.training_accuracy:.2%}  {event.seconds:.1f} s, "
        f"{event.seconds * (n_epochs - event.epoch):.0f} s left",
        flush=True,
    )
