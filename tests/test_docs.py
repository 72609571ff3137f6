"""What the documents say is kept true: the list of files, the Python example, the commands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from digitnet.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def test_the_list_of_files_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "house.py"), "--check"])
    assert done.returncode == 0, "run make docs"


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    quick = example.replace("epochs=20", "epochs=1").replace(
        'open_source("synthetic")', 'open_source("synthetic", n_synthetic=2000)'
    )
    assert quick.count("2000") == quick.count("epochs=1") == 1
    quick = quick.replace("test_images/", f"{ROOT}/test_images/")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", quick], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert re.match(r"(\d|None) \[", done.stdout)


def test_every_command_is_in_the_readme() -> None:
    for command in COMMANDS:
        assert f"digitnet {command}" in README, command


def test_every_picture_the_readme_shows_is_there() -> None:
    for path in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / path).is_file(), path
