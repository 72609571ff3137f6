"""Addresses: what a name or a data URL of a picture means on this machine."""

from __future__ import annotations

import os
import re
from pathlib import Path

from digitnet.errors import PictureError

_ADDRESS = re.compile(r"(https?|file):[/\\]+(.*)", re.IGNORECASE | re.DOTALL)


def local_path(name: str | Path) -> str:
    """The path that a name means on this machine: a `file://` address and `~` are worked out.

    Raises PictureError for an address elsewhere, with the two slashes that `Path` takes from it.
    """
    text = str(name)
    if address := _ADDRESS.fullmatch(text):
        scheme, rest = address.groups()
        if scheme.lower() != "file":
            raise PictureError(f"{scheme}://{rest} is on the web: download it first.")
        from urllib.request import url2pathname

        return url2pathname("/" + rest.removeprefix("localhost/"))
    if text.startswith("~") and not os.path.lexists(text):
        return os.path.expanduser(text)  # noqa: PTH111 (Path raises where there is no such user)
    return text


def from_data_url(text: str) -> bytes:
    """The bytes in a data URL (RFC 2397): data:image/png;base64,... or percent-encoded.

    Raises PictureError where it is cut off or damaged.
    """
    import base64
    from urllib.parse import unquote_to_bytes

    head, comma, body = text.partition(",")
    content = unquote_to_bytes(body)
    if head.endswith(";base64"):
        content = b"".join(content.split()).rstrip(b"=")
        try:
            content = base64.b64decode(content + b"=" * (-len(content) % 4), validate=True)
        except ValueError:
            content = b""
    if not (head.startswith("data:") and comma and content):
        raise PictureError(
            "The data URL is cut off or damaged: it is data:image/png;base64, and then the picture."
        )
    return content
