"""Doubts: which characters and lines of a page are unsure, for a risk that is asked for.

What is on a page, and which of its rows are numbers, does not depend on the risk: this comes last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digitnet.models.line_calibration import LineCalibration, honest, together
from digitnet.reading.reading import ReadDigit, Reading
from digitnet.reading.segmentation import DIGITS
from digitnet.reading.signs import UNREAD, Mark


def doubted(reading: Reading, calibration: LineCalibration | None) -> Reading:
    """A reading with honest probabilities, and with what is unsure told.

    Args:
        reading: as it was read.
        calibration: of the reader of lines; without one the digits are as sure as the model of
            single digits says, a sign always is, and a line where all of it is.
    """
    if calibration is None:
        judged = replace(reading, marks=tuple(_sign(one) for one in reading.marks))
        chances = [math.prod(one.probability for one in row) for row in by_line(judged)]
        return _with_lines(judged, chances, [True] * len(chances))
    characters, lines = calibration.characters, calibration.lines
    least = characters.least_probability
    worth = honest(characters, [one.trust for one in reading.digits]).tolist()
    digits = tuple(
        replace(one, probability=p, sure=p >= least)
        for one, p in zip(reading.digits, worth, strict=True)
    )
    worth = honest(characters, [one.trust for one in reading.marks]).tolist()
    marks = tuple(
        replace(one, probability=p, sure=p >= least) if one.label != UNREAD else unread(one)
        for one, p in zip(reading.marks, worth, strict=True)
    )
    whole = [
        together(characters, [one.trust for one in row]) for row in by_line(reading)
    ]  # fmt: skip
    chances = honest(lines, whole).tolist()
    judged = replace(reading, digits=digits, marks=marks)
    return _with_lines(judged, chances, [p >= lines.least_probability for p in chances])


def unread(mark: Mark) -> Mark:
    """A mark that was not read: no answer, and so never sure."""
    return replace(mark, probability=0.0, sure=False)


def _sign(mark: Mark) -> Mark:
    """A mark as its row's parts say it: a sign that is found is one."""
    return unread(mark) if mark.label == UNREAD else replace(mark, probability=1.0, sure=True)


def by_line(reading: Reading) -> list[list[ReadDigit | Mark]]:
    """What stands in each line, the digits first."""
    rows: list[list[ReadDigit | Mark]] = [[] for _ in reading.lines]
    every: list[ReadDigit | Mark] = [*reading.digits, *reading.marks]
    for one in every:
        rows[one.line].append(one)
    return rows


def read_characters(reading: Reading) -> list[list[tuple[str, ReadDigit | Mark]]]:
    """What each line of ten digits and signs says, without blanks: each character, in order."""
    digits, marks = iter(reading.digits), iter(reading.marks)
    return [
        [(c, next(digits) if c in DIGITS else next(marks)) for c in line.replace(" ", "")]
        for line in reading.lines
    ]


def nearest_lines(reading: Reading, middles: Sequence[float]) -> list[list[int]]:
    """Which lines of a reading are each of the lines that stand at these heights, in pixels."""
    found: list[list[int]] = [[] for _ in middles]
    for number, row in enumerate(by_line(reading)):
        middle = np.median([(one.box[1] + one.box[3]) / 2 for one in row])
        found[int(np.abs(np.array(middles) - middle).argmin())].append(number)
    return found


def _with_lines(reading: Reading, chances: list[float], enough: list[bool]) -> Reading:
    """The reading with each line's probability, and the reason why it is unsure, if it is."""
    doubts: list[str | None] = []
    told: list[float] = []
    for row, chance, is_enough in zip(by_line(reading), chances, enough, strict=True):
        n_unread = sum(isinstance(one, Mark) and one.label == UNREAD for one in row)
        unsure = sum(not one.sure for one in row) - n_unread
        words = [
            f"{n} of {len(row)} characters {what}"
            for n, what in ((n_unread, "not read"), (unsure, "in doubt"))
            if n
        ]
        if not (words or is_enough):
            words = ["the line as a whole"]
        doubts.append(f"unsure: {', '.join(words)}" if words else None)
        told.append(0.0 if n_unread else chance)
    return replace(reading, line_probabilities=tuple(told), line_doubts=tuple(doubts))
