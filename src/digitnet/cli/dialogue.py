"""Dialogue: the original program's: it asks for a path, prints ten probabilities and the label."""

from __future__ import annotations

import glob
import os
import sys
from pathlib import Path

import numpy as np

from digitnet.cli.blocks import draw_frame
from digitnet.cli.main import as_option
from digitnet.cli.output import can_show, show
from digitnet.errors import PictureError
from digitnet.imaging.pictures import page_names
from digitnet.models.model import Model
from digitnet.text import standard_output


def converse(model: Model) -> int:
    """Ask `Path:` until `q` or the end of input; a wrong path is said and asked for again."""
    _complete_paths()
    if sys.stdin.isatty():
        show("Name a picture of a digit; q ends.")
    while True:
        try:
            with standard_output():  # where the question goes
                path = input("Path: ").strip().strip("'\"")
        except EOFError:
            show("")
            return 0
        if path.lower() in ("q", "quit", "exit"):
            return 0
        if not path:
            continue
        pages = page_names(path)
        for page in pages:
            if len(pages) > 1:
                show(f"{page}:")
            _answer(model, page)


def _answer(model: Model, path: str) -> None:
    try:
        answer = model.predict(path)
    except PictureError as error:
        show(f"digitnet: {error.worded(as_option)}")
        return
    if sys.stdout.isatty() and can_show(drawn := draw_frame(answer.frame.image)):
        show(*drawn.splitlines())
    numbers = np.array2string(
        answer.probabilities[None], precision=4, suppress_small=True, max_line_width=1000
    )
    show(f" probab: {numbers}")
    if answer.label is None:
        show(f"label: none, {answer.reason}")
    else:
        show(f"label: {model.class_names[answer.label]}")


def _complete_paths() -> None:
    """Path completion with Tab, and history with the arrow keys, where readline is there."""
    try:
        import readline
    except ImportError:
        return

    def complete(text: str, state: int) -> str | None:
        start = os.path.expanduser(text)  # noqa: PTH111 (Path would drop a trailing slash)
        found = sorted(glob.glob(glob.escape(start) + "*"))  # noqa: PTH207 (text is no folder)
        matches = [f"{match}{os.sep}" if Path(match).is_dir() else match for match in found]
        return matches[state] if state < len(matches) else None

    readline.set_completer(complete)
    readline.set_completer_delims("\n")  # a path may hold blanks
    readline.parse_and_bind("tab: complete")
