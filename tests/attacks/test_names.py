"""Attacks by names: bytes that are no UTF-8, escape sequences, markup."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attacks.conftest import Attack
from digitnet.cli.output import shown
from digitnet.models.folder import DESCRIPTION, load_model
from support.helpers import assert_one_sentence, digitnet

PIECES = ["\x1b[2J", "\x1b]0;t\x07", "\x9b31m", "\udcfc", "\ud800", "\u202e", "\n", "\r", "[/a]",
          "[red]", "é", "七", "\u2028", " ", "{out}", "%s", "'", '"', "a"]  # fmt: skip


def hostile_name(number: int) -> str:
    """A name of a few pieces, always the same for one number."""
    rng = np.random.default_rng(number)
    return "".join(str(rng.choice(PIECES)) for _ in range(rng.integers(1, 6)))


@pytest.mark.promise("names are shown escaped")
def test_no_name_reaches_the_terminal_raw(attack: Attack) -> None:
    for number in attack.times(1_000):
        line = shown(hostile_name(number))
        line.encode()
        assert len(line.splitlines()) == 1
        assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in line)


@pytest.mark.promise("names are shown escaped")
def test_no_name_of_a_picture_or_model_reaches_the_terminal_raw(
    attack: Attack, tmp_path: Path
) -> None:
    for number in attack.times(20):
        name = f"{number}{hostile_name(number)}".replace("\ud800", "")  # no argument can be that
        for words in (["predict", f"{name}.png"], ["predict", "--model", name, "a.png"]):
            done = digitnet(*words, cwd=tmp_path)
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
    done = digitnet("train", name, "--epochs", "2", "--out", "m", cwd=tmp_path)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
    assert load_model(tmp_path / "m").training["plan"]["source"] == name
    content = (tmp_path / "m" / DESCRIPTION).read_text("utf-8")
    assert r"Fotos-M\udcfcller" in content
    assert json.loads(content)["training"]["plan"]["source"] == name
    assert (tmp_path / "m" / "training_loss.png").exists()
    attack.tried()
