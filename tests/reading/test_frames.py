"""Frames: each component is framed and classified once, and on all cores as on one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from digitnet.reading import frames as module
from digitnet.reading.frames import AT_ONCE, SURE_OF_PART, USUAL, Frames, strangeness

BOX = (0, 0, 5, 9)


class Counting:
    """A model whose answer is the frame's first pixel, and that counts what it is asked."""

    def __init__(self, chance: float = 1.0) -> None:
        self.chance = chance
        self.asked: list[int] = []
        self.scored = 0
        scorer = SimpleNamespace(scores=self.scores)
        self.calibration = SimpleNamespace(novelty=scorer, most_novelty=100.0)

    def scores(self, images: np.ndarray) -> np.ndarray:
        self.scored += len(images)
        return images[:, 0, 0].astype(np.float64)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        self.asked += images[:, 0, 0].tolist()
        return np.eye(10, dtype=np.float32)[images[:, 0, 0] % 10] * self.chance

    def accepted(self, images: np.ndarray, rows: np.ndarray, scores: np.ndarray) -> np.ndarray:
        return scores <= 100.0


@pytest.fixture
def framed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Which components were framed; a frame's first pixel is the sum of their labels."""
    done: list[tuple[int, ...]] = []

    def frame(sheet: object, labels: list[int], box: object) -> tuple[np.ndarray, object]:
        done.append(tuple(labels))
        image = np.zeros((28, 28), np.uint8)
        image[0, 0] = sum(labels)
        return image, box

    monkeypatch.setattr(module, "frame_components", frame)
    return done


def test_each_is_framed_and_asked_about_once(framed: list[tuple[int, ...]]) -> None:
    model: Any = Counting()
    sheet: Any = None
    frames = Frames()
    first = frames.look(model, sheet, [((3,), BOX), ((4,), BOX), ((3,), BOX)])
    again = frames.look(model, sheet, [((3, 4), BOX), ((4,), BOX)])
    assert framed == [(3,), (4,), (3, 4)]
    assert model.asked == [3, 4, 7]
    assert model.scored == 3
    assert [int(one.probabilities.argmax()) for one in first + again] == [3, 4, 3, 7, 4]
    assert first[0] is first[2]
    assert len(frames) == 3
    assert frames.look(model, sheet, []) == []


def test_many_are_seen_as_few_are(framed: list[tuple[int, ...]]) -> None:
    model: Any = Counting()
    sheet: Any = None
    wanted = [((k,), BOX) for k in range(2 * AT_ONCE + 3)]
    seen = Frames().look(model, sheet, wanted)
    assert sorted(framed) == [run for run, _ in wanted]
    assert [int(one.image[0, 0]) for one in seen] == list(range(len(wanted)))
    assert [one.sure for one in seen] == [k <= 100 for k in range(len(wanted))]
    assert [one.strange for one in seen] == [max(0, k - 75) for k in range(len(wanted))]


def test_what_was_framed_already_is_not_framed_again(framed: list[tuple[int, ...]]) -> None:
    model: Any = Counting()
    image = np.full((28, 28), 8, np.uint8)
    sheet: Any = None
    (one,) = Frames({(1,): (image, (1, 2, 3, 4))}).look(model, sheet, [((1,), BOX)])
    assert one.box == (1, 2, 3, 4)
    assert int(one.probabilities.argmax()) == 8
    assert framed == []


def test_a_part_must_be_likelier_than_a_picture(framed: list[tuple[int, ...]]) -> None:
    sheet: Any = None
    for chance, sure in ((SURE_OF_PART + 1e-4, True), (SURE_OF_PART - 1e-4, False)):
        model: Any = Counting(chance)
        assert Frames().look(model, sheet, [((1,), BOX)])[0].sure == sure
    assert SURE_OF_PART == 0.968


def test_a_model_without_scores_finds_nothing_strange(framed: list[tuple[int, ...]]) -> None:
    model: Any = Counting()
    model.calibration.novelty = None
    sheet: Any = None
    (one,) = Frames().look(model, sheet, [((1,), BOX)])
    assert one.strange == 0
    assert one.sure
    assert USUAL == 25
    model.calibration.most_novelty = np.inf
    assert strangeness(model, np.array([-np.inf, 3.0])).tolist() == [0, 0]
