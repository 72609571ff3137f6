"""The server that a module of the page's tests shares, and its folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.browser import started_server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server's models, corrections and digits lie; empty unless a module fills it."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def address(folder: Path, browser: Any) -> Iterator[str]:
    """Of `digitnet serve` over the folder, in a process of its own."""
    with started_server(folder) as address:
        yield address
