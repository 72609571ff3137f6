"""Places: paths as they are called within the server's folder; where it lies stays unsaid."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from typing import Any

from digitnet.data.mnist import cache_folder
from digitnet.models.box import BEST, in_box

UNSAID = "the server's folder"
NOT_INSIDE = r"(?<![\w./\\-])"
"""Before a path: nothing that would make it the end of another one."""
INSIDE_OR_END = rf"({re.escape(os.sep)}|(?![\w-]|\.\w))"
"""Behind it: the way on, or nothing that would make it the path of another one."""


class Places:
    """Takes the way to known folders out of texts.

    Args:
        folder: the server's own, whole and without links.
    """

    def __init__(self, folder: Path) -> None:
        known = {folder: "", cache_folder(): "cache/", in_box(BEST).parent: "box/"}
        self._ways = [
            (re.compile(NOT_INSIDE + re.escape(str(place)) + INSIDE_OR_END), name)
            for place, name in known.items()
            if place != Path(place.anchor)  # the root's way is in every path, and tells nothing
        ]

    def told(self, value: Any) -> Any:
        """A text, or plain values for JSON, with every path in them as it may be told."""
        if isinstance(value, dict):
            return {self.told(key): self.told(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.told(each) for each in value]
        if not isinstance(value, str):
            return value
        for way, name in self._ways:
            value = way.sub(partial(_called, name), value)
        return value


def _called(name: str, found: re.Match[str]) -> str:
    """What a folder's path is told as; the server's own has no name before what lies in it."""
    return name if found[1] else name or UNSAID
