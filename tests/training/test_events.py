"""Events: a history says what it is, and draws its curve in a notebook."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from digitnet.training.events import EpochDone, History


def history(*losses: tuple[float, float | None]) -> History:
    made = History()
    for epoch, (training, validation) in enumerate(losses, 1):
        made.add(EpochDone(epoch, training, 0.5, validation, 0.5, 0.1, 1.0, epoch == 2))
    return made


def points(shown: str) -> list[list[tuple[float, float]]]:
    lines = ET.fromstring(f"<div>{shown}</div>").iter("polyline")
    return [
        [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.get("points").split())]
        for line in lines
    ]


def test_a_history_says_what_it_is() -> None:
    assert repr(history()) == "<History of 0 epochs>"
    assert repr(history((2.0, 1.0), (1.0, 1.5))) == "<History of 2 epochs, best epoch 2>"


def test_a_history_draws_both_losses_from_nought_to_the_highest() -> None:
    """480 wide and 200 high; 2 is at the top, 1 in the middle, and the best epoch is dashed."""
    shown = history((2.0, 1.0), (1.0, 0.5), (0.5, 1.0))._repr_html_()
    training, validation = points(shown)
    assert training == [(0.0, 0.0), (240.0, 100.0), (480.0, 150.0)]
    assert validation == [(0.0, 100.0), (240.0, 150.0), (480.0, 100.0)]
    assert 'd="M240.0 0V200"' in shown
    assert "loss from 0 to 2" in shown


def test_a_history_without_validation_or_with_losses_that_are_no_numbers_is_drawn() -> None:
    (training,) = points(history((4.0, None), (float("inf"), None), (2.0, None))._repr_html_())
    assert training == [(0.0, 0.0), (480.0, 100.0)]
    assert points(history((1.0, None))._repr_html_()) == [[(0.0, 0.0)]]
    assert history()._repr_html_() == "<p>&lt;History of 0 epochs&gt;</p>"
