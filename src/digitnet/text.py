"""Text: the one way out: names of the user's as one line of plain characters, wherever shown."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from digitnet.errors import OutputError

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\U000e0000-\U000e007f]"
)
"""Characters that move the cursor, break or turn the line, cannot be seen, or are no text."""
_BYTES = range(0xDC80, 0xDD00)
"""What Python makes of a byte in a file name that is no UTF-8: 0xDC00 + the byte (PEP 383)."""


def shown(text: object, most: int | None = None) -> str:
    """A name or sentence in one line of plain characters; control characters are escaped.

    Args:
        text: it.
        most: characters; what is longer is cut short, which an ellipsis says.
    """
    line = _HIDDEN.sub(_escape, str(text))
    return line if most is None or len(line) <= most else line[: most - 1] + "…"


def show(*lines: object, flush: bool = False) -> None:
    """Lines on standard output; whatever is said to somebody goes through here or `say`."""
    with standard_output():
        for line in lines:
            print(shown(line), flush=flush)


def say(*lines: object) -> None:
    """Lines on standard error; where that is full there is nobody to tell, then or later."""
    try:
        for line in lines:
            print(shown(line), file=sys.stderr)
    except OSError:
        _send_nowhere(sys.stderr)


@contextmanager
def standard_output() -> Iterator[None]:
    """Whatever is written to standard output is written in here.

    Raises:
        BrokenPipeError: whoever read it has gone.
        OutputError: it is full or closed. In both cases the rest goes nowhere, in silence.
    """
    try:
        yield
    except OSError as error:
        _send_nowhere(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise
        why = "it is closed" if error.errno == errno.EBADF else error.strerror or error
        raise OutputError(
            f"Standard output cannot be written to: {why}.", "send it somewhere else."
        ) from error


def _send_nowhere(stream: TextIO) -> None:
    """What a stream still holds, and whatever is written to it from now on, is dropped."""
    with suppress(OSError, ValueError):  # it is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def finish_output() -> None:
    """Send what still waits to be written; raises as `standard_output`."""
    with standard_output():
        sys.stdout.flush()


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code in _BYTES:
        return f"\\x{code - 0xDC00:02x}"
    return found[0].encode("unicode_escape").decode()
