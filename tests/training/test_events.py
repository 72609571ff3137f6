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


def test_every_figure_of_an_epoch_stands_in_its_list() -> None:
    told = History()
    told.add(EpochDone(1, 0.5, 0.25, 0.75, 0.125, 0.1, 2.0, True))
    told.add(EpochDone(2, 0.4, 0.35, None, None, 0.2, 3.0, False))
    assert told.as_dict() == {
        "epochs": [1, 2], "training_loss": [0.5, 0.4], "training_accuracy": [0.25, 0.35],
        "validation_loss": [0.75, None], "validation_accuracy": [0.125, None],
        "learning_rate": [0.1, 0.2], "seconds": [2.0, 3.0], "best_epoch": 1,
    }  # fmt: skip
    assert History(**told.as_dict()) == told != History()
    assert History().as_dict()["best_epoch"] == 0
    assert repr(told) == "<History of 2 epochs, best epoch 1>"
    one = History()
    one.add(EpochDone(1, 0.5, 0.25, None, None, 0.1, 2.0, True))
    assert repr(one) == "<History of 1 epoch, best epoch 1>"


def test_a_drawn_history_as_a_whole() -> None:
    """Four pixels of air on each side, so that no line is cut at the edge."""
    said = "&lt;History of 3 epochs, best epoch 2&gt;"
    assert history((2.0, 1.0), (1.0, 0.5), (0.5, 1.0))._repr_html_() == (
        '<svg width="480" height="200" viewBox="-4 -4 488 208" fill="none" stroke-width="2" '
        f'role="img" aria-label="{said}">'
        '<path d="M240.0 0V200" stroke="#999" stroke-dasharray="4"/>'
        '<polyline points="0.0,0.0 240.0,100.0 480.0,150.0" stroke="#1f77b4"/>'
        '<polyline points="0.0,100.0 240.0,150.0 480.0,100.0" stroke="#d95f02"/></svg>'
        f"<p>{said}: loss from 0 to 2, training in blue, validation in orange, the best epoch "
        "dashed.</p>"
    )


def test_losses_of_nought_lie_on_the_ground() -> None:
    training, validation = points(history((0.0, 0.0), (0.0, 0.0))._repr_html_())
    assert training == validation == [(0.0, 200.0), (480.0, 200.0)]
    assert "loss from 0 to 1," in history((0.0, None))._repr_html_()
    nan = float("nan")
    assert points(history((nan, None), (nan, nan))._repr_html_()) == []
    assert history((nan, None))._repr_html_() == ("<p>&lt;History of 1 epoch, best epoch 0&gt;</p>")
    (shown,) = points(history((nan, 3.0), (nan, 1.5))._repr_html_())
    assert shown == [(0.0, 0.0), (480.0, 100.0)]
