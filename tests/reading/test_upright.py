"""Upright: which pictures are turned or tilted, by how much, and where the boxes then lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from digitnet.imaging.arrays import Bytes
from digitnet.imaging.boxes import Box, bounds
from digitnet.reading.reading import ReadDigit, Reading, Rejected
from digitnet.reading.signs import Mark
from digitnet.reading.upright import FEW, TILTS, Try, read_upright

FRAME = np.zeros((28, 28), np.uint8)
BLANK = np.full((120, 200), 255, np.uint8)


def says(*chances: float, boxes: Sequence[Box] | None = None) -> Reading:
    """One line of digits, each a 1 that is right with a probability."""
    where = boxes or [(10 * k, 0, 10 * k + 5, 10) for k in range(len(chances))]
    digits = tuple(
        ReadDigit(box, 1, chance, True, 0, k == 0, FRAME)
        for k, (box, chance) in enumerate(zip(where, chances, strict=True))
    )
    return Reading(("1" * len(chances),) if chances else (), digits, None if chances else "none")


def tried(reading: Reading, components: int = 2) -> Try:
    n = len(reading.digits)
    return Try(reading, components, n, 1.0, 0.0, n)


class Readings:
    """A `read` that gives one answer after the other, the first as the picture lies."""

    def __init__(self, lies: Try, others: Callable[[int], Try]) -> None:
        self.lies, self.others = lies, others
        self.seen: list[Bytes] = []

    def __call__(self, picture: Bytes) -> Try:
        self.seen.append(picture)
        return self.lies if len(self.seen) == 1 else self.others(len(self.seen) - 2)


def nothing(at: int) -> Try:
    return tried(says())


def tilted(**chances: Sequence[float]) -> Callable[[int], Try]:
    """What is read at some tilts, `right_30` or `left_45`; nothing at the others."""
    at = {
        int(name.rpartition("_")[2]) * (1 if name.startswith("right") else -1): says(*of)
        for name, of in chances.items()
    }
    return lambda k: tried(at.get(TILTS[k], says()))


def test_the_tilts_that_are_tried_go_both_ways() -> None:
    assert tuple(-one for one in reversed(TILTS)) == TILTS
    assert 0 not in TILTS
    assert FEW == 6


@pytest.mark.parametrize("components", [1, 2, 6])
def test_a_few_components_that_are_not_clear_are_tilted(components: int) -> None:
    read = Readings(tried(says(), components), nothing)
    assert read_upright(read, BLANK) is read.lies.reading
    assert len(read.seen) == 1 + len(TILTS)


@pytest.mark.parametrize("components", [0, 7])
def test_none_and_more_than_a_few_are_not(components: int) -> None:
    read = Readings(tried(says(), components), nothing)
    assert read_upright(read, BLANK) is read.lies.reading
    assert len(read.seen) == 1


def marked(reading: Reading, label: str, reason: str | None) -> Reading:
    return replace(reading, marks=(Mark((40, 0, 45, 5), label, 0, reason),))


@pytest.mark.parametrize(
    ("lies", "is_clear"),
    [
        (says(0.95, 0.99), True),
        (says(0.949, 0.99), False),
        (says(0.99, 0.949), False),
        (says(1.0), False),  # one digit says little; see below what one component does
        (marked(says(0.99, 0.99), ".", None), True),
        (marked(says(0.99, 0.99), "?", "not known"), False),
        (replace(says(0.99, 0.99), rejected=(Rejected((0, 50, 9, 60), "words"),)), False),
    ],
)
def test_a_number_that_is_clear_as_it_lies_is_left_so(lies: Reading, is_clear: bool) -> None:
    read = Readings(tried(lies), nothing)
    assert read_upright(read, BLANK) is lies
    assert len(read.seen) == (1 if is_clear else 1 + len(TILTS))


def test_one_digit_is_left_as_it_lies_and_one_component_that_is_none_is_tilted() -> None:
    better = tilted(right_30=(0.99, 0.99))
    for lies, turned in ((says(0.5), 0), (says(), 30)):
        read = Readings(tried(lies, components=1), better)
        assert read_upright(read, BLANK).turned == turned


def test_a_tilt_needs_every_digit_clear_and_no_fewer_than_as_it_lies() -> None:
    lies = tried(says(0.6, 0.99, 0.99))
    fewer = tilted(right_15=(0.99, 0.99))
    unclear = tilted(right_15=(0.99, 0.99, 0.949))
    for others in (fewer, unclear):
        assert read_upright(Readings(lies, others), BLANK) is lies.reading
    as_many = tilted(right_15=(0.95, 0.96, 0.97))
    assert read_upright(Readings(lies, as_many), BLANK).turned == 15


def test_a_tilt_that_loses_a_sign_is_not_taken() -> None:
    lies = tried(marked(says(0.6, 0.99), ".", None))
    without = tilted(right_15=(0.99, 0.99))
    assert read_upright(Readings(lies, without), BLANK) is lies.reading
    unread = tried(marked(says(0.6, 0.99), "?", "not known"))  # which may be a sign
    assert read_upright(Readings(unread, without), BLANK) is unread.reading
    more = tilted(right_15=(0.99, 0.99, 0.99))  # it was a digit
    assert read_upright(Readings(unread, more), BLANK).turned == 15


def test_of_tilts_the_one_with_most_digits_and_of_those_the_clearest_wins() -> None:
    lies = tried(says(0.5, 0.5))
    clearest = tilted(left_60=(0.96, 0.97), left_15=(0.98, 0.99), right_45=(0.97, 0.98))
    reading = read_upright(Readings(lies, clearest), BLANK)
    assert reading.turned == 345  # -15
    assert [one.probability for one in reading.digits] == [0.98, 0.99]
    more = tilted(left_15=(0.999, 0.999), right_60=(0.95, 0.95, 0.95))
    assert read_upright(Readings(lies, more), BLANK).turned == 60


@pytest.mark.parametrize("size", [(120, 200), (900, 400), (60, 61)])
@pytest.mark.parametrize("degrees", TILTS)
def test_boxes_of_a_tilted_picture_lie_in_the_picture(size: tuple[int, int], degrees: int) -> None:
    """A drawn disc is found in the tilted picture; its box comes back to where it was drawn."""
    height, width = size
    picture = np.full((*size, 3), 240, np.uint8)
    radius = min(size) // 12
    centre = (int(0.3 * width), int(0.4 * height))
    cv2.circle(picture, centre, radius, (20, 20, 20), -1)
    drawn = bounds(picture[..., 0] < 128)

    def of_disc(tilt: int) -> Try:
        assert seen.seen[-1].min() < 128, "the disc is cut off"
        assert (seen.seen[-1][[0, -1]] == 240).all(), "the ground goes on"
        box = bounds(seen.seen[-1][..., 0] < 128)
        if TILTS[tilt] != degrees:
            return tried(says())
        found = says(0.99, 0.99, boxes=[box, box])
        return tried(replace(found, marks=(Mark(box, ".", 0, None),)))

    seen = Readings(tried(says()), of_disc)
    reading = read_upright(seen, picture)
    assert reading.turned == degrees % 360
    # The box of a tilted box is larger than a disc's by up to root 2; its middle stays.
    room = (np.sqrt(2) - 1) * radius + 3
    left, top, right, bottom = reading.digits[0].box
    assert abs((left + right) / 2 - (drawn[0] + drawn[2]) / 2) <= 3
    assert abs((top + bottom) / 2 - (drawn[1] + drawn[3]) / 2) <= 3
    assert np.abs(np.array(reading.digits[0].box) - drawn).max() <= room
    assert reading.marks[0].box == reading.digits[1].box == reading.digits[0].box
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


def turned_by(shares: dict[int, float], n: int = 5, n_runs: int = 20) -> Readings:
    """Readings of seven components by quarters: the share of digits that are stood by."""

    def at(quarters: int) -> Try:
        return Try(says(*[0.9] * n), 7, n, shares.get(quarters, 0.0), 0.0, n_runs)

    return Readings(at(0), lambda k: at(k + 1))


@pytest.mark.parametrize(
    ("shares", "turned"),
    [
        ({0: 0.81, 1: 1.0}, 0),  # read well as it lies
        ({0: 0.8, 1: 1.0}, 270),
        ({0: 0.2, 2: 0.95}, 180),
        ({0: 0.2, 3: 0.95, 1: 0.94}, 90),  # the share decides
        ({0: 0.2, 1: 0.89}, 0),  # not well enough
        ({0: 0.8, 1: 0.94}, 0),  # not so much better
        ({0: 0.78, 1: 0.94}, 270),
    ],
)
def test_a_page_is_turned_by_quarters_where_it_is_read_far_better(
    shares: dict[int, float], turned: int
) -> None:
    read = turned_by(shares)
    assert read_upright(read, BLANK).turned == turned
    assert len(read.seen) == (2 if shares[0] > 0.8 else 4)
    for quarters, picture in zip((0, 2) if shares[0] > 0.8 else range(4), read.seen, strict=True):
        assert picture.shape == (BLANK.shape if quarters % 2 == 0 else BLANK.T.shape)


@pytest.mark.parametrize(
    ("labels", "lies", "share", "n_sure", "n", "turned"),
    [
        ("90902", 0.86, 1.0, 5, 5, 180),
        ("90902", 0.9, 1.0, 5, 5, 180),
        ("90902", 0.91, 1.0, 5, 5, 0),  # well read as it lies
        ("90902", 0.86, 0.99, 5, 5, 0),  # not all stood by turned
        ("90902", 0.86, 1.0, 4, 5, 0),  # no more of them sure
        ("90902", 0.86, 1.0, 5, 4, 0),  # fewer digits
        ("90702", 0.86, 1.0, 5, 5, 0),  # a 7 is none upside down
    ],
)
def test_a_page_of_digits_that_are_read_upside_down_too_is_turned_where_all_are_stood_by(
    labels: str, lies: float, share: float, n_sure: int, n: int, turned: int
) -> None:
    def page_of(n: int, n_sure: int) -> Reading:
        said = says(*[0.99] * n)
        digits = [
            replace(one, label=int(label), sure=k < n_sure)
            for k, (one, label) in enumerate(zip(said.digits, labels, strict=False))
        ]
        return replace(said, digits=tuple(digits))

    read = Readings(
        Try(page_of(5, 4), 7, 5, lies, 0.0, 20),
        lambda k: Try(page_of(5, n_sure), 7, n, share, 0.0, 20),
    )
    assert read_upright(read, BLANK).turned == turned
    assert len(read.seen) == (1 if lies > 0.9 or "7" in labels else 2)


def test_few_digits_and_pages_that_take_long_are_not_turned() -> None:
    for read, n_seen in (
        (turned_by({1: 1.0}, n=3), 1),
        (turned_by({1: 1.0}, n=4), 4),
        (turned_by({1: 1.0}, n_runs=1000), 4),
        (turned_by({1: 1.0}, n_runs=1001), 1),
    ):
        read_upright(read, BLANK)
        assert len(read.seen) == n_seen


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_boxes_of_a_turned_page_lie_in_the_page(quarters: int) -> None:
    picture = BLANK.copy()
    picture[20:50, 130:140] = 0

    def at(k: int) -> Try:
        box = bounds(read.seen[-1] == 0)
        n, share = 5, 1.0 if k + 1 == quarters else 0.0
        reading = says(*[0.9] * n, boxes=[box] * n)
        rejected = (Rejected(box, "words"),)
        return Try(replace(marked(reading, ".", None), rejected=rejected), 7, n, share)

    read = Readings(Try(says(), 7, 5, 0.0), at)
    reading = read_upright(read, picture)
    assert reading.turned == -90 * quarters % 360
    assert {one.box for one in reading.digits} == {(130, 20, 140, 50)}
    assert reading.rejected[0].box == (130, 20, 140, 50)


@pytest.mark.parametrize(
    ("fall", "tilts"), [(None, TILTS), (0.0, ()), (2.0, (-15,)), (-22.0, (15, 30)), (45.0, (-45,))]
)
def test_a_number_is_tilted_only_to_where_its_components_are_level(
    fall: float | None, tilts: tuple[int, ...]
) -> None:
    """A level 10 whose 1 is in doubt would be a clear 70 when it is tilted."""
    read = Readings(tried(says(0.6, 0.99))._replace(fall=fall), nothing)
    assert read_upright(read, BLANK) is read.lies.reading
    assert len(read.seen) == 1 + len(tilts)


def test_a_page_is_turned_as_its_marks_say_if_it_is_read_then() -> None:
    lies = Try(says(), 2000, quarters=1)
    good = Try(says(*[0.99] * 9), 2000, 9, 0.95, 0.0, 5000)
    read = Readings(lies, lambda _: good)
    assert read_upright(read, BLANK).turned == 270
    assert read.seen[1].shape == (200, 120)
    assert len(read.seen) == 2
    bad = Readings(lies, lambda _: good._replace(share=0.79))
    assert read_upright(bad, BLANK) is lies.reading


def read_as(text: str, share: float, signs: int = 0) -> Try:
    """A reading of these digits, all sure, with so many points."""
    said = says(*[0.99] * len(text))
    digits = tuple(
        replace(one, label=int(c), trust=0.9) for one, c in zip(said.digits, text, strict=True)
    )
    marks = tuple(Mark((0, 0, 1, 1), ".", 0, None, trust=1.0) for _ in range(signs))
    return Try(replace(said, digits=digits, marks=marks), 7, len(text), share, 0.0, 20)


@pytest.mark.parametrize(
    ("lies", "turned", "degrees", "sure"),
    [
        (read_as("1096", 0.75, 1), read_as("9601", 1.0), 0, False),  # it would lose the comma
        (read_as("1096", 0.75), read_as("9601", 1.0), 180, False),
        (read_as("1096", 0.5), read_as("9601", 1.0), 180, False),
        (read_as("1096", 0.49), read_as("9601", 1.0), 180, True),  # it is nothing as it lies
        (read_as("1096", 0.75), read_as("9607", 1.0), 180, True),  # a 7 is none upside down
        (read_as("1096109", 0.75), read_as("6019601", 1.0), 180, False),
        (read_as("10961096", 0.75), read_as("96019601", 1.0), 180, True),  # so many say it
    ],
)
def test_a_few_digits_that_are_others_upside_down_are_unsure(
    lies: Try, turned: Try, degrees: int, sure: bool
) -> None:
    read = Readings(lies, lambda k: turned if k == 1 else Try(says(), 7))
    reading = read_upright(read, BLANK)
    assert reading.turned == degrees
    assert all(one.sure == sure for one in reading.digits)
    assert all((one.trust > 0) == sure for one in reading.digits)
