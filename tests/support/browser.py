"""The page in a browser: Chromium where there is one, the server, and a hand that draws."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitnet.handwriting.raster import Stroke
from support.drawn import written

ROOT = Path(__file__).resolve().parents[2]
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDE, NARROW = (1440, 900), (390, 844)
LONG = 120_000  # milliseconds that anything may take to come about, on however busy a machine


def chromium() -> str:
    """Where the browser is; a test that asks is skipped where there is none."""
    named = os.environ.get("DIGITNET_CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = named or next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("needs Chromium (Debian's package `chromium`), which is not on this machine")
    return found


@contextmanager
def started_browser() -> Iterator[Any]:
    """A browser without a window.

    One module of tests at a time: while it runs, Playwright's event loop is this thread's.
    """
    path = chromium()
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def started_server(folder: Path) -> Iterator[str]:
    """`digitnet serve` in a process of its own; gives its address."""
    pytest.importorskip("uvicorn", reason="needs digitnet[web]")
    command = [sys.executable, "-m", "digitnet", "serve", "--port", "0", "--folder", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        address = re.search(r"http://\S+", said)
        assert address is not None, said
        yield address[0]
    finally:
        process.terminate()
        process.communicate(timeout=60)


class Visit:
    """A page that is open, what its console complained of, and a hand to use it with."""

    def __init__(
        self,
        browser: Any,
        address: str,
        size: tuple[int, int] = WIDE,
        theme: str = "light",
        **options: Any,
    ) -> None:
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,
            **{"reduced_motion": "reduce", **options},
        )
        self.context.set_default_timeout(LONG)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self._expected: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._complain(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)
        self.page.wait_for_selector("#bars li:nth-child(2)", state="attached")
        self.devtools = self.context.new_cdp_session(self.page)

    def _hear(self, message: Any) -> None:
        by_tests = "willReadFrequently" in message.text  # they look at canvases often, the page not
        if message.type in ("error", "warning") and not by_tests:
            self._complain(message.text)

    def _complain(self, words: str) -> None:
        if not any(each in words for each in self._expected):
            self.complaints.append(words)

    def expect(self, words: str) -> None:
        """From now on the console may say this: said before what causes it, as it comes late."""
        self._expected.append(words)

    def resize(self, width: int, height: int) -> None:
        """Another size of the window; returns when the page is laid out in it."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_function("(width) => innerWidth === width", arg=width)
        self.settle()

    def hold_timers(self, least: int) -> None:
        """Timers of at least so many milliseconds go off only by `let_timers_go`."""
        self.page.evaluate(
            """(least) => {
              const [later, never] = [setTimeout.bind(window), clearTimeout.bind(window)];
              const held = (window.heldTimers = new Map());
              let next = 1e9;
              window.setTimeout = (callback, wait) =>
                wait >= least ? (held.set(++next, callback), next) : later(callback, wait);
              window.clearTimeout = (id) => held.delete(id) || never(id);
            }""",
            least,
        )

    def let_timers_go(self) -> int:
        """Let the timers go off that were held; how many there were."""
        return int(
            self.page.evaluate(
                "(() => { const due = [...heldTimers.values()]; heldTimers.clear();"
                " due.forEach((callback) => callback()); return due.length; })()"
            )
        )

    @property
    def digit(self) -> str:
        """What the page reads: a digit, "?" or nothing."""
        return str(self.page.inner_text("#digit"))

    def draw(self, strokes: list[Stroke], pointer: str = "pen", force: float = 0.5) -> None:
        """Draw strokes given in a square of 1 with a mouse, a pen or a finger."""
        pad = self.page.query_selector("#paper")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        for stroke in strokes:
            few = stroke.points[:: max(1, len(stroke.points) // 12)]
            places = [
                (box["x"] + x * box["width"], box["y"] + y * box["height"])
                for x, y in [*few, stroke.points[-1]]
            ]
            if pointer == "touch":
                self._touch(places)
            else:
                self._press(places, pointer, force)
        self.settle()

    def settle(self) -> None:
        """Wait until what was drawn is on the screen, the layers of Inside too."""
        self.page.evaluate(
            "new Promise((done) => requestAnimationFrame(() =>"
            " requestAnimationFrame(() => setTimeout(done))))"
        )

    def _press(self, places: list[tuple[float, float]], pointer: str, force: float) -> None:
        def send(kind: str, place: tuple[float, float], buttons: int) -> None:
            self.devtools.send(
                "Input.dispatchMouseEvent",
                {
                    "type": kind, "x": place[0], "y": place[1], "button": "left",
                    "buttons": buttons, "clickCount": 1, "pointerType": pointer, "force": force,
                },
            )  # fmt: skip

        send("mousePressed", places[0], 1)
        for place in places[1:]:
            send("mouseMoved", place, 1)
        send("mouseReleased", places[-1], 0)

    def _touch(self, places: list[tuple[float, float]]) -> None:
        def send(kind: str, points: list[tuple[float, float]]) -> None:
            self.devtools.send(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]},
            )

        send("touchStart", places[:1])
        for place in places[1:]:
            send("touchMove", [place])
        send("touchEnd", [])

    def frame(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """The frame that the page says the network sees, (28, 28)."""
        values = self.page.evaluate(
            "[...document.getElementById('seen').getContext('2d')"
            ".getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"
        )
        return np.array(values, np.uint8).reshape(28, 28)

    def overflows(self) -> list[str]:
        """What reaches out of the page sideways, if anything does."""
        found: list[str] = self.page.evaluate(
            """[...document.querySelectorAll('body *')].filter((each) => {
              const box = each.getBoundingClientRect();
              return box.width > 0 && box.right > document.documentElement.clientWidth + 1
                && !each.closest('.table-scroll, .picture-scroll > *, .skip, .visually-hidden');
            }).map((each) => `${each.tagName} ${each.id} ${each.className}`)"""
        )
        return found

    def close(self) -> None:
        """Leave; the console must have been quiet."""
        self.context.close()
        assert not self.complaints, self.complaints


def axe() -> str:
    """The accessibility checker's script; a test that asks is skipped where it is not installed."""
    path = ROOT / ".page-tools" / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("needs axe-core: make check-page")
    return path.read_text(encoding="utf-8")


def violations(visit: Visit) -> list[Any]:
    """What axe finds wrong with the page as it is now: rule, what it asks for, and where.

    The rest of what it found stays in the browser: it is megabytes, and takes longer to fetch than
    to find.
    """
    visit.page.evaluate(axe())
    found = visit.page.evaluate(
        """axe.run().then(({ violations, passes }) => ({
          wrong: violations.map((one) => [one.id, one.help, one.nodes.map(({ target }) => target)]),
          nPassed: passes.length,
        }))"""
    )
    assert found["nPassed"] > 10, "the checker saw no page"
    wrong: list[Any] = found["wrong"]
    return wrong


def strokes_of(label: int, seed: int = 3, height: float = 0.7) -> list[Stroke]:
    """A digit by a careful hand, in the middle of a square of 1."""
    digit = written(label, np.random.default_rng([seed, label]), care=0.9)
    left = (1 - digit.width * height) / 2
    return [stroke.placed(height, left, (1 - height) / 2) for stroke in digit.strokes]


def likely(visit: Visit) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The bars' lengths, from 0 to 1."""
    return np.array(
        visit.page.evaluate(
            "[...document.querySelectorAll('.bar-fill')]"
            ".map((bar) => Number(bar.style.transform.slice('scaleX('.length, -1)))"
        )
    )
