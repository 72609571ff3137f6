"""What the words of a command mean: files, folders, patterns, addresses, standard input."""

from __future__ import annotations

import base64
import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digitnet.cli.named_pictures import named_pictures
from digitnet.errors import PictureError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def png(path: str) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 8), 255).save(path, "PNG")
    return path


def names(*words: str) -> list[str]:
    return [named.name for named in named_pictures(words)]


def refusal(*words: str) -> str:
    """The one sentence where words mean no picture at all."""
    (named,) = named_pictures(words)
    assert isinstance(named.source, PictureError)
    return str(named.source)


def test_a_file_is_itself_as_often_as_it_is_named(place: Path) -> None:
    png("a.png")
    assert names("a.png", "gone.png", "a.png") == ["a.png", "gone.png", "a.png"]


def test_a_folder_is_all_that_is_in_it_and_below_in_natural_order(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = [
        png(path)
        for path in ("in/day 2/scan 9.png", "in/day 10/a.dat", "in/scan 2.png", "in/scan 10.png")
    ]
    for hidden in (".DS_Store", "Thumbs.db", "desktop.ini", ".x/a.png", "__MACOSX/a.png"):
        png(f"in/{hidden}")
    Path("in/notes.txt").write_text("clearly no picture")
    Path("in/day 2/labels.csv").write_text("file,label\n")
    assert names("in") == expected
    left = "2 left alone, no picture by name nor content: in/day 2/labels.csv, in/notes.txt\n"
    assert capsys.readouterr().err.replace(os.sep, "/") == left


def test_what_is_not_read_in_a_folder_is_still_named(place: Path) -> None:
    Path("in").mkdir()
    contents = {
        "a.zip": b"PK\x03\x04\0", "b.svg": b"<svg/>", "c.png": b"text", "d.mov": bytes(4) + b"ftyp",
        "e": b"\x01\x02", "f.png": b"",
    }  # fmt: skip
    for name, content in contents.items():
        (Path("in") / name).write_bytes(content)
    assert [Path(name).name for name in names("in")] == list(contents)


def test_an_empty_name_is_not_this_folder(place: Path) -> None:
    png("a.png")
    assert refusal("") == refusal(" ") == "The name of a picture is empty: check where it is from."


def test_a_folder_without_pictures_says_so(place: Path) -> None:
    Path("in").mkdir()
    assert refusal("in") == "The folder in holds no pictures: name one that does."
    Path("in/notes.txt").write_text("no picture")
    assert refusal("in") == "The folder in holds no pictures: name one that does."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes that have names")
def test_links_to_folders_and_pipes_do_not_hold_it_up(place: Path) -> None:
    png("in/a.png")
    Path("in/again").symlink_to("../in", target_is_directory=True)
    Path("in/b.png").symlink_to("nowhere")
    os.mkfifo("in/pipe")
    assert names("in") == ["in/a.png", "in/b.png", "in/pipe"]


def test_patterns_are_worked_out_in_natural_order(place: Path) -> None:
    for path in ("in/s 10.png", "in/s 2.png", "in/deep/er/s 3.png", "in/x.jpg", "in/.s.png"):
        png(path)
    assert names("in/*.png") == ["in/s 2.png", "in/s 10.png"]
    assert names("in/s ?.png") == ["in/s 2.png"]
    assert names("**/*.png") == ["in/deep/er/s 3.png", "in/s 2.png", "in/s 10.png"]
    assert names("./in/x.*") == ["./in/x.jpg"]
    everything = ["in/deep/er/s 3.png", "in/s 2.png", "in/s 10.png", "in/x.jpg"]
    assert sorted(names("in/**")) == sorted(names("i*")) == sorted(everything)  # each of them once
    png("in/s old/x.png")  # a folder that matches `**` does not bring all that is in it
    assert names("**/s *") == ["in/deep/er/s 3.png", "in/s 2.png", "in/s 10.png"]
    assert names("in/s *") == ["in/s 2.png", "in/s 10.png", "in/s old/x.png"]
    assert refusal("in/*.bmp") == "in/*.bmp matches no file: check the pattern."


def test_a_file_or_folder_whose_name_has_brackets_wins_over_the_pattern(place: Path) -> None:
    for path in ("a[1].png", "a1.png", "in[1]/b.png", "in1/b.png", "in[1]/c[2].png"):
        png(path)
    assert names("a[1].png") == ["a[1].png"]
    assert names("a[12].png") == ["a1.png"]
    assert names("in[1]") == ["in[1]/b.png", "in[1]/c[2].png"]
    assert names("in[1]/*.png") == ["in[1]/b.png", "in[1]/c[2].png"]


@given(st.text(st.characters(exclude_characters="/\0\\:", codec="utf-8"), min_size=1, max_size=30))
def test_any_name_of_a_file_is_taken_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("names")
    if name in (".", "..") or len(name.encode()) > 200:
        return
    png(f"{folder}/{name}")
    assert names(f"{folder}/{name}") == [f"{folder}/{name}"]
    hidden = name.startswith(".") or name.lower() in ("thumbs.db", "desktop.ini")
    assert [n.name for n in named_pictures([str(folder)])] == [
        str(folder) if hidden else f"{folder}/{name}"
    ]


def test_addresses(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    png("a b.png")
    assert refusal("https://example.org//a.png") == (
        "https://example.org//a.png is on the web: download it first."
    )
    uri = (place / "a b.png").as_uri()
    assert names(uri) == [str(place / "a b.png")]
    assert names(place.as_uri()) == [str(place / "a b.png")]
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("USERPROFILE", str(place))
    assert names("~/a b.png", "~/*.png") == [f"{place}/a b.png"] * 2
    url = "data:image/png;base64," + base64.b64encode(Path("a b.png").read_bytes()).decode()
    (named,) = named_pictures([url])
    assert (named.name, named.source) == ("data:image/png;base64", url)


def test_standard_input_is_one_picture(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = Path(png("a.png")).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert named_pictures(["-"]) == [("-", content)]
    pages = io.BytesIO()
    page = Image.new("L", (8, 8), 255)
    page.save(pages, "TIFF", save_all=True, append_images=[page])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pages.getvalue())))
    assert refusal("-") == "Standard input has 2 pages: save it and give the file."


def test_each_page_is_named(place: Path) -> None:
    page = Image.new("L", (8, 8), 255)
    page.save("scan.tif", save_all=True, append_images=[page, page])
    pages = ["scan.tif#1", "scan.tif#2", "scan.tif#3"]
    assert names("scan.tif") == names("s*.tif") == pages
    assert names("scan.tif#2") == ["scan.tif#2"]
    assert names(".") == pages
