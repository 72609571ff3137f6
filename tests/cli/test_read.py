"""`digitnet read`, as a user runs it."""

from __future__ import annotations

import csv
import json
import shutil
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
from digitnet.models.box import LINES, in_box
from digitnet.models.folder import load_model, save_model
from digitnet.models.model import Model
from digitnet.nn import Dense, Network
from support.drawn import Digit, painted, side_by_side
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
    done = digitnet("read", "page.png", "--risk", "0", cwd=place)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "38 20\n506\n"
    assert done.stderr.startswith("Model: ./model, since it is there")
    assert done.stderr.count("\n") == 1
    named = digitnet("read", "page.png", "--model", "model", "--risk", "0", cwd=place)
    assert (named.stdout, named.stderr) == (done.stdout, "Model: ./model.\n")


def test_what_is_unsure_is_said_behind_its_line(place: Path) -> None:
    always = digitnet("read", "page.png", "--risk", "0", cwd=place).stdout.splitlines()
    strict = digitnet("read", "page.png", "--risk", "0.0001%", cwd=place)
    page = json.loads(digitnet("read", "page.png", "--risk", "0.0001%", "--json", cwd=place).stdout)
    told = [
        text + (f"  {doubt}" if doubt else "")
        for text, doubt in zip(always, page["line_doubts"], strict=True)
    ]
    assert strict.stdout.splitlines() == told
    assert "No threshold is sure to keep wrong lines below 0.00%" in strict.stderr
    assert all(doubt is None or doubt.startswith("unsure: ") for doubt in page["line_doubts"])


def test_json_is_one_object_per_line_and_nothing_else(place: Path) -> None:
    done = digitnet("read", "page.png", "blank.png", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    page, blank = (json.loads(line) for line in done.stdout.splitlines())
    keys = [
        "path", "lines", "line_probabilities", "line_doubts", "digits", "reason", "marks",
        "rejected", "turned", "sheets", "model",
    ]  # fmt: skip
    assert list(page) == list(blank) == keys
    assert all(0 < chance <= 1 for chance in page["line_probabilities"])
    assert (blank["line_probabilities"], blank["line_doubts"]) == ([], [])
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
    for row, chance, doubt in zip(
        rows[:2], page["line_probabilities"], page["line_doubts"], strict=True
    ):
        assert row[3:] == [f"{chance:.4f}", doubt or ""]
    assert rows[2][3:] == ["", "no digits: nothing on the page stands out like writing"]
    assert rows[3][4].startswith("text.png is text")
    both = digitnet("read", *sheets, "--csv", "--json", cwd=place)
    assert_one_sentence(both, "--json and --csv")


def test_pages_of_a_document_and_standard_input(place: Path) -> None:
    with Image.open(place / "page.png") as page, Image.open(place / "blank.png") as blank:
        pages = [page.convert("L"), blank.convert("L")]
        pages[0].save(place / "scan.tif", save_all=True, append_images=pages[1:])
    done = digitnet("read", "scan.tif", "--risk", "0", cwd=place)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("scan.tif#1:\n38 20\n506\nscan.tif#2:\n-  no digits")
    content = (place / "page.png").read_bytes()
    words = [sys.executable, "-m", "digitnet", "read", "-", "--risk", "0"]
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
    done = digitnet("read", "turned.png", "--model", "cnn", "--risk", "0", cwd=place)
    assert done.stdout == "38 20\n506\n"
    assert f"turned.png: turned by {90 * quarters} degrees" in done.stderr
    quiet = digitnet("read", "turned.png", "page.png", "--json", "--model", "cnn", cwd=place)
    assert quiet.stderr == ""
    turned, plain = (json.loads(line) for line in quiet.stdout.splitlines())
    assert (turned["turned"], plain["turned"]) == (90 * quarters, 0)


def test_what_is_not_read_is_counted(place: Path) -> None:
    """A blot between the 8 and the 2, in words and in a table's row.

    Single digits are read alone: a reader of lines takes it for no mark.
    """
    alone = ("--line-model", "none")
    page = json.loads(digitnet("read", "page.png", "--json", cwd=place).stdout)
    (_, _, left, _), (right, top, _, bottom) = (d["box"] for d in page["digits"][1:3])
    with Image.open(place / "page.png") as image:
        picture = np.array(image)
    x, y = (left + right) // 2, (top + bottom) // 2
    picture[y - 5 : y + 6, x - 3 : x + 4] = 20
    Image.fromarray(picture).save(place / "blot.png")
    done = digitnet("read", "blot.png", *alone, cwd=place)
    text, doubt = done.stdout.splitlines()[0].split("  ")
    assert (text.replace(" ", ""), doubt[:27]) == ("38?20", "unsure: 1 of 5 characters n")
    assert "blot.png: 1 mark not read" in done.stderr
    table = digitnet("read", "blot.png", "--csv", "-", *alone, cwd=place)
    assert "unsure: 1 of 5 characters not read" in table.stdout


@pytest.fixture
def pair(place: Path, clear: list[Digit]) -> Path:
    """Two digits that lie a little over each other, which single digits cannot be cut from."""
    digits = [clear[2 * label].with_pen(0.09) for label in (3, 2)]
    Image.fromarray(painted(side_by_side(digits, 90, -0.04))).save(place / "pair.png")
    return place


def test_a_line_model_reads_beside_unless_none_is_asked_for(pair: Path) -> None:
    always = ("--risk", "0")
    done = digitnet("read", "pair.png", "--model", "cnn", *always, cwd=pair)
    assert (done.returncode, done.stdout) == (0, "32\n"), done.stderr
    shutil.copytree(in_box(LINES), pair / "mine")
    named = digitnet(
        "read", "pair.png", "--model", "cnn", "--line-model", "mine", *always, cwd=pair
    )
    assert (named.returncode, named.stdout) == (0, "32\n"), named.stderr
    without = digitnet(
        "read", "pair.png", "--model", "cnn", "--line-model", "none", *always, cwd=pair
    )
    assert without.returncode == 0, without.stderr
    assert without.stdout != "32\n"
    plain = digitnet("read", "page.png", "--line-model", "none", *always, cwd=pair)
    assert (plain.returncode, plain.stdout) == (0, "38 20\n506\n"), plain.stderr


def test_what_a_line_model_read_is_told_in_the_same_form(pair: Path) -> None:
    words = ("read", "pair.png", "--model", "cnn")
    (line,) = digitnet(*words, "--json", cwd=pair).stdout.splitlines()
    told = json.loads(line)
    assert list(told)[1:5] == ["lines", "line_probabilities", "line_doubts", "digits"]
    assert (told["lines"], told["reason"], told["turned"]) == (["32"], None, 0)
    assert [list(one) for one in told["digits"]] == [
        ["box", "label", "probability", "sure", "line"]
    ] * 2
    assert [one["label"] for one in told["digits"]] == [3, 2]
    assert all(0 < one["probability"] <= 1 for one in told["digits"])
    (first, second) = (one["box"] for one in told["digits"])
    assert first[0] < second[0]
    assert first[2] < second[2]
    table = digitnet(*words, "--csv", "-", cwd=pair).stdout
    (chance,), (doubt,) = told["line_probabilities"], told["line_doubts"]
    assert list(csv.reader(table.splitlines())) == [
        ["path", "line", "text", "confidence", "reason"],
        ["pair.png", "1", "32", f"{chance:.4f}", doubt or ""],
    ]


def test_a_line_model_that_is_none_is_refused(place: Path) -> None:
    asked = ("read", "page.png", "--line-model")
    gone = digitnet(*asked, "gone", cwd=place)
    assert_one_sentence(gone, "no folder gone with a model that reads lines")
    assert gone.stdout == ""
    assert_one_sentence(digitnet(*asked, "model", cwd=place), "a model of single digits")
    # the one in the box is taken unasked; its name alone is a folder's like any other
    assert_one_sentence(digitnet(*asked, "page.png", cwd=place), "page.png")


def test_letters_are_read_without_a_line_model(place: Path) -> None:
    """One that reads digits would read a letter as a digit."""
    digits = load_model(place / "model")
    save_model(replace(digits, class_names=tuple("ABCDEFGHIJ")), place / "letters")
    words = ("read", "page.png", "--model", "letters")
    refused = digitnet(*words, "--line-model", str(in_box(LINES)), cwd=place)
    assert_one_sentence(refused, "reads digits", "--line-model")
    assert refused.stdout == ""
    for more in ((), ("--line-model", "none")):
        done = digitnet(*words, *more, "--risk", "0", cwd=place)
        assert (done.returncode, done.stdout) == (0, "DI CA\nFAG\n"), done.stderr


def test_a_model_of_more_or_fewer_classes_than_ten_reads_no_pages(place: Path) -> None:
    save_model(Model(Network([Dense(784, 3)]), class_names=("A", "B", "C")), place / "three")
    assert_one_sentence(digitnet("read", "page.png", "--model", "three", cwd=place), "ten", "3")
