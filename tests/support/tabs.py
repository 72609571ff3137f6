"""The Train, Read and Models parts of the page, and the server behind them, for their tests."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np

from digitnet.data.synthetic import synthesize
from support.browser import Visit


def small_source(folder: Path, n: int = 600) -> None:
    """A few synthetic digits as small.npz: an epoch of them takes milliseconds."""
    digits = synthesize(n, np.random.default_rng(5))
    np.savez(folder / "small.npz", images=digits.images, labels=digits.labels)


def asked(address: str, path: str, method: str = "GET") -> Any:
    """The server's JSON, asked for without the browser."""
    request = urllib.request.Request(f"{address}/{path}", method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def wait_for(address: str, path: str, fits: Any, seconds: float = 120) -> Any:
    """The server's answer as soon as it fits."""
    until = time.monotonic() + seconds
    while not fits(answer := asked(address, path)):
        assert time.monotonic() < until, answer
        time.sleep(0.05)
    return answer


def opened(visit: Visit, part: str) -> Any:
    """A part of the page by its tab; the page itself."""
    visit.page.click(f"#tab-{part}")
    visit.page.wait_for_selector(f"#{part} h2")
    return visit.page


def focused(page: Any) -> str:
    """The id of what has the focus, or its words."""
    return str(page.evaluate("document.activeElement.id || document.activeElement.textContent"))


def tab_to(page: Any, wanted: str, most: int = 40) -> None:
    """Press Tab until something has the focus, by its id or words."""
    for _ in range(most):
        if focused(page) == wanted:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {wanted}, but to {focused(page)}")
