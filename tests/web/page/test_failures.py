"""A test of the page that fails says why in less than 2 kB."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.browser import ROOT

FAILING = '''
import pytest


@pytest.fixture
def browser():
    print("printed by a server " * 1000)
    return "a browser"


def test_long(browser):
    """{padding}"""
    found = [("a violation", "x" * 100, k) for k in range(500)]
    assert found == [], "the reason"
'''


def test_a_failing_test_prints_under_two_kilobytes(tmp_path: Path) -> None:
    """What a failing test leaves out is only its middle: where, what and why are there."""
    (tmp_path / "test_long.py").write_text(FAILING.format(padding="words " * 1000))
    path = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "src")])
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_long.py"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert len(done.stdout) < 2000
    for words in ("test_long", "the reason", "a violation", "characters"):
        assert words in done.stdout
