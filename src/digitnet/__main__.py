"""The command's first lines: `python -m digitnet` and `digitnet` both begin here, with Ctrl-C.

Python's own answer to Ctrl-C is a KeyboardInterrupt wherever the program is. In the midst of an
import that ends in a traceback, or in another error ("NumPy failed to import"), or is printed and
forgotten. So this module takes Ctrl-C over as soon as it is imported, before anything heavy is; a
program that imports digitnet as a library does not import this module.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # not from typing, which takes a while to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


def end_at_once(_number: int, _frame: FrameType | None) -> None:
    """End the process where it is, with code 130: while nothing has been begun, or all is done."""
    try:
        os.write(2, b"\ndigitnet: stopped.\n")
    finally:  # also where standard error is closed
        os._exit(130)


def interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt; while something is imported, and the next time, end at once."""
    signal.signal(signal.SIGINT, end_at_once)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            end_at_once(number, frame)
        frame = frame.f_back
    raise KeyboardInterrupt


OURS = signal.getsignal(signal.SIGINT) is signal.default_int_handler
"""Whether Ctrl-C is for us: it is ignored behind nohup, and then it stays so."""
if OURS:
    signal.signal(signal.SIGINT, end_at_once)


def interruptible(command: Callable[[], int]) -> int:
    """Call a command that heeds KeyboardInterrupt; behind it, Ctrl-C ends the process at once."""
    if not OURS:
        return command()
    signal.signal(signal.SIGINT, interrupt)
    try:
        return command()
    finally:
        signal.signal(signal.SIGINT, end_at_once)


def main() -> int:
    """Run the command line."""
    from digitnet.cli.main import main as run_command_line

    return interruptible(run_command_line)


if __name__ == "__main__":
    sys.exit(main())
