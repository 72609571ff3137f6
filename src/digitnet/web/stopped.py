"""Stopped: runs that left a checkpoint and can go on."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from digitnet.errors import DigitnetError
from digitnet.training.checkpoints import load_checkpoint
from digitnet.web.jobs import as_settings, plan_of

ENDING = ".checkpoint.npz"


class Stopped:
    """The checkpoints in a folder; each is read once, unless it changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, tuple[tuple[int, ...], dict[str, Any] | None]] = {}

    def newest(self, but: Path | None = None) -> dict[str, Any] | None:
        """The run that stopped last, in the words of the page; the checkpoint `but` is not its.

        A damaged checkpoint is passed over, it says so when its run is named.
        """
        stamped = []
        for path in self._folder.glob(f"*{ENDING}") if self._folder.is_dir() else ():
            with suppress(FileNotFoundError):  # its run has ended in this moment
                status = path.stat()
                if not path.name.startswith(".") and path != but:
                    stamped.append(((status.st_mtime_ns, status.st_size, status.st_ino), path))
        for stamp, path in sorted(stamped, reverse=True):
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                known = stamp, _described(path)
                self._known = {path: known}
            if known[1] is not None:
                return known[1]
        return None


def _described(path: Path) -> dict[str, Any] | None:
    try:
        checkpoint = load_checkpoint(path)
        plan = plan_of(checkpoint)
    except (DigitnetError, OSError):
        return None
    name = path.name.removesuffix(ENDING)
    settings = as_settings(name, plan)
    return {"name": name, "epoch": checkpoint.epochs_done, "settings": settings}
