"""Cases, folders of pictures: each row of the cases' README, with its right answers."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.helpers import digitnet

DIGITS = [str(k) for k in range(10)]
PHONE = {"IMG_0001.HEIC": "7", "saved.jfif": "6", "scan 4.png": "4", "scan 5.png": "5"}


def answers(text: str) -> dict[str, str]:
    """Names and labels of a CSV, the folders left out."""
    return {Path(row["path"]).name: row["label"] for row in csv.DictReader(text.splitlines())}


@pytest.mark.parametrize("word", [".", "*.png", "*", "./scan ?.png", "../**/bulk/scan [0-9].png"])
def test_bulk_as_a_folder_and_as_a_quoted_pattern(cases_folder: Path, word: str) -> None:
    place = cases_folder / "bulk"
    done = digitnet("predict", word, "--model", "cnn", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(line["path"]).name for line in lines] == [f"scan {k}.png" for k in range(10)]
    assert [str(line["label"]) for line in lines] == DIGITS


@pytest.mark.parametrize("digit", [4, 7])
def test_bulk_from_standard_input(cases_folder: Path, digit: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "digitnet", "predict", "-", "--model", "cnn", "--json"],
        input=(cases_folder / "bulk" / f"scan {digit}.png").read_bytes(),
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout)["label"] == digit


def test_bulk_as_csv(cases_folder: Path, tmp_path: Path) -> None:
    words = ("predict", cases_folder / "bulk", "--model", "cnn", "--csv")
    assert digitnet(*words, tmp_path / "answers.csv", cwd=tmp_path).returncode == 0
    expected = {f"scan {k}.png": str(k) for k in range(10)}
    assert answers((tmp_path / "answers.csv").read_text()) == expected
    assert answers(digitnet(*words, cwd=tmp_path).stdout) == expected


def test_what_a_phone_saves_is_read(cases_folder: Path) -> None:
    pytest.importorskip("pillow_heif")
    done = digitnet("predict", "bulk_phone", "--model", "cnn", "--csv", cwd=cases_folder)
    assert done.returncode == 0, done.stderr
    assert answers(done.stdout) == PHONE


def test_what_is_not_read_is_named_and_the_exit_code_says_so(
    cases_folder: Path, tmp_path: Path
) -> None:
    """As it goes where the package for HEIC is not installed."""
    without = tmp_path / "pillow_heif"  # found before the package, also by what decodes
    without.mkdir()
    (without / "__init__.py").write_text("raise ImportError")
    words = ["predict", "bulk_phone", "--model", "cnn", "--csv"]
    done = subprocess.run(
        [sys.executable, "-m", "digitnet", *words],
        cwd=cases_folder,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert answers(done.stdout) == {**PHONE, "IMG_0001.HEIC": ""}
    _, refused, count = done.stderr.splitlines()
    assert refused.startswith("digitnet: bulk_phone/IMG_0001.HEIC is a HEIC picture")
    assert "pip install 'digitnet[heif]'" in refused
    assert count == "1 of 4 pictures could not be read."
