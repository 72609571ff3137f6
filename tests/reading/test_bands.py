"""Bands: processes read the rows of a page as one does, and are begun only where they pay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pytest

from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.pages import draw_page
from digitnet.imaging.components import Component
from digitnet.reading import bands
from digitnet.reading.bands import Row, RowsRead, cut_out, moved, read_in_bands
from digitnet.reading.line_reader import row_image
from digitnet.reading.page import _read_rows
from digitnet.reading.sheet import Sheet, component_rows, frame_components, scan_page
from support.forms import readers

Page = tuple[Sheet, list[Row]]
N_ROWS, N_COLUMNS = 5, 12


@pytest.fixture(scope="module")
def page() -> Page:
    """A few rows, which fall to the right."""
    rng = np.random.default_rng(8)
    text = ["".join(map(str, rng.integers(0, 10, N_COLUMNS))) for _ in range(N_ROWS)]
    picture = draw_page(text, rng, style=PageStyle(digit=34, gap=0.3, noise=0.02)).picture
    sheet = scan_page(picture)
    return sheet, component_rows(sheet)


@pytest.fixture
def for_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of few marks is one of many, read by two processes."""
    monkeypatch.setattr(bands, "ENOUGH", N_ROWS * N_COLUMNS // 2)
    monkeypatch.setattr(bands, "MARKS", N_COLUMNS + 1)
    monkeypatch.setattr(bands, "n_cores", lambda: 2)
    monkeypatch.setattr("digitnet.imaging.parallel.n_cores", lambda: 2)


def never(found: RowsRead) -> bool:
    return False


def row(n: int) -> Row:
    return [Component(k + 1, (k, 0, k + 1, 1), 1.0) for k in range(n)]


@pytest.mark.parametrize(
    ("lengths", "cut"),
    [([100, 99, 2, 300, 1], [[100, 99, 2], [300], [1]]), ([200, 200], [[200], [200]]), ([], [])],
)
def test_a_band_is_some_whole_rows(lengths: list[int], cut: list[list[int]]) -> None:
    found = list(bands.bands(map(row, lengths)))
    assert [[len(one) for one in band] for band in found] == cut


def test_a_band_shows_its_marks_as_the_page_does(page: Page) -> None:
    sheet, rows = page
    top, own, lower = cut_out(sheet, rows[2:4])
    assert own.labels.shape[0] < 0.6 * sheet.labels.shape[0]
    assert {one.label for one in own.components} == {
        one.label for row in rows[2:4] for one in row if one in sheet.components
    }
    for band_row, page_row in zip(lower, rows[2:4], strict=True):
        np.testing.assert_array_equal(row_image(own, band_row, 34), row_image(sheet, page_row, 34))
        for mine, its in zip(band_row, page_row, strict=True):
            frame, box = frame_components(own, [mine.label], mine.box)
            expected, there = frame_components(sheet, [its.label], its.box)
            np.testing.assert_array_equal(frame, expected)
            assert (box[0], box[1] + top, box[2], box[3] + top) == there


def test_the_first_and_the_last_rows_keep_the_pages_edges(page: Page) -> None:
    sheet, rows = page
    top, own, _ = cut_out(sheet, rows)
    bottom = max(one.box[3] for row in rows for one in row)
    assert bottom < own.labels.shape[0] + top <= sheet.labels.shape[0]


def as_told(found: RowsRead) -> list[list[tuple[Any, ...]]]:
    return [
        [(one.box, one.text, one.digit and (one.digit.box, one.digit.label)) for one in row]
        for row in found.rows
    ]


def test_processes_read_what_one_reads(page: Page, for_few: None) -> None:
    sheet, rows = page
    model, line_model = readers()
    read = partial(_read_rows, model, line_model, None, len(sheet.components))
    alone, together = read(sheet, rows), read_in_bands(read, sheet, rows, never)
    assert together is not None
    assert as_told(together) == as_told(alone)
    assert len(together.rows) == N_ROWS
    assert together[2:] == alone[2:]
    for mine, its in zip(together.digits, alone.digits, strict=True):
        assert (mine.box, mine.label, mine.sure) == (its.box, its.label, its.sure)
        assert mine.probability == pytest.approx(its.probability, abs=1e-5)
        np.testing.assert_array_equal(mine.frame, its.frame)


@contextmanager
def no_helpers(begin: Callable[[], None]) -> Iterator[Any]:
    raise AssertionError("processes are begun")
    yield


@pytest.mark.parametrize("why", ["few", "one core", "a helper itself"])
def test_processes_are_begun_where_they_pay_alone(
    why: str, page: Page, for_few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet, rows = page
    monkeypatch.setattr(bands, "helpers", no_helpers)
    marks = sum(map(len, rows))
    if why == "few":
        monkeypatch.setattr(bands, "ENOUGH", marks + 1)
    elif why == "one core":
        monkeypatch.setattr(bands, "n_cores", lambda: 1)
    else:
        helper = type("Process", (), {"name": "LokyProcess-1"})
        monkeypatch.setattr(bands, "current_process", lambda: helper)
    assert read_in_bands(lambda *_: RowsRead([], [], 0, 0), sheet, rows, never) is None
    monkeypatch.undo()
    assert bands.ENOUGH == 2000


def test_a_page_is_read_on_here_where_a_process_is_killed_or_none_can_be_had(
    page: Page, for_few: None, monkeypatch: pytest.MonkeyPatch, recwarn: Any
) -> None:
    def kill(sheet: Sheet, rows: list[Row]) -> RowsRead:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    assert read_in_bands(kill, *page, never) is None

    @contextmanager
    def refused(begin: Callable[[], None]) -> Iterator[Any]:
        raise BlockingIOError("Resource temporarily unavailable")
        yield

    monkeypatch.setattr(bands, "helpers", refused)
    assert read_in_bands(kill, *page, never) is None


def test_a_mistake_in_reading_is_no_reason_to_read_on(page: Page, for_few: None) -> None:
    def fail(sheet: Sheet, rows: list[Row]) -> RowsRead:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        read_in_bands(fail, *page, never)


class Pool:
    """Processes that work at once, and count what they are handed."""

    def __init__(self) -> None:
        self.handed = 0

    def submit(self, work: object, sheet: Sheet, rows: list[Row]) -> object:
        self.handed += 1
        found = RowsRead([[] for _ in rows], [], 1, len(rows))
        return type("Done", (), {"result": lambda self: found})()


def test_no_more_is_cut_out_than_is_soon_read_nor_read_than_is_asked_for(
    page: Page, for_few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool()

    @contextmanager
    def helpers(begin: Callable[[], None]) -> Iterator[Pool]:
        yield pool

    monkeypatch.setattr(bands, "helpers", helpers)
    sheet, rows = page
    handed: list[int] = []

    def after_three(found: RowsRead) -> bool:
        handed.append(pool.handed)
        return found.n_doubts == 3

    found = read_in_bands(lambda *_: RowsRead([], [], 0, 0), sheet, rows * 20, after_three)
    assert found is not None
    assert found.n_doubts == 3
    assert found.n_runs == len(found.rows) == 6  # two rows a band
    assert handed == [5, 6, 7]


def test_what_is_moved_lies_lower_with_its_digits(page: Page) -> None:
    sheet, rows = page
    read = _read_rows(readers()[0], None, None, len(sheet.components), sheet, rows[:1])
    lower = moved(read, 100)
    for (mine,), (its,) in zip([lower.rows], [read.rows], strict=True):
        for low, high in zip(mine, its, strict=True):
            left, top, right, bottom = high.box
            assert low.box == (left, top + 100, right, bottom + 100)
            assert low.digit is not None
            assert high.digit is not None
            assert low.digit.box[1] == high.digit.box[1] + 100
            assert low.digit.box[3] == high.digit.box[3] + 100
    assert [one.box[1] for one in lower.digits] == [one.box[1] + 100 for one in read.digits]


PROGRAM = """
import sys, time
from functools import partial
import numpy as np
import digitnet.reading.bands as bands, digitnet.imaging.parallel as parallel
from digitnet.imaging.components import Component
from digitnet.imaging.ink import Ink
from digitnet.reading.sheet import Sheet

print("begun", flush=True)
bands.ENOUGH = 4
bands.n_cores = parallel.n_cores = lambda: 2
nothing = np.zeros((40, 40), np.float32)
ink = Ink(nothing.astype(np.uint8), nothing > 0, 1.0, 0.0)
rows = [[Component(k, (5 * k, 8 * k, 5 * k + 4, 8 * k + 6), 9.0)] for k in range(1, 5)]
whole = tuple(one for row in rows for one in row)
sheet = Sheet(nothing, ink, nothing.astype(np.int32), whole, (), 6.0, 1.0, 1.0)

def read(sheet, rows):
    print("reads", flush=True)
    time.sleep(SECONDS)
    return bands.RowsRead([[] for _ in rows], [], 0, len(rows))

print(bands.read_in_bands(read, sheet, rows, lambda found: False).n_runs)
"""


def test_a_script_without_a_guard_may_read_a_page_of_very_many_digits() -> None:
    """Its text comes from standard input, so that no process could run it again."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-"],
        input=PROGRAM.replace("SECONDS", "0"), capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split("\n") == ["begun", "reads", "4", ""], done.stderr
    assert done.stderr == ""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="groups of processes are of POSIX")
def test_ctrl_c_ends_all_processes() -> None:
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    child = subprocess.Popen(
        [sys.executable, "-c", program + PROGRAM.replace("SECONDS", "600")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "begun\n"
    assert child.stdout.readline() == "reads\n"
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, said = child.communicate(timeout=60)
    assert said.strip().endswith("KeyboardInterrupt")
    assert said.count("Traceback") == 1
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            os.killpg(child.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(child.pid, signal.SIGKILL)
    raise AssertionError("processes are left")
