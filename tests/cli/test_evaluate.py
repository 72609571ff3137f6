"""What `digitnet evaluate` prints of the classes."""

from __future__ import annotations

import numpy as np

from digitnet.cli.evaluate import as_text
from digitnet.evaluation import evaluate


def lines_of(*names: str) -> list[str]:
    """The rows of the classes and of the matrix, where one image of class 0 is read as class 1."""
    read_as = np.array([0, 1, *range(1, len(names))])
    labels = np.array([0, 0, *range(1, len(names))])
    probabilities = np.eye(len(names), dtype=np.float32)[read_as] * 0.9 + 0.1 / len(names)
    accepted = np.ones(len(labels), bool)
    return as_text(evaluate(probabilities, labels, names, accepted)).splitlines()[4:]


def test_short_names_stand_above_their_columns() -> None:
    assert lines_of("a", "bb", "four") == [
        "class  precision   recall       F1   images",
        "    a    100.00%   50.00%   66.67%        2",
        "   bb     50.00%  100.00%   66.67%        1",
        " four    100.00%  100.00%  100.00%        1",
        "",
        "true \\ read    a   bb four",
        "          a    1    1    .",
        "         bb    .    1    .",
        "       four    .    .    1",
    ]


def test_long_names_are_numbered_and_the_columns_bear_the_numbers() -> None:
    assert lines_of("a", "small letter d") == [
        "            class  precision   recall       F1   images",
        "             a  1    100.00%   50.00%   66.67%        2",
        "small letter d  2     50.00%  100.00%   66.67%        1",
        "",
        "      true \\ read    1    2",
        "             a  1    1    1",
        "small letter d  2    .    1",
    ]
