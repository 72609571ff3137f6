"""`digitnet data synthesize --pages`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.helpers import assert_one_sentence, digitnet

WORDS = ("data", "synthesize")


def test_pages_with_their_text_and_boxes(tmp_path: Path) -> None:
    done = digitnet(*WORDS, "2", "--pages", "-o", "made", "--seed", "3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    made = tmp_path / "made"
    names = ["page-0001.png", "page-0002.png"]
    assert {path.name for path in made.iterdir()} == {*names, "labels.txt", "boxes.json"}
    labels = (made / "labels.txt").read_text().splitlines()
    boxes = json.loads((made / "boxes.json").read_text())
    assert list(boxes) == names
    for name, row in zip(names, labels, strict=True):
        file, text = row.split("\t")
        assert file == name
        assert text == " ".join(boxes[name]["lines"])
        assert len(boxes[name]["boxes"]) == len(text.replace(" ", ""))
        with Image.open(made / name) as picture:
            assert picture.mode == "RGB"
            assert all(box[2] <= picture.width for box in boxes[name]["boxes"])
    again = digitnet(*WORDS, "1", "--pages", "-o", "again", "--seed", "3", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again" / names[0]).read_bytes() == (made / names[0]).read_bytes()
    other = digitnet(*WORDS, "1", "--pages", "-o", "other", "--grade", "0", cwd=tmp_path)
    assert other.returncode == 0, other.stderr
    with Image.open(tmp_path / "other" / names[0]) as picture:
        assert np.median(np.asarray(picture)) > 220  # plain paper


def test_the_gallery_of_forms(tmp_path: Path) -> None:
    done = digitnet("data", "preview", "forms", "-o", "forms.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Drawn: forms.png"
    with Image.open(tmp_path / "forms.png") as picture:
        assert picture.width > 1200
        assert picture.height > picture.width
    assert (tmp_path / "forms.png").stat().st_size < 300_000


def test_forms_beside_others_are_digits_as_any(tmp_path: Path) -> None:
    done = digitnet("data", "preview", "forms", "--beside", "rare-forms", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "preview.png") as picture:
        assert picture.width > picture.height


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (("0", "--pages"), "at least 1"),
        (("-3", "--pages"), "-3"),
        (("1", "--pages", "--grade", "2"), "2.0"),
        (("1", "--pages", "--grade", "nan"), "nan"),
        (("1", "--pages", "--seed", "-1"), "-1"),
        (("1", "--pages", "--rare-forms"), "--rare-forms"),
        (("1", "--grade", "0.5"), "--pages"),
        (("1", "--pages", "-o", "there"), "there already"),
        (("1", "--pages", "-o", "no/such"), "no"),
    ],
)
def test_bad_orders_are_one_sentence_and_leave_nothing(
    tmp_path: Path, words: tuple[str, ...], about: str
) -> None:
    (tmp_path / "there").mkdir()
    assert_one_sentence(digitnet(*WORDS, *words, cwd=tmp_path), about)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
