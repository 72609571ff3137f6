"""Fixtures every test may use: a seeded generator, and the real pictures where they are."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from support.browser import Visit, started_browser
from support.failures import in_brief
from support.trained import clear, trained, trained_folder  # noqa: F401  (fixtures)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and hands that down to what tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


# No test is timed: a busy machine must not turn a property red. And where a change is judged, the
# examples are the same every time: red is then the change's doing, not chance.
settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("house")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test of the page that fails says why in few words: a browser's own are very many."""
    report = yield
    if report.failed and call.excinfo and "browser" in getattr(item, "fixturenames", ()):
        in_brief(report, call.excinfo)
    return report


SHARED = Path(__file__).resolve().parents[2] / "shared"


def _shared(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"needs real data in {folder}, which is not on this machine")
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261122)


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """The folder with MNIST's four IDX files."""
    named = os.environ.get("DIGITNET_MNIST")
    return Path(named) if named else _shared("mnist")


@pytest.fixture(scope="session")
def pictures_folder() -> Path:
    """Real digit pictures by ten hands, one folder per source."""
    return _shared("pictures")


@pytest.fixture(scope="session")
def sheets_folder() -> Path:
    """Real pages with several digits."""
    return _shared("sheets")


@pytest.fixture(scope="session")
def cases_folder() -> Path:
    """Inputs as people have them; the right answers stand in its README."""
    return _shared("cases")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, for the tests of the page."""
    with started_browser() as browser:
        yield browser


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Visit]:
    """The page, open, at the address of the module's own server."""
    visit = Visit(browser, address)
    yield visit
    visit.close()
