"""Attacks by names: bytes that are no UTF-8, escape sequences, markup."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attacks.conftest import Attack
from digitnet.cli.main import main
from digitnet.cli.output import shown
from digitnet.models.folder import DESCRIPTION, load_model
from digitnet.plots.explanation import save_explanation
from digitnet.plots.overlay import Caption, save_overlay
from digitnet.plots.report import save_confusion_matrix, save_image_grid, save_worst_mistakes
from support.helpers import assert_one_sentence, digitnet_process, small_model
from support.served import NINE

PIECES = ["\x7f", "\x00", "\u200f", "\u061c", "\U000e0041", "$", "$\\frac", "\\", "_", "x" * 99,
          "\x1b[2J", "\x1b]0;t\x07", "\x9b31m", "\udcfc", "\ud800", "\u202e", "\n", "\r", "[/a]",
          "[red]", "é", "七", "\u2028", " ", "{out}", "%s", "'", '"', "a"]  # fmt: skip
NO_ARGUMENT = {0: None, 0xD800: None}
"""Characters that none of a program can have."""
HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode's categories of what steers, formats, is half a character or breaks the line."""


def hostile_name(number: int) -> str:
    """A name of a few pieces, always the same for one number."""
    rng = np.random.default_rng(number)
    return "".join(PIECES[rng.integers(len(PIECES))] for _ in range(rng.integers(1, 6)))


@pytest.mark.promise("names are shown escaped")
def test_no_name_reaches_the_terminal_raw(attack: Attack) -> None:
    for number in attack.times(1_000):
        line = shown(hostile_name(number))
        line.encode()
        assert len(line.splitlines()) == 1
        assert not any(unicodedata.category(letter) in HIDDEN for letter in line)


@pytest.mark.promise("names are shown escaped")
def test_no_class_s_name_ends_or_stretches_a_plot(
    attack: Attack, tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dollars are no formula, a long name leaves room for the plot, and nothing is drawn raw."""
    from matplotlib.text import Text

    drawn: list[str] = []
    set_text = Text.set_text
    monkeypatch.setattr(Text, "set_text", lambda self, s: (drawn.append(str(s)), set_text(self, s)))
    picture = np.full((60, 40), 255, np.uint8)
    picture[10:50, 18:22] = 0
    for number in attack.times(30):
        names = tuple(f"{i}{hostile_name(10 * number + i)}" for i in range(10))
        model = replace(small_model(rng), class_names=names)
        answer = replace(model.predict(picture), label=number % 10)
        grid = np.stack([answer.frame.image] * 10)
        save_confusion_matrix(np.ones((10, 10), np.int64), names, tmp_path / "confusion.png")
        probabilities = rng.dirichlet(np.ones(10), 10)
        save_worst_mistakes(
            grid, np.arange(10), probabilities, tmp_path / "worst.png", class_names=names
        )
        save_image_grid(grid, np.arange(10), tmp_path / "grid.png", names[0], class_names=names)
        save_explanation([("the picture", picture)], answer, names, tmp_path / "why.png")
        captions = [Caption((18, 10, 22, 50), name) for name in names]
        save_overlay(picture, captions, tmp_path / "overlay.png")
        assert len(list(tmp_path.iterdir())) == 5
    for text in drawn:
        steering = {letter for letter in text if unicodedata.category(letter) in HIDDEN}
        assert steering <= {"\n"}, text  # a sentence below a picture is in several lines
        assert len(text) < 400, text


@pytest.mark.promise("names are shown escaped")
def test_whatever_word_a_command_does_not_know_is_said_in_a_line(
    attack: Attack,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in attack.times(200):
        name = f"x{number}{hostile_name(number)}"  # no number, which may have blanks around it
        table = tmp_path / "t.csv"
        for words in (
            [name],
            [f"--{name}"],
            ["predict", f"--{name}"],
            ["predict", "--model"],
            ["predict", "--csv", f"{table}{name}"],
            ["data", name],
            ["data", "show", "--labels", name],
            ["train", "--epochs", name],
            ["train", "--hidden", name],
            ["train", "--recipe", name],
            ["export", name],
            ["export", "--to", name],
            ["serve", "--port", name],
            ["serve", "--host", name],
            ["compare", name, name],
            ["ensemble", name, name, "--out", str(tmp_path / "e")],
            ["evaluate", name],
            ["models", name],
        ):
            assert main(words) == 2, words
            said = capsys.readouterr()
            text = said.out + said.err
            text.encode()
            *before, sentence = said.err.splitlines()
            assert before in ([], ["Model: cnn, in the box."]), words
            assert sentence.startswith("digitnet: "), words
            assert not any(unicodedata.category(one) in HIDDEN for one in text.replace("\n", ""))


@pytest.mark.promise("names are shown escaped")
def test_what_a_library_warns_of_is_said_in_a_line() -> None:
    program = (
        "import warnings; from digitnet.cli.main import guarded; "
        r"guarded(lambda: warnings.warn('a\x1b[31m\nb') or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "UserWarning: a\\x1b[31m\\nb\n")


@pytest.mark.promise("names are shown escaped")
@pytest.mark.parametrize("name", ["a\x7f.png", "\x1b[31m.png", "\u202e.png", '".png'])
def test_json_is_json_whatever_the_names(name: str, tmp_path: Path, attack: Attack) -> None:
    shutil.copy(NINE, tmp_path / name)
    done = digitnet_process("predict", "--json", name, cwd=tmp_path)
    assert json.loads(done.stdout)["path"] == name
    attack.tried()


@pytest.mark.promise("names are shown escaped")
def test_no_name_of_a_picture_or_model_reaches_the_terminal_raw(
    attack: Attack, tmp_path: Path
) -> None:
    for number in attack.times(20):
        name = f"{number}{hostile_name(number)}".translate(NO_ARGUMENT)
        for words in (["predict", f"{name}.png"], ["predict", "--model", name, "a.png"]):
            done = digitnet_process(*words, cwd=tmp_path)
            assert_one_sentence(done)
            assert "\x1b" not in done.stderr


@pytest.mark.promise("names are shown escaped")
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a file's name is always Unicode")
def test_a_folder_whose_name_is_no_utf8_trains_and_is_recorded(
    attack: Attack, tmp_path: Path
) -> None:
    name = os.fsdecode(b"Fotos-M\xfcller")
    for digit in range(2):
        (tmp_path / name / str(digit)).mkdir(parents=True)
        for i in range(8):
            picture = np.full((28, 28), 255, np.uint8)
            picture[4:24, 6 + 8 * digit : 10 + 8 * digit] = 0
            picture[10 + i % 4, 4:22] = 0
            Image.fromarray(picture).save(tmp_path / "one.png")
            (tmp_path / "one.png").rename(tmp_path / name / str(digit) / f"{i}.png")
    done = digitnet_process("train", name, "--epochs", "2", "--out", "m", cwd=tmp_path)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
    assert load_model(tmp_path / "m").training["plan"]["source"] == name
    content = (tmp_path / "m" / DESCRIPTION).read_text("utf-8")
    assert r"Fotos-M\udcfcller" in content
    assert json.loads(content)["training"]["plan"]["source"] == name
    assert (tmp_path / "m" / "training_loss.png").exists()
    attack.tried()
