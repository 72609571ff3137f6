"""Page: the code of docs/sklearn.md runs, and prints what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("sklearn", reason="needs scikit-learn: pip install 'digitnet[sklearn]'")

from support.tools import tool

PAGE = Path(__file__).parents[2] / "docs" / "sklearn.md"


def test_the_code_on_the_page_runs_and_prints_what_is_shown() -> None:
    code_blocks = tool("code_blocks")
    assert len(code_blocks.blocks(PAGE.read_text())) == 3
    assert code_blocks.differences(PAGE) == []
