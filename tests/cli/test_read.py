"""`digitnet read`, as a user runs it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.hands import Hand, careful
from digitnet.handwriting.pages import draw_page
from support.helpers import assert_one_sentence, digitnet


@pytest.fixture
def place(tmp_path: Path, trained_folder: Path) -> Path:
    """A folder with ./model, a page in two rows, a blank one, and a text file."""
    (tmp_path / "model").symlink_to(trained_folder, target_is_directory=True)
    rng = np.random.default_rng(3)
    hand = replace(careful(Hand.sample(rng), 0.9), pen=np.array([0.06], np.float32))
    page = draw_page(["38 20", "506"], rng, style=PageStyle(digit=44), hand=hand)
    Image.fromarray(page.picture).save(tmp_path / "page.png")
    Image.new("L", (200, 100), 255).save(tmp_path / "blank.png")
    (tmp_path / "text.png").write_text("not a picture")
    return tmp_path


def test_lines_are_printed(place: Path) -> None:
    done = digitnet("read", "page.png", cwd=place)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "38 20\n506\n"
    assert done.stderr.startswith("Model: ./model, since it is there")
    assert done.stderr.count("\n") == 1
    named = digitnet("read", "page.png", "--model", "model", cwd=place)
    assert (named.stdout, named.stderr) == (done.stdout, "Model: ./model.\n")


def test_json_is_one_object_per_line_and_nothing_else(place: Path) -> None:
    done = digitnet("read", "page.png", "blank.png", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    page, blank = (json.loads(line) for line in done.stdout.splitlines())
    keys = ["path", "lines", "digits", "reason", "marks", "rejected", "turned", "model"]
    assert list(page) == list(blank) == keys
    assert page["model"] == blank["model"] == "./model"
    assert done.stderr == ""
    assert page["reason"] is None
    assert page["path"] == "page.png"
    assert page["lines"] == ["38 20", "506"]
    assert [d["label"] for d in page["digits"]] == [3, 8, 2, 0, 5, 0, 6]
    with Image.open(place / "page.png") as image:
        width, height = image.size
    for digit in page["digits"]:
        assert list(digit) == ["box", "label", "probability", "sure", "line"]
        left, top, right, bottom = digit["box"]
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        assert 0 < digit["probability"] <= 1
    assert blank["lines"] == []
    assert blank["digits"] == []
    assert blank["reason"].startswith("no digits")


def test_some_unreadable_sheets_are_said_and_counted(place: Path) -> None:
    done = digitnet("read", "page.png", "text.png", cwd=place)
    assert done.returncode == 1
    assert "38 20" in done.stdout
    assert "text.png" in done.stderr
    assert "Traceback" not in done.stderr
    done = digitnet("read", "gone.png", "--json", cwd=place)
    assert done.returncode == 2
    assert list(json.loads(done.stdout)) == ["path", "lines", "digits", "reason", "model"]
    assert json.loads(done.stdout)["lines"] == json.loads(done.stdout)["digits"] == []
    assert "gone.png" in json.loads(done.stdout)["reason"]
    assert_one_sentence(digitnet("read", "gone.png", cwd=place), "gone.png")


def test_a_table_has_a_row_for_each_line(place: Path) -> None:
    sheets = ("page.png", "blank.png", "text.png")
    done = digitnet("read", *sheets, "--csv", "read.csv", cwd=place)
    assert (done.returncode, done.stdout) == (1, "")
    with (place / "read.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["path", "line", "text", "confidence", "reason"]
    assert [row[:3] for row in rows] == [
        ["page.png", "1", "38 20"], ["page.png", "2", "506"], ["blank.png", "", ""],
        ["text.png", "", ""],
    ]  # fmt: skip
    page = json.loads(digitnet("read", "page.png", "--json", cwd=place).stdout)
    for row in rows[:2]:
        of_line = [d["probability"] for d in page["digits"] if d["line"] == int(row[1]) - 1]
        assert row[3:] == [f"{min(of_line):.4f}", ""]
    assert rows[2][3:] == ["", "no digits: nothing on the page stands out like writing"]
    assert rows[3][4].startswith("text.png is text")
    both = digitnet("read", *sheets, "--csv", "--json", cwd=place)
    assert_one_sentence(both, "--json and --csv")


def test_pages_of_a_document_and_standard_input(place: Path) -> None:
    with Image.open(place / "page.png") as page, Image.open(place / "blank.png") as blank:
        pages = [page.convert("L"), blank.convert("L")]
        pages[0].save(place / "scan.tif", save_all=True, append_images=pages[1:])
    done = digitnet("read", "scan.tif", cwd=place)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("scan.tif#1:\n38 20\n506\nscan.tif#2:\n-  no digits")
    content = (place / "page.png").read_bytes()
    words = [sys.executable, "-m", "digitnet", "read", "-"]
    piped = subprocess.run(words, cwd=place, input=content, capture_output=True)
    assert piped.stdout.decode().splitlines() == ["38 20", "506"]
    pytest.importorskip("pypdfium2")
    pages[0].save(place / "scan.pdf", save_all=True, append_images=[pages[0]])
    done = digitnet("read", "scan.pdf", "--json", cwd=place)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["path"] for line in lines] == ["scan.pdf#1", "scan.pdf#2"]
    assert lines[0]["lines"] == lines[1]["lines"] == ["38 20", "506"]


def test_out_draws_the_page_and_leaves_the_sheet_alone(place: Path) -> None:
    before = (place / "page.png").read_bytes()
    done = digitnet("read", "page.png", "--out", "drawn.png", cwd=place)
    assert done.returncode == 0, done.stderr
    with Image.open(place / "drawn.png") as image:
        drawn = np.asarray(image.convert("RGB")).astype(int)
    green = (drawn[..., 1] - drawn[..., 0] > 80) | (drawn[..., 0] - drawn[..., 2] > 150)
    assert green.mean() > 0.01
    assert (place / "page.png").read_bytes() == before
    assert_one_sentence(digitnet("read", "page.png", "--out", "page.png", cwd=place), "--out")
    assert_one_sentence(digitnet("read", "page.png", "--out", "x.txt", cwd=place), "x.txt")
    assert_one_sentence(
        digitnet("read", "page.png", "blank.png", "--out", "x.png", cwd=place), "--out"
    )
    assert_one_sentence(digitnet("read", "page.png", "--out", "no/x.png", cwd=place), "no")
    assert (place / "page.png").read_bytes() == before
    assert not (place / "x.png").exists()


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_page_is_set_upright_and_said_so(place: Path, quarters: int) -> None:
    with Image.open(place / "page.png") as image:
        picture = np.asarray(image)
    Image.fromarray(np.rot90(picture, quarters)).save(place / "turned.png")
    done = digitnet("read", "turned.png", "--model", "cnn", cwd=place)
    assert done.stdout == "38 20\n506\n"
    assert f"turned.png: turned by {90 * quarters} degrees" in done.stderr
    quiet = digitnet("read", "turned.png", "page.png", "--json", "--model", "cnn", cwd=place)
    assert quiet.stderr == ""
    turned, plain = (json.loads(line) for line in quiet.stdout.splitlines())
    assert (turned["turned"], plain["turned"]) == (90 * quarters, 0)


def test_what_is_not_read_is_counted(place: Path) -> None:
    """A blot between the 3 and the 8, in words, in a table's row and in JSON."""
    page = json.loads(digitnet("read", "page.png", "--json", cwd=place).stdout)
    (_, _, left, _), (right, top, _, bottom) = (d["box"] for d in page["digits"][1:3])
    with Image.open(place / "page.png") as image:
        picture = np.array(image)
    x, y = (left + right) // 2, (top + bottom) // 2
    picture[y - 5 : y + 6, x - 3 : x + 4] = 20
    Image.fromarray(picture).save(place / "blot.png")
    done = digitnet("read", "blot.png", cwd=place)
    assert done.stdout.splitlines()[0].replace(" ", "") == "38?20"
    assert "blot.png: 1 mark not read" in done.stderr
    table = digitnet("read", "blot.png", "--csv", "-", cwd=place)
    assert "1 mark not read" in table.stdout
