"""The original program's way in: without weights it trains first, then it asks `Path:`.

    python main.py            trains on the synthetic digits, once
    python main.py FOLDER     trains on FOLDER (or any other source), once

Weights, history and training_loss.png are kept in ./model; delete it to train anew. How long the
training takes is said when it has begun.
"""

from __future__ import annotations

import sys
from pathlib import Path

from digitnet.__main__ import interruptible
from digitnet.cli.main import guarded, main
from digitnet.models.find import DEFAULT


def train_then_ask(arguments: list[str]) -> int:
    """Train where there is no model yet, then answer for pictures until `q`."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if not Path(DEFAULT).exists():
        print(f"There is no ./{DEFAULT} yet, so one is trained first.")
        code = main(["train", *arguments, "--out", DEFAULT])
        if code > 1 or not Path(DEFAULT).exists():  # 1 may be that nothing was learnt
            return code
    elif arguments:
        print(f"./{DEFAULT} is there already, so nothing is trained; delete it to train anew.")
    return main(["predict", "--model", DEFAULT])


if __name__ == "__main__":
    sys.exit(interruptible(lambda: guarded(lambda: train_then_ask(sys.argv[1:]))))
