"""Pages are read: rows, words, touching digits, and what is on a page besides digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace

import cv2
import numpy as np
import pytest

from digitnet.data.dataset import DIGITS
from digitnet.errors import ModelError, PictureError
from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.hands import Hand, careful
from digitnet.handwriting.pages import Page, draw_page
from digitnet.imaging.framing import frame_picture
from digitnet.models.folder import load_model
from digitnet.models.line_calibration import LineCalibration
from digitnet.models.lines import LineModel, line_model_beside
from digitnet.models.model import Model
from digitnet.reading import segmentation
from digitnet.reading.dense import MOST
from digitnet.reading.items import SURE, Item
from digitnet.reading.line_reader import RowLine, Settled, settle
from digitnet.reading.number_rows import are_low_bars
from digitnet.reading.page import read_page
from digitnet.reading.reading import ReadDigit, Reading
from digitnet.reading.segmentation import Aligned, Lattice, Row
from digitnet.reading.sheet import frame_components, scan_page

CLEAN = PageStyle(digit=44, gap=0.35)


def neat() -> Hand:
    """A clear hand of middling pen, the same for every test."""
    hand = careful(Hand.sample(np.random.default_rng(11)), 0.9)
    return replace(hand, pen=np.array([0.06], np.float32), taste=np.full((1, 10), 0.3, np.float32))


def uncounted() -> LineModel:
    """The reader of lines in the box, of which nothing is promised: sure from 95 %."""
    line_model = line_model_beside(DIGITS)
    assert line_model is not None
    return replace(line_model, calibration=LineCalibration())


def page(*lines: str, seed: int = 0, **style: float | str) -> Page:
    chosen = replace(CLEAN, **style)  # type: ignore[arg-type]
    return draw_page(lines, np.random.default_rng(seed), style=chosen, hand=neat())


LOOKS: dict[str, dict[str, float | str]] = {
    "clean": {},
    "half in shadow": {"shadow": 0.5},
    "light from one side": {"shade": 0.5, "texture": 0.03},
    "noisy": {"noise": 0.04},
    "ruled": {"ruling": "lines", "ruling_strength": 0.3},
    "squared": {"ruling": "squares", "ruling_strength": 0.3},
    "squared and falling": {"ruling": "squares", "ruling_strength": 0.35, "slope": 0.06},
    "rising": {"slope": -0.12},
    "small": {"digit": 18},
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_two_rows_with_words(trained: Model, look: dict[str, float | str]) -> None:
    made = page("407 25", "38 0056", seed=3, **look)
    assert read_page(trained, made.picture).lines == made.lines


def test_boxes_hold_the_digits_in_reading_order(trained: Model) -> None:
    made = page("52 08", "364", seed=1, digit=80)
    reading = read_page(trained, made.picture)
    assert [d.line for d in reading.digits] == [0, 0, 0, 0, 1, 1, 1]
    assert [d.starts_word for d in reading.digits] == [True, False, True, False, True, False, False]
    found = np.array([d.box for d in reading.digits])
    assert np.abs(found - np.array(made.boxes)).max() <= 4
    assert (found[:, :2] >= 0).all()
    height, width = made.picture.shape[:2]
    assert (found[:, 2] <= width).all()
    assert (found[:, 3] <= height).all()


def test_boxes_are_in_the_pixels_of_a_large_picture(trained: Model) -> None:
    made = page("2058", seed=2, digit=60)
    large = np.repeat(np.repeat(made.picture, 6, axis=0), 6, axis=1)
    reading = read_page(trained, large)
    assert reading.lines == made.lines
    assert np.abs(np.array([d.box for d in reading.digits]) - 6 * np.array(made.boxes)).max() < 24


@pytest.mark.parametrize("text", ["10", "11", "111", "100"])
def test_ones_and_zeros_are_not_read_as_one_digit(trained: Model, text: str) -> None:
    assert read_page(trained, page(text, seed=4, gap=0.15).picture).lines == (text,)


def test_touching_digits_are_cut_apart(trained: Model) -> None:
    right = 0
    for seed, text in enumerate(["30", "26", "85", "50", "63", "02", "56", "93", "20", "60"]):
        made = page(text, seed=seed, gap=-0.02)
        assert len(scan_page(made.picture).components) == 1, "they do not touch"
        right += read_page(trained, made.picture).lines == (text,)
    assert right >= 7


def test_a_bar_apart_stays_with_its_five(trained: Model) -> None:
    """A five's body, its bar a little above: one digit, also between two others."""
    made = page("050", seed=5, digit=90)
    left, top, right, bottom = made.boxes[1]
    cut = top + (bottom - top) // 4
    picture = made.picture.copy()
    paper = np.median(picture.reshape(-1, 3), axis=0).astype(np.uint8)
    picture[cut : cut + 4, left:right] = paper
    assert read_page(trained, picture).lines == ("050",)


def test_dust_a_dark_table_and_faint_print_are_left_out(trained: Model) -> None:
    made = page("4702", seed=6, digit=60, margin=3)
    picture = made.picture.astype(np.float64)
    height, width = picture.shape[:2]
    picture[-40:] = np.random.default_rng(0).uniform(5, 30, (40, width, 1))  # the table's edge
    for x in range(30, width - 60, 40):  # print that shines through
        picture[20:50, x : x + 4] *= 0.85
        picture[20:24, x : x + 20] *= 0.85
    for y, x in ((70, 20), (90, width - 30), (height - 60, 50)):
        picture[y : y + 3, x : x + 3] = 60
    assert read_page(trained, picture.astype(np.uint8)).lines == ("4702",)


def test_polarity_does_not_matter(trained: Model) -> None:
    made = page("3804", seed=7)
    assert read_page(trained, 255 - made.picture).lines == ("3804",)


def test_a_single_digit_is_framed_as_predict_frames_it() -> None:
    made = page("5", seed=8, digit=100)
    sheet = scan_page(made.picture)
    ours, _ = frame_components(sheet, [sheet.components[0].label], sheet.components[0].box)
    theirs = frame_picture(made.picture).image
    assert np.abs(ours.astype(int) - theirs).mean() < 2


def test_a_neighbour_does_not_leak_into_the_frame() -> None:
    alone, _ = _first_frame(page("1", seed=9, slope=0, unevenness=0, noise=0, texture=0))
    beside, _ = _first_frame(page("18", seed=9, gap=0.06, unevenness=0, noise=0, texture=0))
    assert np.abs(alone.astype(int) - beside).mean() < 4


def _first_frame(made: Page) -> tuple[np.ndarray, object]:
    sheet = scan_page(made.picture)
    first = min(sheet.components, key=lambda one: one.box[0])
    return frame_components(sheet, [first.label], first.box)


NOTHING: dict[str, Callable[[], np.ndarray]] = {
    "white": lambda: np.full((200, 300), 255, np.uint8),
    "black": lambda: np.zeros((200, 300), np.uint8),
    "noise": lambda: np.random.default_rng(0).integers(0, 256, (200, 300), dtype=np.uint8),
    "grain": lambda: np.random.default_rng(0).normal(200, 3, (200, 300)).astype(np.uint8),
    "shadow": lambda: page(shadow=0.5, noise=0.02, digit=20, margin=5).picture,
    "squared paper": lambda: page(ruling="squares", ruling_strength=0.3, margin=6).picture,
    "2 x 2": lambda: np.array([[0, 255], [255, 0]], np.uint8),
    "a line of pixels": lambda: np.arange(400, dtype=np.uint8).reshape(2, 200),
}


@pytest.mark.parametrize("picture", NOTHING.values(), ids=NOTHING.keys())
def test_a_page_without_digits_has_no_lines_and_a_reason(
    trained: Model, picture: Callable[[], np.ndarray]
) -> None:
    reading = read_page(trained, picture())
    assert reading.lines == ()
    assert reading.digits == ()
    assert reading.reason is not None
    assert reading.reason.startswith("no digits: ")


def test_what_is_no_picture(trained: Model) -> None:
    with pytest.raises(PictureError, match="nowhere"):
        read_page(trained, "nowhere.png")
    with pytest.raises(PictureError):
        read_page(trained, np.zeros((3, 4, 5, 6)))
    with pytest.raises(ModelError, match="stretch"):
        read_page(Model(trained.network, framing="stretch"), np.zeros((30, 40), np.uint8))


def test_a_model_without_calibration_reads_too(trained: Model) -> None:
    made = page("2058", seed=2)
    plain = Model(trained.network)
    assert read_page(plain, made.picture).lines == made.lines


def test_reading_as_plain_values(trained: Model) -> None:
    reading: Reading = read_page(trained, page("38", seed=3).picture)
    values = reading.as_dict()
    assert set(values) == {
        "lines", "line_probabilities", "line_doubts", "digits", "reason", "marks", "rejected",
        "turned", "sheets",
    }  # fmt: skip
    assert set(values["digits"][0]) >= {"box", "label", "probability"}
    assert all(isinstance(v, int) for v in values["digits"][0]["box"])


def test_rows_that_the_model_does_not_stand_by_are_left_out(
    trained: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of five digits it must stand by more than two."""
    made = page("40725", seed=3)

    def standing_by(n: int) -> Reading:
        def read_row(*args: object) -> Row:
            row = segmentation.read_row(*args)  # type: ignore[arg-type]
            digits = [replace(one, sure=k < n) for k, one in enumerate(row.digits)]
            return row._replace(digits=digits)

        monkeypatch.setattr("digitnet.reading.page.read_row", read_row)
        monkeypatch.setattr("digitnet.reading.upright.LEAST_TO_TURN", 99)
        return read_page(trained, made.picture)

    assert standing_by(3).lines == made.lines
    assert [d.sure for d in standing_by(3).digits] == [True] * 3 + [False] * 2
    assert standing_by(2).lines == ()
    assert standing_by(2).reason == "no digits: what is written does not look like any"


@pytest.mark.parametrize("n", [1500, 1501])
def test_more_marks_than_a_page_may_have_are_refused(
    trained: Model, monkeypatch: pytest.MonkeyPatch, n: int
) -> None:
    """Strokes 16 pixels apart, a hundred in a row, where a page may have 1,500, not 30,000."""
    strokes = np.full((16 * 17, 12 * 103), 255, np.uint8)
    for k in range(n):
        y, x = 16 * (k // 100) + 4, 12 * (k % 100) + 14
        strokes[y : y + 10, x : x + 3] = 0
    assert len(scan_page(strokes).components) == n

    def begun(*args: object) -> set[int]:
        raise InterruptedError

    assert MOST == 30_000
    monkeypatch.setattr("digitnet.reading.page.MOST", 1500)
    monkeypatch.setattr("digitnet.reading.page.doubtful", begun)
    if n == 1500:
        with pytest.raises(InterruptedError):
            read_page(trained, strokes)
    else:
        reason = read_page(trained, strokes).reason
        assert reason is not None
        assert reason.startswith(f"no digits: {n:,} marks are print, a texture, or more digits")


def test_what_a_page_says_as_plain_values_and_without_frames() -> None:
    made = [ReadDigit((1, 2, 3, 4), 7, 0.9, True, 2, False, np.full((28, 28), k)) for k in (0, 1)]
    assert made[0] == made[1]
    assert "frame" not in repr(made[0])
    with pytest.raises(FrozenInstanceError):
        made[0].label = 8  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        Reading((), (), "no digits").reason = None  # type: ignore[misc]
    values = {"box": [1, 2, 3, 4], "label": 7, "probability": 0.9, "sure": True, "line": 2}
    assert Reading(("7",), (made[0],), None).as_dict() == {
        "lines": ["7"], "line_probabilities": [], "line_doubts": [], "digits": [values],
        "reason": None,
        "marks": [], "rejected": [], "turned": 0, "sheets": [],
    }  # fmt: skip


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_page_has_its_boxes_where_they_lie(quarters: int) -> None:
    trained = load_model("cnn")
    made = page("52 08", "364", seed=1, digit=60)
    upright = read_page(trained, made.picture)
    picture = np.ascontiguousarray(np.rot90(made.picture, quarters))
    reading = read_page(trained, picture)
    assert reading.turned == 90 * quarters
    assert reading.lines == upright.lines == made.lines
    for one, other in zip(reading.digits, upright.digits, strict=True):
        mask = np.zeros(made.picture.shape[:2], bool)
        left, top, right, bottom = other.box
        mask[top:bottom, left:right] = True
        y, x = np.nonzero(np.rot90(mask, quarters))
        assert one.box == (x.min(), y.min(), x.max() + 1, y.max() + 1)


SENTENCES = [
    "the quick brown fox", "jumps over lazy dogs", "while every good boy", "does fine and nobody",
    "knows what will happen", "next in this small town",
]  # fmt: skip


@pytest.mark.parametrize(
    "font", [cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX]
)
def test_words_have_no_digits(font: int) -> None:
    rng = np.random.default_rng(5)
    picture = np.full((700, 900), 235, np.uint8)
    for k, words in enumerate(SENTENCES):
        place, size = (30, 100 + 100 * k), 1.2 + 0.8 * rng.random()
        cv2.putText(picture, words, place, font, size, (40,), 2, cv2.LINE_AA)
    picture = cv2.GaussianBlur(picture, (0, 0), 1) + rng.integers(0, 8, picture.shape, np.uint8)
    model = load_model("cnn")
    reading = read_page(model, picture, line_model_beside(model.class_names))
    assert (reading.lines, reading.digits) == ((), ())
    assert reading.reason is not None
    assert reading.reason.startswith("no digits: ")
    assert len(reading.rejected) == len(SENTENCES)
    for number, row in enumerate(reading.rejected):
        left, top, right, bottom = row.box
        assert left < 60 < 200 < right
        assert top < 100 + 100 * number - 5 < bottom


def test_digits_that_lie_over_each_other_have_a_box_each() -> None:
    """In the picture, one beside the other, and as wide as the reader of lines can tell."""
    model = load_model("cnn")
    made = page("3805", seed=3, gap=-0.06, digit=70)
    reading = read_page(model, made.picture, line_model_beside(model.class_names))
    assert reading.lines == ("3805",)
    found = np.array([one.box for one in reading.digits])
    middles = np.array(made.boxes)[:, ::2].mean(axis=1)
    assert np.abs(found[:, ::2].mean(axis=1) - middles).max() < 0.3 * 70
    assert all(one.frame.any() for one in reading.digits)


def saying(
    monkeypatch: pytest.MonkeyPatch, says: Callable[[str], str], chance: float = 1.0
) -> None:
    """The reader of lines says of each row another text for the one its parts say."""

    def settle(model: object, line: object, lattice: Lattice, row: Row, field: object) -> Settled:
        text = says("".join(str(one.label) for one in row.digits))
        places = [
            (one.box, replace(one, sure=False) if character.isdigit() else None)
            for one, character in zip(row.digits, text, strict=True)
        ]
        return Settled(text, Aligned(0.0, places, []), [chance] * len(text), chance)

    monkeypatch.setattr("digitnet.reading.page.settle", settle)
    monkeypatch.setattr("digitnet.reading.upright.LEAST_TO_TURN", 99)
    monkeypatch.setattr("digitnet.reading.upright.FEW", 0)


@pytest.mark.parametrize(
    ("unread", "n", "is_kept"),
    [(1, 6, True), (5, 10, True), (6, 10, False), (7, 14, True), (8, 15, False), (1, 3, True),
     (2, 3, False), (1, 2, False), (0, 3, True)],
)  # fmt: skip
def test_a_row_of_which_half_is_certain_and_two_digits_are_is_a_number(
    monkeypatch: pytest.MonkeyPatch, unread: int, n: int, is_kept: bool
) -> None:
    model = load_model("cnn")
    made = page("380526380526380526"[:n], seed=3, digit=30)
    saying(monkeypatch, lambda text: "?" * unread + text[unread:])
    reading = read_page(model, made.picture, line_model_beside(model.class_names))
    if is_kept:
        assert reading.lines == ("?" * unread + made.lines[0][unread:],)
        assert [mark.label for mark in reading.marks] == ["?"] * unread
        assert reading.rejected == ()
        return
    assert (reading.lines, reading.digits, reading.marks) == ((), (), ())
    (row,) = reading.rejected
    assert row.reason == f"{unread} of {n} marks look like no digits"
    boxes = np.array(made.boxes)
    around = [*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)]
    assert np.abs(np.array(row.box) - around).max() <= 4


@pytest.mark.parametrize(("n", "lines"), [(2, ()), (3, ("?80",)), (4, ("?805",)), (5, ("?8052",))])
def test_one_mark_beside_two_certain_digits_is_a_blot(
    monkeypatch: pytest.MonkeyPatch, n: int, lines: tuple[str, ...]
) -> None:
    model = load_model("cnn")
    made = page("38052"[:n], seed=3, digit=30)
    saying(monkeypatch, lambda text: "?" + text[1:])
    line_model = line_model_beside(model.class_names)
    assert read_page(model, made.picture, line_model).lines == lines
    saying(monkeypatch, lambda text: "?" + text[1:], chance=0.9)  # none of them is sure
    assert read_page(model, made.picture, line_model).lines == ()


@pytest.mark.parametrize("words", [1, 2])
def test_beside_rows_of_words_a_row_must_be_sure_throughout(
    monkeypatch: pytest.MonkeyPatch, words: int
) -> None:
    """Of three rows one or two are words; a `?` in ten is kept only where fewer than half are."""
    model = load_model("cnn")
    rows = ["3805263805", "5263805263", "6380526380"]
    made = page(*rows, seed=3, digit=30)
    texts = [
        "??????" + rows[0][6:],
        ("??????" if words == 2 else "") + rows[1][6:],
        "?" + rows[2][1:],
    ]
    texts[1] = texts[1].rjust(10, "5") if words == 1 else texts[1]
    iterator = iter(texts)
    saying(monkeypatch, lambda text: next(iterator))
    reading = read_page(model, made.picture, line_model_beside(model.class_names))
    assert len(reading.rejected) == (1 if words == 1 else 3)
    assert len(reading.lines) == (2 if words == 1 else 0)


@pytest.mark.parametrize(("chance", "sure"), [(0.95, True), (0.949, False)])
def test_a_character_is_sure_from_95_percent(
    monkeypatch: pytest.MonkeyPatch, chance: float, sure: bool
) -> None:
    """What the reader of lines and the parts agree on; the single digits here are stood by not."""
    assert SURE == 0.95
    model = load_model("cnn")
    made = page("380526", seed=3)
    saying(monkeypatch, lambda text: text, chance)
    reading = read_page(model, made.picture, uncounted())
    assert reading.lines == (made.lines if sure else ())
    assert len(reading.digits) == (6 if sure else 0)


def test_a_digit_that_is_stood_by_alone_is_not_sure_where_the_row_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The model of single digits stands by each, the row as a whole hardly: read, but in doubt."""
    model = load_model("cnn")
    made = page("380526", seed=3)

    def doubted(
        model: LineModel, line: RowLine, lattice: Lattice, row: Row, field: None
    ) -> Settled | None:
        settled = settle(model, line, lattice, row, field)
        assert settled is not None
        return settled._replace(probabilities=[0.2] * len(settled.text))

    monkeypatch.setattr("digitnet.reading.page.settle", doubted)
    reading = read_page(model, made.picture, line_model_beside(model.class_names))
    assert reading.lines == made.lines
    assert not any(one.sure for one in reading.digits)


def test_a_digit_crossed_out_is_one_mark() -> None:
    """Strokes over strokes fall to pieces; they are one `?`, and its box holds them all."""
    model = load_model("cnn")
    made = page("38052", seed=3, digit=60)
    picture = made.picture.copy()
    left, top, right, bottom = (round(v) for v in made.boxes[2])
    for k in range(5):
        y = top + (bottom - top) * (2 * k + 1) // 10
        cv2.line(picture, (left - 2, y + 6), (right + 2, y - 6), 20, 5, cv2.LINE_AA)
    reading = read_page(model, picture, line_model_beside(model.class_names))
    assert reading.lines == ("38?52",)
    (mark,) = reading.marks
    assert mark.reason is not None
    assert np.abs(np.array(mark.box) - (left, top, right, bottom)).max() < 15
    assert [one.label for one in reading.digits] == [3, 8, 5, 2]


def test_a_row_of_low_bars_beside_digits_is_what_is_left_of_a_comb() -> None:
    def item(high: int, label: int) -> Item:
        found = segmentation.Found((0, 0, 4, high), label, 1.0, True, np.zeros((28, 28), np.uint8))
        return Item(found.box, "", found)

    assert are_low_bars([item(21, 1), item(20, 1)], 40.0)
    assert not are_low_bars([item(21, 1), item(22, 1)], 40.0)  # small 1s
    assert not are_low_bars([item(20, 1), item(20, 7)], 40.0)
    assert not are_low_bars([], 40.0)
