"""Bands: the rows of a page of very many marks, a few at a time, read by a process for each core.

Threads would not do: most of a row's time goes to Python, of which one thread runs at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future
from dataclasses import replace
from itertools import islice
from multiprocessing import current_process
from typing import NamedTuple

import numpy as np

from digitnet.imaging.boxes import Box
from digitnet.imaging.components import Component
from digitnet.imaging.parallel import be_a_helper, helpers
from digitnet.reading.items import Item
from digitnet.reading.segmentation import Found
from digitnet.reading.sheet import Sheet
from digitnet.threads import n_cores

ENOUGH = 2000
"""Marks of a page, from which processes of their own pay for their start."""
MARKS = 200
"""Of a band, about: so few that at the end no process waits long for another."""
WAITING = 2
"""Bands for each process that are cut out of the page at a time."""

Row = list[Component]


class RowsRead(NamedTuple):
    """What some rows of a page say.

    Attributes:
        rows: what stands in each, from left to right; none where there is too much to be read.
        digits: what their parts say alone.
        n_doubts: how many of their components may be more than one digit.
        n_runs: ways to take neighbouring marks as a digit.
    """

    rows: list[list[Item]]
    digits: list[Found]
    n_doubts: int
    n_runs: int


Read = Callable[[Sheet, list[Row]], RowsRead]
"""Reads rows of a sheet."""


def read_in_bands(
    read: Read, sheet: Sheet, rows: list[Row], is_too_much: Callable[[RowsRead], bool]
) -> RowsRead | None:
    """What the rows of a page say, read by as many processes as there are cores.

    Args:
        read: reads rows; processes are sent it.
        sheet: before anything in it is cut apart.
        rows: of its components.
        is_too_much: of what was read, whether the rest need not be.

    Returns:
        None where there are too few marks for that, or where no processes can be had.
    """
    few = sum(map(len, rows)) < ENOUGH
    if few or n_cores() == 1 or current_process().name != "MainProcess":
        return None
    together = RowsRead([], [], 0, 0)
    try:
        for its in _read_by_all(read, sheet, bands(rows)):
            together.rows.extend(its.rows)
            together.digits.extend(its.digits)
            together = together._replace(
                n_doubts=together.n_doubts + its.n_doubts, n_runs=together.n_runs + its.n_runs
            )
            if is_too_much(together):
                break
    except (BrokenExecutor, OSError):
        return None
    return together


def bands(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows that follow one another, as many as have some MARKS, or one."""
    band: list[Row] = []
    for row in rows:
        band.append(row)
        if sum(map(len, band)) >= MARKS:
            yield band
            band = []
    if band:
        yield band


def _read_by_all(read: Read, sheet: Sheet, all_bands: Iterator[list[Row]]) -> Iterator[RowsRead]:
    """What each band says, in order; no more of them are cut out than are soon read."""
    with helpers(be_a_helper) as pool:

        def begin(band: list[Row]) -> tuple[int, Future[RowsRead]]:
            top, own, its = cut_out(sheet, band)
            # The model goes with every band: processes that begin with it begin one by one.
            return top, pool.submit(read, own, its)

        waiting = deque(map(begin, islice(all_bands, WAITING * n_cores())))
        while waiting:
            top, band = waiting.popleft()
            found = band.result()
            waiting.extend(map(begin, islice(all_bands, 1)))
            yield moved(found, top)


def cut_out(sheet: Sheet, band: list[Row]) -> tuple[int, Sheet, list[Row]]:
    """The rows' bit of a sheet, how far down it begins, and the rows in it.

    With a digit's height of room above and below, which is more than is looked at beside a mark.
    """
    assert sheet.ink is not None, "a sheet with components has ink"
    boxes = np.array([one.box for row in band for one in row])
    room = round(max(sheet.height, float((boxes[:, 3] - boxes[:, 1]).max()))) + 4
    top = max(0, int(boxes[:, 1].min()) - room)
    here = slice(top, int(boxes[:, 3].max()) + room)
    rows = [[replace(one, box=_lower(one.box, -top)) for one in row] for row in band]
    whole = {one.label for one in sheet.components}
    sorted_out: tuple[list[Component], list[Component]] = [], []
    for one in (one for row in rows for one in row):
        sorted_out[one.label not in whole].append(one)
    nothing = np.zeros((1, 1), np.uint8)
    own = replace(
        sheet, contrast=sheet.contrast[here], labels=sheet.labels[here], seen=None,
        ink=sheet.ink._replace(mask=nothing, seeds=nothing > 0),
        components=tuple(sorted_out[0]), fragments=tuple(sorted_out[1]),
    )  # fmt: skip
    return top, own, rows


def moved(found: RowsRead, down: int) -> RowsRead:
    """What rows say, whose bit of the sheet begins so far down in it."""

    def digit(one: Found) -> Found:
        return replace(one, box=_lower(one.box, down))

    def item(one: Item) -> Item:
        own = None if one.digit is None else digit(one.digit)
        return one._replace(box=_lower(one.box, down), digit=own)

    rows = [[item(one) for one in row] for row in found.rows]
    return found._replace(rows=rows, digits=[digit(one) for one in found.digits])


def _lower(box: Box, down: int) -> Box:
    left, top, right, bottom = box
    return left, top + down, right, bottom + down
