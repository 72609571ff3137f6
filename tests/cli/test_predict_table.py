"""`digitnet predict TABLE`, and the table of mistakes of `digitnet evaluate`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitnet.data.dataset import Dataset
from digitnet.data.synthetic import synthesize
from digitnet.models.model import Model
from support.helpers import assert_one_sentence, digitnet


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return synthesize(300, np.random.default_rng(5))


@pytest.fixture
def place(tmp_path: Path, trained_folder: Path, digits: Dataset) -> Path:
    """A folder with ./model and Kaggle's two tables: with labels and without."""
    (tmp_path / "model").symlink_to(trained_folder, target_is_directory=True)
    pixels = digits.images.reshape(len(digits), -1)
    header = [f"pixel{i}" for i in range(784)]
    for name, rows, names in (
        ("test.csv", pixels, header),
        ("train.csv", np.column_stack([digits.labels, pixels]), ["label", *header]),
    ):
        with (tmp_path / name).open("w", newline="") as file:
            csv.writer(file).writerows([names, *rows.tolist()])
    return tmp_path


def test_a_table_without_labels_is_answered_ready_to_hand_in(
    place: Path, trained: Model, digits: Dataset
) -> None:
    probabilities = trained.probabilities(digits.images)
    expected = probabilities.argmax(axis=1)
    refused = trained.calibration.refusals(digits.images, probabilities, trained.class_names)
    n_refused = sum(reason is not None for reason in refused)
    assert 0 < n_refused < 100  # so that both kinds are there
    done = digitnet("predict", "test.csv", "--csv", "submission.csv", cwd=place)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    with (place / "submission.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["ImageId", "Label"]
    assert rows == [[str(i + 1), str(label)] for i, label in enumerate(expected)]
    assert f"{n_refused} of these are unsure or no digit" in done.stderr
    same = digitnet("predict", "train.csv", "--csv", cwd=place)  # its labels are no pixels
    assert same.stdout == (place / "submission.csv").read_text()


def test_rows_in_words_and_in_json(place: Path, trained: Model, digits: Dataset) -> None:
    probabilities = trained.probabilities(digits.images)
    refused = trained.calibration.refusals(digits.images, probabilities, trained.class_names)
    done = digitnet("predict", "test.csv", "--json", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert list(lines[0]) == ["path", "label", "probabilities", "reason", "row", "model"]
    assert [line["row"] for line in lines] == list(range(1, 301))
    assert [line["reason"] for line in lines] == refused
    for line, row in zip(lines, probabilities, strict=True):
        assert line["label"] == (int(row.argmax()) if line["reason"] is None else None)
        np.testing.assert_allclose(line["probabilities"], row, atol=1e-6)
    table = digitnet("predict", "test.csv", cwd=place).stdout.splitlines()
    assert len(table) == 300
    for number, (text, reason) in enumerate(zip(table, refused, strict=True), start=1):
        assert text.split()[:2] == ["row", str(number)]
        assert reason is None or text.endswith(f"-  {reason}")


def test_what_cannot_be_told_of_a_table_is_said_by_options(place: Path, digits: Dataset) -> None:
    expected = digitnet("predict", "test.csv", "--csv", cwd=place).stdout
    lying = 255 - digits.images.swapaxes(1, 2)
    np.savez(place / "lying.npz", images=lying)
    turned = ("predict", "lying.npz", "--transpose", "--invert", "--csv")
    assert digitnet(*turned, cwd=place).stdout == expected
    np.savez(place / "dark.npz", images=255 - digits.images)
    as_it_lies = digitnet("predict", "dark.npz", "--as-is", "--csv", cwd=place).stdout
    assert digitnet("predict", "dark.npz", "--csv", cwd=place).stdout == expected != as_it_lies
    pixels = digits.images.reshape(len(digits), -1)
    odd = np.insert(pixels, 5, digits.labels, axis=1)  # a sixth column that could be anything
    np.savetxt(place / "odd.csv", odd, fmt="%d", delimiter=",")
    told = digitnet("predict", "odd.csv", "--label-column", "6", "--csv", cwd=place)
    assert told.stdout == expected, told.stderr
    refused = digitnet("predict", "lying.npz", "--label-column", "6", cwd=place)
    assert_one_sentence(refused, "is not a table", "--label-column")


def test_options_of_a_table_without_one_are_refused(place: Path) -> None:
    Image.new("L", (28, 28)).save(place / "a.png")
    for words in (("a.png",), ("test.csv", "a.png"), ()):
        done = digitnet("predict", *words, "--as-is", "--label-column", "1", cwd=place)
        assert_one_sentence(done, "--label-column, --as-is", "table")


def test_what_is_no_table_of_digits_is_one_sentence(place: Path) -> None:
    (place / "odd.csv").write_text("name,age\nAnn,3\n")
    assert_one_sentence(digitnet("predict", "odd.csv", cwd=place), "odd.csv")
    done = digitnet("predict", "test.csv", "--explain", "x", cwd=place)
    assert_one_sentence(done, "--explain")
    before = (place / "test.csv").read_bytes()
    over = digitnet("predict", "test.csv", "--csv", "test.csv", cwd=place)
    assert_one_sentence(over, "is not a table that was written here before")
    assert (place / "test.csv").read_bytes() == before


def test_mistakes_have_the_names_of_their_files(place: Path, trained: Model) -> None:
    rng = np.random.default_rng(1)
    odd = synthesize(60, rng)
    wrong_labels = (odd.labels + (np.arange(60) % 4 == 0)) % 10
    (place / "in").mkdir()
    for i, (image, label) in enumerate(zip(odd.images, wrong_labels, strict=True)):
        (place / "in" / str(label)).mkdir(exist_ok=True)
        Image.fromarray(image).save(place / "in" / str(label) / f"x{i:02}.png")
    words = ("evaluate", "in", "--as-is")
    done = digitnet(*words, "--mistakes", "wrong.csv", cwd=place)
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout.startswith("accuracy ")
    with (place / "wrong.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["picture", "label", "answer", "probability"]
    assert len(rows) >= 10
    for picture, label, answer, probability in rows:
        told = trained.predict(place / picture)
        likeliest = int(told.probabilities.argmax())
        assert (Path(picture).parent.name, answer) == (label, str(likeliest))
        assert answer != label
        assert float(probability) == pytest.approx(told.probabilities[likeliest], abs=1e-4)
    sure = [float(row[3]) for row in rows]
    assert sure == sorted(sure, reverse=True)
    out = digitnet(*words, "--mistakes", "-", cwd=place)
    assert out.stdout == (place / "wrong.csv").read_text()
    assert "accuracy " in out.stderr
    assert_one_sentence(digitnet(*words, "--json", "--mistakes", "-", cwd=place), "--mistakes")


def test_mistakes_without_names_have_numbers_from_1(place: Path, trained: Model) -> None:
    rng = np.random.default_rng(2)
    odd = synthesize(40, rng)
    labels = (odd.labels + (np.arange(40) == 7)) % 10
    np.savez(place / "odd.npz", images=odd.images, labels=labels)
    done = digitnet("evaluate", "odd.npz", "--as-is", "--mistakes", "wrong.csv", cwd=place)
    assert done.returncode == 0, done.stderr
    answers = trained.probabilities(odd.images).argmax(axis=1)
    with (place / "wrong.csv").open(newline="") as file:
        found = {row["picture"] for row in csv.DictReader(file)}
    assert found == {str(i + 1) for i in np.flatnonzero(answers != labels)}
    assert "8" in found
