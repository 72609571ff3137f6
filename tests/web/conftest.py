"""A client of a server of its own, with the limits of tests, for every test of the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Any]:
    """An httpx.Client; the server's folder is `tmp_path`, empty."""
    from support.served import client  # not above: the page's tests can do without httpx

    with client(tmp_path) as web_client:
        yield web_client
