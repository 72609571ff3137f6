"""Text: the one way out: names of the user's as one line of plain characters, wherever shown."""

from __future__ import annotations

import re
import sys

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
    for line in lines:
        print(shown(line), flush=flush)


def say(*lines: object) -> None:
    """Lines on standard error."""
    for line in lines:
        print(shown(line), file=sys.stderr)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code in _BYTES:
        return f"\\x{code - 0xDC00:02x}"
    return found[0].encode("unicode_escape").decode()
