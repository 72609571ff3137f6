"""Failures: what a test of the page prints where it fails, in less than 2 kB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[1]
MOST_LINES, MOST_REASON, MOST_CAPTURED = 300, 400, 200
"""Characters of the way to the place, of the reason, which pytest prints twice where CI is set, and
of what was printed meanwhile."""


def in_brief(report: pytest.TestReport, excinfo: pytest.ExceptionInfo[Any]) -> None:
    """Put the lines of our tests and the reason in place of a report's long text."""
    places = []
    for entry in excinfo.traceback:
        path = Path(entry.path)
        if path.is_relative_to(TESTS):
            line = str(entry.statement).strip().splitlines()[0]
            places.append(f"{path.relative_to(TESTS)}:{entry.lineno + 1}: {line}")
    way = shortened("\n".join(places), MOST_LINES)
    report.longrepr = f"{way}\n{shortened(excinfo.exconly(), MOST_REASON)}"
    captured = "".join(content for _, content in report.sections).strip()
    report.sections = [("printed", shortened(captured, MOST_CAPTURED))] if captured else []


def shortened(text: str, most: int) -> str:
    """A text, its middle left out where it is longer than `most` characters."""
    left = len(text) - most
    if left <= 0:
        return text
    return f"{text[: most // 2]} [... {left:,} characters ...] {text[-most // 2 :]}"
