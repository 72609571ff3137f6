"""Text: names of the user's as one line of plain characters, wherever they are shown."""

from __future__ import annotations

import re

_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that move the cursor, break or turn the line, or are no text at all."""
_BYTES = range(0xDC80, 0xDD00)
"""What Python makes of a byte in a file name that is no UTF-8: 0xDC00 + the byte (PEP 383)."""


def shown(text: object) -> str:
    """A name or sentence in one line of plain characters; control characters are escaped."""
    return _HIDDEN.sub(_escape, str(text))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code in _BYTES:
        return f"\\x{code - 0xDC00:02x}"
    return found[0].encode("unicode_escape").decode()
