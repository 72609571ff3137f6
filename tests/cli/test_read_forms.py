"""`digitnet read --template` and `digitnet template`, as a user runs them."""

from __future__ import annotations

import csv
import json
import shutil
import signal
from pathlib import Path

import pytest

from digitnet.cli.main import main
from digitnet.cli.read_forms import _Pile
from digitnet.reading.template import Template
from support.forms import blank_form, filled_form, save, template_text
from support.helpers import assert_one_sentence, digitnet
from support.killed import run_killed


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A template of two fields, a form, and a page that is none."""
    save(blank_form().picture, tmp_path / "blank.png")
    save(filled_form().picture, tmp_path / "form.png")
    save(blank_form(seed=5).picture, tmp_path / "other.png")
    head, *fields = template_text(blank_form()).split("[[field]]")
    text = "[[field]]".join([head, *fields[:2]])
    (tmp_path / "form.toml").write_text(text)
    return tmp_path


def names() -> list[str]:
    return list(blank_form().boxes)[:2]


def test_a_table_has_a_row_for_each_form(place: Path) -> None:
    done = digitnet(
        "read", "form.png", "other.png", "--template", "form.toml", "--out", "r.csv", cwd=place
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "1 of 2 forms could not be read" in done.stderr
    content = (place / "r.csv").read_bytes()
    header, form, other = csv.reader(content.decode().splitlines())
    a, b = names()
    assert header == [
        "path", a, f"{a} confidence", f"{a} status", b, f"{b} confidence", f"{b} status",
        "status", "reason",
    ]  # fmt: skip
    assert content.startswith(",".join(header).encode() + b"\nform.png,")
    assert content.count(b"\n") == 3
    values = filled_form().values
    read = json.loads(
        digitnet("read", "form.png", "--template", "form.toml", "--json", cwd=place).stdout
    )
    assert form[0] == "form.png"
    for k, field in enumerate(read["fields"]):
        sure = "" if field["confidence"] is None else f"{field['confidence']:.4f}"
        assert form[1 + 3 * k : 4 + 3 * k] == [field["value"], sure, field["status"]]
        if field["status"] in ("ok", "empty"):
            assert field["value"] == values[field["name"]]
    assert form[-2] == read["status"]
    assert other[:-1] == ["other.png", *[""] * 6, "refused"]
    assert "this form" in other[-1]
    again = digitnet(
        "read", "form.png", "other.png", "--template", "form.toml", "--csv", "r.csv", cwd=place
    )
    assert again.returncode == 1
    assert (place / "r.csv").read_bytes() == content


def test_json_is_one_object_per_form(place: Path) -> None:
    done = digitnet(
        "read", "form.png", "other.png", "gone.png", "--template", "form.toml", "--json", cwd=place
    )
    assert (done.returncode, done.stderr) == (1, "")
    form, other, gone = (json.loads(line) for line in done.stdout.splitlines())
    assert form["path"] == "form.png"
    assert form["lines"] == [field["value"] for field in form["fields"]]
    assert [field["name"] for field in form["fields"]] == names()
    assert set(form) == {
        "path", "lines", "digits", "fields", "status", "turned", "aligned", "reason", "model",
    }  # fmt: skip
    for refused in (other, gone):
        assert (refused["lines"], refused["digits"], refused["fields"]) == ([], [], [])
        assert refused["status"] == "refused"
        assert refused["reason"]


def test_text_and_a_picture(place: Path) -> None:
    done = digitnet("read", "form.png", "--template", "form.toml", "--out", "drawn.png", cwd=place)
    assert done.returncode == 0, done.stderr
    first, *rows = done.stdout.splitlines()
    assert first == "form.png:"
    assert [row.split()[0] for row in rows] == [name.split()[0] for name in names()]
    assert (place / "drawn.png").is_file()
    none = digitnet("read", "other.png", "--template", "form.toml", cwd=place)
    assert none.returncode == 2
    assert "other.png:\n-  not read" in none.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--pattern dd", "what --pattern would"),
        ("--min 3", "what --min would"),
        ("--line-model none", "needs a model that reads lines"),
        ("--json --csv r.csv", "two ways to answer"),
        ("--out a.csv --csv b.csv", "two tables"),
        ("--template gone.toml", "There is no template gone.toml"),
        ("--out blank.csv", "not a table"),
    ],
)
def test_what_does_not_go_together(place: Path, words: str, told: str) -> None:
    (place / "blank.csv").write_text("something else\n")
    done = digitnet("read", "form.png", "--template", "form.toml", *words.split(), cwd=place)
    assert_one_sentence(done, told)
    assert (place / "blank.csv").read_text() == "something else\n"
    assert not (place / "r.csv").exists()
    two = digitnet(
        "read", "form.png", "other.png", "--template", "form.toml", "--out", "a.png", cwd=place
    )
    assert_one_sentence(two, "--out draws one form")


def test_columns_that_would_be_called_alike(place: Path) -> None:
    text = (place / "form.toml").read_text().replace(f'"{names()[0]}"', '"status"')
    (place / "form.toml").write_text(text)
    done = digitnet("read", "form.png", "--template", "form.toml", cwd=place)
    assert_one_sentence(done, "Two columns", "status")


def test_killed_at_any_step_it_leaves_the_old_table_or_the_new(place: Path) -> None:
    words = ("read", "form.png", "--template", "form.toml", "--out", "r.csv")
    whole = run_killed(0, *words, cwd=place)
    n_steps = int(whole.stdout.splitlines()[-1])
    new = (place / "r.csv").read_bytes()
    assert n_steps >= 2
    old = new.split(b"\n")[0] + b"\n"
    for step in range(1, n_steps + 1):
        (place / "r.csv").write_bytes(old)
        run_killed(step, *words, cwd=place)
        assert (place / "r.csv").read_bytes() in (old, new)


def test_ctrl_c_keeps_what_was_read(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for k in range(3):
        shutil.copy(place / "form.png", place / f"f{k}.png")
    monkeypatch.chdir(place)
    answered = _Pile._answer

    def answer(pile: _Pile, *words: object) -> object:
        if pile.done == 1:
            signal.raise_signal(signal.SIGINT)
        return answered(pile, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(_Pile, "_answer", answer)
    words = ["read", "f0.png", "f1.png", "f2.png", "--template", "form.toml", "--out", "r.csv"]
    assert main(words) == 130
    rows = list(csv.reader((place / "r.csv").read_text().splitlines()))
    assert [row[0] for row in rows] == ["path", "f0.png", "f1.png"]
    assert "Stopped: 2 of 3 forms were read; r.csv holds them." in capsys.readouterr().err


def test_a_draft_is_a_template(place: Path) -> None:
    done = digitnet("template", "blank.png", "--toml", "new.toml", "--out", "d.png", cwd=place)
    assert done.returncode == 0, done.stderr
    assert (place / "d.png").is_file()
    template = Template.load(place / "new.toml")
    assert len(template.fields) == len(blank_form().boxes)
    assert [field.name for field in template.fields] == [
        f"field{k}" for k in range(1, len(template.fields) + 1)
    ]
    assert any(field.says is not None and field.says.length for field in template.fields)
    before = (place / "new.toml").read_bytes()
    again = digitnet("template", "blank.png", "--toml", "new.toml", cwd=place)
    assert_one_sentence(again, "new.toml is there already")
    assert (place / "new.toml").read_bytes() == before


def test_drafts_that_cannot_be(place: Path) -> None:
    (place / "below").mkdir()
    for words, told in (
        (("blank.png", "--toml", "form.txt"), "ends in .toml"),
        (("gone.png", "--toml", "n.toml"), "gone.png"),
        (("blank.png", "--toml", "below/n.toml"), "put them together"),
        (("blank.png", "--toml", "n.toml", "--out", "blank.png"), "overwrite the form"),
    ):
        assert_one_sentence(digitnet("template", *words, cwd=place), told)
    assert not (place / "n.toml").exists()
    save(blank_form().picture[:40] * 0 + 255, place / "white.png")
    done = digitnet("template", "white.png", "--toml", "n.toml", cwd=place)
    assert done.returncode == 1
    assert "No boxes or lines" in done.stderr
