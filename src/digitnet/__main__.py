"""`python -m digitnet` is `digitnet`; Ctrl-C during its imports is quiet, too."""

import os
import signal
import sys


def main() -> int:
    """Run the command line; until it is loaded, Ctrl-C ends the process at once, with code 130."""
    heard = signal.getsignal(signal.SIGINT)
    if heard is signal.default_int_handler:  # ignored behind nohup, and then it stays so
        signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(130))
    from digitnet.cli.main import main as run_command_line

    signal.signal(signal.SIGINT, heard)
    return run_command_line()


if __name__ == "__main__":  # a process that helps with many pictures imports this file, too
    sys.exit(main())
