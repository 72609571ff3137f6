"""Line reader: a row's image for a network, and the text that it and the row's parts settle on."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from digitnet.imaging.boxes import bounds
from digitnet.imaging.line_frame import BODY, LINE_HEIGHT
from digitnet.models.lines import CHARACTERS, LineModel
from digitnet.nn.ctc import LineLabels, beam_search, ctc_loss, greedy
from digitnet.nn.line_network import LineNetwork
from digitnet.reading.components import SPECK
from digitnet.reading.cuts import Part
from digitnet.reading.frames import Seen
from digitnet.reading.line_reader import (
    BEAM,
    WEIGHT,
    RowLine,
    Settled,
    odd_places,
    read_line,
    row_image,
    see_lines,
    settle,
    text_of,
)
from digitnet.reading.segmentation import Found, Lattice, Row, align, read_row
from digitnet.reading.sheet import component_rows, scan_page

HEIGHT = 60
"""Pixels of the drawn digits' height, from the middle of the pen to its middle."""
HIGH = HEIGHT + 7
"""Their ink's."""


def strokes(slope: float = 0.0, *, size: tuple[int, int] = (400, 760)) -> np.ndarray:
    """A row of sevens and ones, thick lines 60 pixels high, falling by ``slope``."""
    picture = np.full(size, 235, np.uint8)
    for k in range(8):
        x = 60 + 80 * k
        y = 120 + slope * x
        points = [(x, y), (x + 30, y + slope * 30), (x + 8, y + HEIGHT + slope * 8)]
        if k % 2:
            points = [(x + 14, y + slope * 14), (x + 14, y + HEIGHT + slope * 14)]
        exact = np.rint(np.array(points) * 16).astype(np.int32)
        cv2.polylines(picture, [exact], False, (30,), 6, cv2.LINE_AA, shift=4)
    return picture


def image_of(picture: np.ndarray, height: float = HIGH) -> np.ndarray:
    """The picture's only row."""
    sheet = scan_page(picture)
    (row,) = component_rows(sheet)
    return row_image(sheet, row, height / sheet.zoom)


def ink_box(image: np.ndarray) -> tuple[int, int, int, int]:
    return bounds(image > 100)


def test_a_row_is_as_high_as_the_network_s_lines_and_its_digits_in_the_middle() -> None:
    image = image_of(strokes())
    assert (image.dtype, image.shape[0]) == (np.uint8, LINE_HEIGHT)
    left, top, right, bottom = ink_box(image)
    assert bottom - top == pytest.approx(BODY, abs=1)
    assert (top + bottom) / 2 == pytest.approx(LINE_HEIGHT / 2, abs=1)
    beside = 0.35 * BODY
    assert left == pytest.approx(beside, abs=2)
    assert image.shape[1] - right == pytest.approx(beside, abs=2)
    assert image.max() > 250


@pytest.mark.parametrize("slope", [-0.15, -0.05, 0.05, 0.15])
def test_a_row_that_falls_is_set_level(slope: float) -> None:
    """The same ink sheared: the images agree within a few grey levels."""
    level, falling = image_of(strokes()), image_of(strokes(slope))
    assert level.shape == falling.shape
    assert np.abs(level.astype(int) - falling).mean() < 5
    assert np.corrcoef(level.ravel(), falling.ravel())[0, 1] > 0.95
    assert np.abs(np.array(ink_box(level)) - ink_box(falling)).max() <= 1


def test_two_digits_say_no_slope() -> None:
    """A digit that stands lower than the one before it is no falling row."""
    picture = np.full((200, 300), 235, np.uint8)
    for x, y in ((60, 60), (200, 75)):
        cv2.line(picture, (x, y), (x, y + HEIGHT), (30,), 6, cv2.LINE_AA)
    image = image_of(picture)
    half = image.shape[1] // 2
    tops = [ink_box(one)[1] for one in (image[:, :half], image[:, half:])]
    assert tops[1] - tops[0] == pytest.approx(15 * BODY / HIGH, abs=1.5)


def test_only_the_row_s_own_ink_is_in_its_image() -> None:
    """Long strokes of a row below reach into it, and leave no ink there."""
    alone = strokes()
    both = alone.copy()
    for k in range(7):
        x = 117 + 80 * k
        cv2.line(both, (x, 150), (x, 260), (30,), 6, cv2.LINE_AA)
    images = []
    for picture in (alone, both):
        sheet = scan_page(picture)
        upper = [one for one in sheet.components if one.box[1] * sheet.zoom < 130]
        assert len(upper) == 8
        upper.sort(key=lambda one: one.box[0])
        images.append(row_image(sheet, upper, HIGH / sheet.zoom))
    assert np.abs(images[0].astype(int) - images[1]).max() < 30


def test_dust_is_left_out_and_a_thin_1_stays() -> None:
    """A stroke one pixel wide is a 1; a speck that is narrower than the pen is nothing."""
    picture = np.full((200, 400), 235, np.uint8)
    for x in (60, 140, 300):
        cv2.line(picture, (x, 60), (x, 60 + HEIGHT), (30,), 6)
    picture[60 : 60 + HEIGHT, 220] = 30
    clean = image_of(picture)
    inked = (clean[10:22] > 40).all(axis=0)
    assert (np.diff(inked.astype(int)) == 1).sum() == 4
    picture[85:93, 178:181] = 30
    sheet = scan_page(picture)
    (row,) = component_rows(sheet)
    specks = [one for one in row if one.height * sheet.zoom < 20]
    assert len(row) == 5, "the speck is not in the row"
    assert min(specks[0].width, specks[0].height) < SPECK * sheet.pen
    apart = np.abs(image_of(picture).astype(int) - clean)
    assert apart.max() < 10
    # what is wider is a point
    picture[113:121, 176:184] = 30
    assert np.abs(image_of(picture).astype(int) - clean).max() > 200


# settle: two parts of a row, and a network's logits made by hand.

ONE, SEVEN = np.eye(10)[1], np.eye(10)[7]


def the_model() -> Any:
    """A reader of lines of which only its characters are asked."""
    return LineModel(None, CHARACTERS)  # type: ignore[arg-type]


def row_of(*answers: np.ndarray) -> Lattice:
    """Parts 1-shaped and far apart, one for each answer: (10,) probabilities."""
    boxes = [(200 * k, 0, 200 * k + 41, 100) for k in range(len(answers))]
    parts = [Part(k + 1, box, 1.0) for k, box in enumerate(boxes)]
    frame = np.zeros((28, 28), np.uint8)
    probabilities = np.array(answers, np.float32)
    return Lattice(
        parts,
        [(k, k + 1) for k in range(len(parts))],
        [
            Seen(frame, box, row, 0.0, bool(row.max() > 0.9))
            for box, row in zip(boxes, probabilities, strict=True)
        ],
        np.log(np.maximum(probabilities, 1e-6)).astype(np.float64),
        {},
    )


def seen(*columns: dict[str, float]) -> RowLine:
    """What a network sees: for each column the probability of characters, the rest is blank."""
    table = np.full((len(columns), len(CHARACTERS) + 1), 1e-9)
    for column, said in zip(table, columns, strict=True):
        for character, probability in said.items():
            column[CHARACTERS.index(character) + 1] = probability
        column[0] = max(1 - column[1:].sum(), 1e-9)
    logits = np.log(table)
    return RowLine(beam_search(logits, width=BEAM), logits)


def settled(line: RowLine, lattice: Lattice) -> Settled:
    found = settle(the_model(), line, lattice, read_row(lattice))
    assert found is not None
    return found


def test_a_network_that_is_sure_has_its_way() -> None:
    """The parts say 17 at odds of e, the line 11 at odds of a thousand."""
    maybe = np.array([0, 0.27, 0, 0, 0, 0, 0, 0.73, 0, 0])
    found = settled(seen({"1": 1.0}, {}, {"1": 0.998, "7": 0.001}, {}), row_of(ONE, maybe))
    assert found.text == "11"
    digits = [digit for _, digit in found.aligned.places if digit is not None]
    assert [(d.label, d.sure) for d in digits] == [(1, True), (1, False)]


def test_parts_that_are_sure_have_their_way_where_the_line_is_in_doubt() -> None:
    found = settled(seen({"1": 1.0}, {}, {"1": 0.55, "7": 0.45}, {}), row_of(ONE, SEVEN))
    assert found.text == "17"


@pytest.mark.parametrize(("seven", "text"), [(0.6, "17"), (0.4, "11")])
def test_what_is_the_first_choice_of_both_stays_so(seven: float, text: str) -> None:
    """A 7 of which a cut has left too little for its shape, which counts as e^8 against it."""
    maybe = (1 - 0.52) * ONE + 0.52 * SEVEN
    row = row_of(ONE, maybe)
    scores = row.scores.copy()
    scores[1, 7] -= 8
    line = seen({"1": 1.0}, {}, {"7": seven, "1": 1 - seven})
    found = settled(line, row._replace(scores=scores))
    assert found.text == text
    if text == "17":  # and it is said to be in doubt
        assert found.share < 0.2
        assert found.probabilities[1] == pytest.approx(found.share)
        assert found.probabilities[0] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("sevens", "text"), [(1.25, "17"), (1.15, "11")])
def test_the_parts_count_for_0_35_of_the_line(sevens: float, text: str) -> None:
    """A line at odds of e^0.42 for the 1; the parts at odds of e^1.25 or e^1.15 for the 7."""
    assert WEIGHT == 0.35
    one = np.exp(0.42) / (1 + np.exp(0.42))
    seven = np.exp(sevens) / (1 + np.exp(sevens))
    maybe = (1 - seven) * ONE + seven * SEVEN
    line = seen({"1": 1.0}, {}, {"1": one, "7": 1 - one})
    assert settled(line, row_of(ONE, maybe)).text == text


def test_what_the_parts_say_is_weighed_though_the_search_has_not_found_it() -> None:
    """A line that sees 7 at one in a thousand where six others are likelier."""
    others = dict.fromkeys("024568", 0.15)
    line = seen({"1": 1.0}, {}, others | {"7": 0.05})
    texts = [the_model().text_of(one.classes) for one in line.found]
    assert len(texts) == BEAM
    assert "17" not in texts
    assert settled(line, row_of(ONE, SEVEN)).text == "17"


def test_probabilities_are_the_shares_of_the_texts_that_agree() -> None:
    maybe = 0.5 * ONE + 0.5 * SEVEN
    line = seen({"1": 1.0}, {}, {"1": 0.6, "7": 0.4})
    row = row_of(ONE, maybe)
    found = settled(line, row)
    assert found.text == "11"
    assert found.probabilities == pytest.approx([1.0, 0.6], abs=1e-3)
    # the parts have a part in it: at odds of 3 against the 1, 0.6 : 0.4 x 3^0.35
    against = 0.25 * ONE + 0.75 * SEVEN
    found = settled(line, row_of(ONE, against))
    share = 0.6 / (0.6 + 0.4 * 3**0.35)
    assert found.text == "11"
    assert found.probabilities == pytest.approx([1.0, share], abs=1e-3)
    # and none is more than what the network sees where it stands
    found = settled(line, row_of(ONE, ONE))
    assert found.probabilities == pytest.approx([1.0, 0.6], abs=1e-3)


def test_a_text_without_a_column_for_each_character_is_not_weighed() -> None:
    """Three parts of which each is a 1, in four columns: 111 needs five, 11 three."""
    line = seen({"1": 1.0}, {}, {"1": 0.9, "7": 0.1}, {})
    found = settled(line, row_of(ONE, ONE, ONE))
    assert found.text == "11"
    assert len(found.probabilities) == len(found.aligned.places) == 2
    longer = seen({"1": 1.0}, {}, {"1": 0.9, "7": 0.1}, {}, {"1": 0.4})
    assert settled(longer, row_of(ONE, ONE, ONE)).text == "111"


def test_a_text_that_the_parts_cannot_say_is_not_weighed() -> None:
    """Three characters of one part: it can hold two."""
    line = seen({"1": 1.0}, {}, {"2": 1.0}, {}, {"3": 0.9})
    assert settled(line, row_of(ONE)).text in ("1", "12")
    lattice = row_of(ONE)
    tight = RowLine(line.found[:1], line.logits[:1])
    silent = Row([Found((0, 0, 1, 1), 1, 1.0, True, np.zeros((28, 28), np.uint8))] * 3, [], [])
    assert align(lattice, ["111"]) == [None]
    assert settle(the_model(), tight, lattice, silent) is None


def test_an_empty_line_settles_on_no_text() -> None:
    found = settled(seen({}, {}, {}), row_of(0.001 * ONE))
    assert (found.text, found.probabilities, found.aligned.places) == ("", [], [])


class Stub:
    """A network whose logits are given; the columns behind a line's own are another line's."""

    def __init__(self, logits: np.ndarray) -> None:
        self.logits = logits

    def forward(self, x: np.ndarray) -> np.ndarray:
        assert x.max() <= 1
        return self.logits[None]


def line_of(network: Stub, image: np.ndarray, agreed: str | None = None) -> RowLine:
    model = LineModel(network)  # type: ignore[arg-type]
    (logits,) = see_lines(model, [image])
    return read_line(model, logits, agreed=agreed)


def test_rows_seen_on_all_cores_are_seen_as_each_alone() -> None:
    rng = np.random.default_rng(3)
    network = LineNetwork(LINE_HEIGHT, len(CHARACTERS) + 1)
    network.initialize(rng)
    model = LineModel(network)
    images = [rng.integers(0, 256, (LINE_HEIGHT, w)).astype(np.uint8) for w in (40, 24, 61, 24)]
    for image, logits in zip(images, see_lines(model, images), strict=True):
        np.testing.assert_allclose(logits, see_lines(model, [image])[0], atol=1e-5)
    assert see_lines(model, []) == []


def test_a_sure_line_is_not_searched_and_one_in_doubt_is() -> None:
    image = np.zeros((LINE_HEIGHT, 12), np.uint8)
    for least, n in ((0.9995, 1), (0.9985, BEAM)):
        logits = seen({"1": least, "7": 1 - least}, {}, {}).logits
        line = line_of(Stub(logits), image)
        assert len(line.found) == (1 if n == 1 else len(beam_search(line.logits, width=BEAM)))
        assert line.found[0].classes == (2,)
        assert (len(line.found) > 1) == (n > 1)
    # the path's probability counts, over all columns
    three = seen(*[{"1": 0.9995}, {}] * 3).logits
    line = line_of(Stub(three), np.zeros((LINE_HEIGHT, 24), np.uint8))
    assert np.exp(greedy(line.logits).log_prob) < 0.999
    assert len(line.found) > 1
    # what lies behind the line's own columns is not read
    assert len(line_of(Stub(three), image).logits) == 3


def test_a_row_says_its_digits_and_signs_by_their_middles() -> None:
    frame = np.zeros((28, 28), np.uint8)

    def digit(left: int, right: int, label: int) -> Found:
        return Found((left, 0, right, 9), label, 1.0, True, frame)

    row = Row([digit(0, 10, 4), digit(30, 40, 2)], [((20, 8, 22, 10), "."), ((8, 5, 60, 7), "-")],
              [(50, 0, 52, 2)])  # fmt: skip
    assert text_of(row) == "4.-2"
    assert text_of(Row([], [], [])) == ""


def test_what_the_parts_say_is_weighed_by_the_line_s_own_loss() -> None:
    """The probability of a text told is that of all its paths, as training knows it."""
    line = seen({"1": 0.7, "7": 0.3}, {}, {"7": 0.5})
    lattice = row_of(ONE, SEVEN)
    alone = RowLine(line.found[-1:], line.logits)
    row = read_row(lattice)
    found = settle(the_model(), alone, lattice, row)
    assert found is not None
    assert found.text == "17"
    labels = LineLabels.of([(2, 8)], [3])
    told = -ctc_loss(line.logits[None], labels)[0]
    other = alone.found[0]
    against, own = align(lattice, [the_model().text_of(other.classes), "17"])
    assert own is not None
    assert against is not None
    odds = np.exp(other.log_prob + WEIGHT * against.score - told - WEIGHT * own.score)
    assert found.probabilities[1] == pytest.approx(min(1 / (1 + odds), 0.5), abs=1e-6)


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("12.5", 0), ("-12,50", 0), (".5", 0), ("12.", 0), ("7", 0), ("", 0), ("12/5/24", 0),
        ("0/-660", 1), ("/5", 1), ("5/", 1), ("5-", 1), (",5", 1), (":5", 1), ("5:", 1),
        ("/", 1), ("0/0/", 1), ("/,5", 2), ("1.-/2", 2),
    ],
)  # fmt: skip
def test_signs_stand_between_digits(text: str, n: int) -> None:
    assert odd_places(text) == n


def test_a_leaning_1_beside_a_minus_is_no_slash() -> None:
    """The network alone prefers the slash by 2.2."""
    line = seen({"/": 0.9, "1": 0.1}, {}, {"-": 1.0}, {}, {"7": 1.0})
    lattice = row_of(ONE, ONE, SEVEN)
    lattice.parts[1] = Part(2, (200, 45, 240, 55), 0.6, small=True)
    lattice = lattice._replace(signs={(0, 1): ("/", -1.5), (1, 2): ("-", 5.0)})
    found = settle(the_model(), line, lattice, read_row(lattice))
    assert found is not None
    assert found.text == "1-7"


def with_high(lattice: Lattice, k: int, high: int) -> Lattice:
    """The lattice, of which part k is a stroke of that height, a slash or a digit."""
    left, _, right, bottom = lattice.parts[k].box
    box = (left, bottom - high, right, bottom)
    parts, each = list(lattice.parts), list(lattice.seen)
    parts[k], each[k] = Part(k + 1, box, 1.0), each[k]._replace(box=box)
    return lattice._replace(parts=parts, seen=each, signs={(k, k + 1): ("/", 0.0)})


def test_where_the_parts_say_the_same_each_character_need_be_but_likely() -> None:
    image = np.zeros((LINE_HEIGHT, 12), np.uint8)
    for chance, agreed, searched in ((0.96, "1", False), (0.96, "7", True), (0.94, "1", True)):
        logits = seen({"1": chance, "7": 1 - chance}, {}, {}).logits
        line = line_of(Stub(logits), image, agreed)
        assert (len(line.found) > 1) == searched
