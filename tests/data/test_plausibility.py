"""Plausibility: what a digit model reads only after a turn is turned; wrong labels are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from digitnet.data.dataset import DIGITS
from digitnet.data.plausibility import (
    BETTER,
    FEWEST,
    MORE,
    TURNED,
    TURNS,
    UPRIGHT,
    judge_digits,
    turn_upright,
)
from digitnet.data.synthetic import synthesize
from digitnet.errors import DataError
from digitnet.handwriting.hands import Hand, careful
from digitnet.models.plausibility import open_source, open_unlabelled, read_digits

Images = NDArray[np.uint8]
WRONG: dict[str, Callable[[Images], Images]] = {
    "transposed": lambda images: images.transpose(0, 2, 1),
    "upside down": lambda images: images[:, ::-1, ::-1],
    "left side": lambda images: np.rot90(images, 1, axes=(1, 2)),
    "right side": lambda images: np.rot90(images, -1, axes=(1, 2)),
    "were mirrored, ": lambda images: images[:, :, ::-1],
    "top to bottom": lambda images: images[:, ::-1],
    "dark on light": lambda images: 255 - images,
}


@pytest.fixture(scope="module")
def digits() -> tuple[Images, NDArray[np.int64]]:
    rng = np.random.default_rng(5)
    drawn = synthesize(60, rng, hand=careful(Hand.sample(rng, 1)))
    return drawn.images, drawn.labels


@pytest.mark.parametrize("says", WRONG)
def test_what_lies_wrong_is_turned_right_and_said(tmp_path: Path, digits, says: str) -> None:
    images, labels = digits
    path = tmp_path / "d.npz"
    np.savez(path, images=WRONG[says](images), labels=labels)
    dataset = open_source(path)
    np.testing.assert_array_equal(dataset.images, images)
    assert len(dataset.report.notes) == 1
    assert says in dataset.report.notes[0].replace(" and were turned", " ")
    left = open_source(path, as_is=True)
    np.testing.assert_array_equal(left.images, WRONG[says](images))
    assert left.report.notes == ()


def test_what_is_right_is_left_alone(tmp_path: Path, digits) -> None:
    images, labels = digits
    np.savez(tmp_path / "d.npz", images=images, labels=labels)
    dataset = open_source(tmp_path / "d.npz")
    np.testing.assert_array_equal(dataset.images, images)
    assert dataset.report.notes == ()


def test_labels_of_other_digits_are_refused(tmp_path: Path, digits) -> None:
    images, labels = digits
    wrong = np.where(labels % 2 == 0, labels + 1, labels - 1)
    np.savez(tmp_path / "d.npz", images=images, labels=wrong)
    with pytest.raises(DataError, match=r"look like digits, but the labels.*as_is"):
        open_source(tmp_path / "d.npz")
    assert open_source(tmp_path / "d.npz", as_is=True).labels.tolist() == wrong.tolist()


def test_labels_one_too_high_are_set_right_and_said(tmp_path: Path, digits) -> None:
    """1 to 10 where 1 stands for the digit 0, as some files have it."""
    images, labels = digits
    np.savez(tmp_path / "d.npz", images=images, labels=labels + 1)
    dataset = open_source(tmp_path / "d.npz")
    assert dataset.labels.tolist() == labels.tolist()
    assert any("one too high" in note for note in dataset.report.notes)


def test_pictures_of_no_digits_are_taken_with_a_word(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(100) % 10
    images = np.zeros((100, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[4:24, 4:24] = rng.integers(0, 256, (20, 20)) if label % 2 else 255
    np.savez(tmp_path / "d.npz", images=images, labels=labels)
    assert "may be no digits" in open_source(tmp_path / "d.npz").report.notes[-1]


def judged(n_as_is: int, n_turned: int, n: int) -> tuple[str, ...]:
    """A judge that reads so many rightly as they lie, and so many upside down."""
    images = np.zeros((n, 28, 28), np.uint8)
    images[:, 0, 0] = 1
    labels = np.zeros(n, np.int64)

    def judge(sample: Images) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        right = n_as_is if sample[0, 0, 0] else n_turned if sample[0, -1, -1] else 0
        read = np.full(n, 5)
        read[:right] = 0
        return read, np.zeros(n, bool)

    return judge_digits(images, labels, judge, "test").notes


def test_when_something_is_turned() -> None:
    assert "upside down" in judged(40, 70, 100)[0]  # 30 of 100 better
    (doubt,) = judged(41, 70, 100)
    assert "reads only 41 as labelled: some may lie wrong" in doubt
    assert "reads only 31" in judged(31, 31, 100)[0]
    assert judged(70, 70, 100) == ()
    assert judged(70, 100, 100) == ()  # well enough as it lies
    assert "upside down" in judged(0, 50, 100)[0]
    assert "no digits" in judged(0, 49, 100)[0]
    assert judged(0, FEWEST - 1, FEWEST - 1) == ()  # too few to tell
    assert BETTER == 0.3


def test_each_turn_undoes_one_way_to_lie_wrong() -> None:
    images = np.arange(2 * 784, dtype=np.uint32).astype(np.uint8).reshape(2, 28, 28)
    undone = [turn(images) for turn in TURNS.values()]
    for wrong in list(WRONG.values())[:6]:
        assert any(np.array_equal(wrong(one), images) for one in undone)


def test_the_judge_reads_digits(digits) -> None:
    images, labels = digits
    read, like_digits = read_digits(images)
    assert (read == labels).mean() > 0.9
    assert like_digits.mean() > 0.8


@pytest.mark.parametrize("says", WRONG)
@pytest.mark.parametrize("labelled", ["no labels", "labels", "wrong labels"])
def test_what_is_to_be_predicted_is_turned_right_too(
    tmp_path: Path, digits, says: str, labelled: str
) -> None:
    """A wrong answer for each row of a table that lies transposed would be the worst there is."""
    images, labels = digits
    path = tmp_path / "d.npz"
    others = {
        "no labels": {},
        "labels": {"labels": labels},
        "wrong labels": {"labels": np.roll(labels, 7)},
    }[labelled]
    np.savez(path, images=WRONG[says](images), **others)
    frames, _, report = open_unlabelled(path, DIGITS)
    np.testing.assert_array_equal(frames, images)
    named = ["The images are its `images`."] * (labelled == "no labels")
    *first, note = report.notes
    assert first == named
    assert says in note.replace(" and were turned", " ")
    left, _, report = open_unlabelled(path, DIGITS, as_is=True)
    np.testing.assert_array_equal(left, WRONG[says](images))
    assert list(report.notes) == named
    np.savez(path, images=images, **others)
    frames, _, report = open_unlabelled(path, DIGITS)
    np.testing.assert_array_equal(frames, images)
    assert list(report.notes) == named


def test_what_a_model_of_letters_is_to_read_is_not_turned(tmp_path: Path, digits) -> None:
    images, _ = digits
    np.savez(tmp_path / "d.npz", images=images[:, ::-1])
    left, _, _ = open_unlabelled(tmp_path / "d.npz", ("a", "b"))
    np.testing.assert_array_equal(left, images[:, ::-1])


def looked_at(n_as_is: int, n_turned: int, n: int) -> tuple[str, ...]:
    """A judge to whom so many look like digits as they lie, and so many upside down."""
    images = np.zeros((n, 28, 28), np.uint8)
    images[:, 0, 0] = 1

    def judge(sample: Images) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        like = n_as_is if sample[0, 0, 0] else n_turned if sample[0, -1, -1] else 0
        return np.zeros(n, np.int64), np.arange(n) < like

    return turn_upright(images, judge)[1]


def test_when_what_has_no_labels_is_turned() -> None:
    assert (UPRIGHT, TURNED, MORE) == (0.8, 0.9, 0.2)
    assert looked_at(70, 90, 100)
    assert not looked_at(71, 90, 100)  # too little more
    assert not looked_at(60, 89, 100)  # too few after it
    assert not looked_at(80, 100, 100)  # well enough as it lies
    assert looked_at(79, 100, 100)
    assert looked_at(0, 10, 10)
    assert not looked_at(0, 9, 9)  # too few to tell
