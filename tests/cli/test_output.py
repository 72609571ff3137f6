"""What leaves the command line: escaped, in any encoding, and tables whole or not at all."""

from __future__ import annotations

import ast
import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digitnet.cli import output
from digitnet.cli.output import shown, write_table
from digitnet.errors import OutputError
from digitnet.models.folder import save_model
from support.helpers import assert_one_sentence, digitnet, small_model

HEADER = ("path", "label", "probability", "reason")


@pytest.fixture
def place(tmp_path: Path, rng: np.random.Generator) -> Path:
    save_model(small_model(rng, "stretch"), tmp_path / "model")
    Image.new("L", (28, 28), 90).save(tmp_path / "a.png")
    (tmp_path / "text.png").write_text("not a picture")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("scan 1.png", "scan 1.png"),
        ("a\x1b[2Jb\n\tc\r\x7f\x9b", r"a\x1b[2Jb\n\tc\r\x7f\x9b"),
        ("f\udcfcr", r"f\xfcr"),
        ("\ud800", r"\ud800"),
        ("fdp.\u202egnp", r"fdp.\u202egnp"),
        ("a\u2028b\u2066", r"a\u2028b\u2066"),
        ("9\u202fAM 七 é 👍\u200d", "9\u202fAM 七 é 👍\u200d"),
    ],
)
def test_what_moves_the_cursor_or_is_no_text_is_escaped(text: str, line: str) -> None:
    assert shown(text) == line


@given(st.text(st.characters()))
def test_any_name_is_one_line_that_can_be_encoded(name: str) -> None:
    line = shown(name)
    line.encode("utf-8")
    assert line.isprintable() or not set(line) & set(map(chr, [*range(32), *range(127, 160)]))
    assert len(line.splitlines()) <= 1


def test_a_table_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "answers.csv"
    write_table(str(target), HEADER, [("a,b\n.png", 3, "0.9", ""), ('"', "", "", "x")])
    assert target.read_bytes() == (
        b'path,label,probability,reason\n"a,b\\n.png",3,0.9,\n"""",,,x\n'
    )

    def breaks() -> object:
        yield ("a", "1", "", "")
        raise KeyboardInterrupt

    before = target.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        write_table(str(target), HEADER, breaks())  # type: ignore[arg-type]
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["answers.csv"]
    write_table(str(target), HEADER, [])  # its own table is replaced
    assert target.read_bytes() == b"path,label,probability,reason\n"


def test_a_table_replaces_nothing_but_a_table(tmp_path: Path) -> None:
    digits = tmp_path / "train.csv"
    for content in (b"label,pixel0\n3,0\n", b"path,label,probability,reasons\n", b"\x89PNG"):
        digits.write_bytes(content)
        with pytest.raises(OutputError, match="is not a table that was written here"):
            write_table(str(digits), HEADER, [])
        assert digits.read_bytes() == content
    with pytest.raises(OutputError, match="There is no folder"):
        write_table(str(tmp_path / "no" / "x.csv"), HEADER, [])
    (tmp_path / "empty.csv").touch()
    write_table(str(tmp_path / "empty.csv"), HEADER, [])


def test_predict_writes_a_row_for_each_picture(place: Path) -> None:
    rows = digitnet("predict", "a.png", "text.png", "--csv", cwd=place)
    assert rows.returncode == 1
    header, answer, refused = csv.reader(rows.stdout.splitlines())
    assert header == list(HEADER)
    told = json.loads(digitnet("predict", "a.png", "--json", cwd=place).stdout)
    assert answer == ["a.png", str(told["label"]), f"{max(told['probabilities']):.4f}", ""]
    assert refused[:3] == ["text.png", "", ""]
    assert refused[3].startswith("text.png is text, not a picture")
    assert f"digitnet: {refused[3]}" in rows.stderr.splitlines()
    done = digitnet("predict", "text.png", "a.png", "--csv", "out.csv", cwd=place)
    assert (done.returncode, done.stdout) == (1, "")
    assert sorted((place / "out.csv").read_text().splitlines()) == sorted(rows.stdout.splitlines())


def test_a_picture_is_never_taken_for_the_table(place: Path) -> None:
    before = (place / "a.png").read_bytes()
    done = digitnet("predict", "--csv", "a.png", "text.png", cwd=place)
    assert_one_sentence(done, "--csv", "ends in .csv, a.png does not")
    assert (place / "a.png").read_bytes() == before
    assert_one_sentence(digitnet("predict", "--csv", "x.csv", cwd=place), "need pictures")
    assert_one_sentence(digitnet("predict", "a.png", "--csv", "--json", cwd=place), "leave one out")
    alone = digitnet("predict", "a.png", "--csv=answers.CSV", cwd=place)
    assert (alone.returncode, (place / "answers.CSV").exists()) == (0, True)


ENCODINGS = [
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "cp437:strict"},
    {"PYTHONIOENCODING": "utf-8:strict"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "POSIX"},
]


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
@pytest.mark.parametrize("option", [(), ("--csv",), ("--json",), ("--csv", "table.csv")])
def test_every_console_gets_its_answer(
    place: Path, encoding: dict[str, str], option: tuple[str, ...]
) -> None:
    """Names with letters that it does not have, control characters, and bytes that are no text."""
    content = (place / "a.png").read_bytes()
    odd = [
        "七 \u202f.png".encode(), b"[red] [a.png", b"\x1b[31m\n.png", b"\xff\xfe.png",
        b"gone \xe9\x07.png",
    ]  # fmt: skip
    try:
        for name in odd[:-1]:
            Path(os.fsdecode(os.fsencode(place) + b"/" + name)).write_bytes(content)
    except OSError:
        pytest.skip("this file system takes only names that are text")
    words = [sys.executable, "-W", "error", "-m", "digitnet", "predict"]
    done = subprocess.run(
        [*map(os.fsencode, words), *odd, *map(os.fsencode, option)],
        cwd=place, env={**os.environ, **encoding}, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert b"Traceback" not in done.stderr
    for stream in (done.stdout, done.stderr):
        assert b"\x1b" not in stream
        assert b"\xff" not in stream
        assert b"\x07" not in stream
    lines = done.stdout.splitlines()
    if option == ("--json",):
        assert len([json.loads(line) for line in lines]) == 5
        assert json.loads(lines[3])["path"] == "\udcff\udcfe.png"
        return
    if option == ("--csv", "table.csv"):
        assert lines == []
        lines = (place / "table.csv").read_bytes().splitlines()
    if option:
        assert len(lines) == 6
    for name in (rb"[red] [a.png", rb"\x1b[31m\n.png", rb"\xff\xfe.png"):
        assert any(line.strip(b'"').startswith(name) for line in lines), name
    assert rb"gone \xe9\x07.png was not found" in done.stderr.replace(rb"\udce9", rb"\xe9")


def test_the_dialogue_survives_any_console_and_any_name(place: Path) -> None:
    (place / "七.png").write_bytes((place / "a.png").read_bytes())
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "digitnet", "predict"],
        cwd=place, env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True,
        input="七.png\n".encode() + b"\xff\x1b.png\na.png\nq\n",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"label: ") == 2
    assert rb"digitnet: \xff\x1b.png was not found" in done.stdout


def test_names_in_errors_and_reports_are_escaped_and_no_markup(place: Path) -> None:
    assert_one_sentence(digitnet("evaluate", "[/a]\x1b.csv", cwd=place), r"[/a]\x1b.csv")
    assert_one_sentence(digitnet("predict", "a.png", "--model", "[/a]\x07", cwd=place), r"[/a]\x07")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals here")
def test_a_progress_bar_in_a_terminal_shows_brackets_as_they_are(place: Path) -> None:
    """Rich takes [/a] for the end of a style that was never begun."""
    source = place / "[" / "a] 七"
    for label in "37":
        (source / label).mkdir(parents=True)
        Image.new("L", (28, 28), 90).save(source / label / "x.png")
    main, terminal = os.openpty()
    words = [sys.executable, "-W", "error", "-m", "digitnet", "evaluate", "[/a] 七"]
    with os.fdopen(main, "rb"), os.fdopen(terminal, "wb") as stderr:
        done = subprocess.run(words, cwd=place, stdout=subprocess.PIPE, stderr=stderr)
    assert done.returncode in (0, 2)
    assert (b"accuracy" in done.stdout) == (done.returncode == 0)


def test_nothing_leaves_the_command_line_by_another_way() -> None:
    folder = Path(output.__file__).parent
    for path in folder.glob("*.py"):
        called = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert "print" not in called or path.name == "output.py", path
