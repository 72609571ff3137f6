"""The fields of a filled-in form."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import digitnet
from digitnet.errors import DigitnetError, ModelError
from digitnet.handwriting.form_pages import KINDS
from digitnet.reading.alignment import AlignmentError, BlankForm, moved
from digitnet.reading.fields import Field
from digitnet.reading.form import STATUSES, FormReading, read_form
from digitnet.reading.template import CONSTRAINTS, Template, TemplateField
from support.forms import blank_form, filled_form, readers, template_text
from support.helpers import small_model

BLANK = BlankForm.of(blank_form().picture)


def says(name: str) -> Field:
    words = {w: v for w, v in KINDS[name].constraints.items() if w != "checksum"}
    return Field(**{CONSTRAINTS[word][0]: value for word, value in words.items()})  # type: ignore[arg-type]


def template(**fields: Field | None) -> Template:
    """The form's own, or with these fields alone."""
    chosen = fields or {name: says(name) for name in blank_form().boxes}
    boxes = blank_form().boxes
    return Template(
        BLANK, tuple(TemplateField(name, boxes[name], said) for name, said in chosen.items())
    )


def read(picture: NDArray[np.uint8], **fields: Field | None) -> FormReading:
    return read_form(*readers(), picture, template(**fields))


@pytest.mark.parametrize("photo", [False, True])
def test_a_form_is_read_however_it_lies(photo: bool) -> None:
    form = filled_form(photo=photo)
    turned = np.ascontiguousarray(np.rot90(form.picture, 2))
    for picture in (form.picture, turned):
        reading = read(picture)
        assert [one.name for one in reading.fields] == list(form.values)
        settled = [one for one in reading.fields if one.is_settled]
        assert len(settled) >= len(form.values) - 1
        for one in settled:
            assert one.value == form.values[one.name]
            assert one.status == ("ok" if one.value else "empty")
            assert one.reason is None
        assert reading.aligned > 0.8
        assert all(one.status in STATUSES for one in reading.fields)
    assert abs((reading.turned - 180 + 90) % 180 - 90) < 20


def test_an_unwritten_form_is_empty_throughout() -> None:
    grain = np.random.default_rng(0).normal(0, 4, blank_form().picture.shape)
    seen = np.asarray((blank_form().picture * 0.8 + grain).clip(0, 255), np.uint8)
    reading = read(seen)
    assert {one.status for one in reading.fields} == {"empty"}
    assert all(one.confidence is None for one in reading.fields)
    assert (reading.status, reading.to_look_at) == ("ok", ())


def test_each_character_is_where_it_was_written() -> None:
    form = filled_form()
    reading = read(form.picture)
    there = reading.as_dict()
    assert there["lines"] == [one.value for one in reading.fields]
    for one in reading.fields:
        if not one.is_settled or not one.value:
            continue
        assert "".join(character.text for character in one.characters) == one.value
        left, top, right, bottom = blank_form().boxes[one.name]
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float)
        assert np.abs(np.array(one.quad) - moved(corners, form.view)).max() < 3
        x, y = moved(corners, form.view).T
        for character in one.characters:
            a, b, c, d = character.box
            assert x.min() - 10 < (a + c) / 2 < x.max() + 10
            assert y.min() - 10 < (b + d) / 2 < y.max() + 10
    digits = [c for one in reading.fields for c in one.characters if c.text.isdigit()]
    assert [d["label"] for d in there["digits"]] == [int(c.text) for c in digits]


def longest() -> tuple[str, str]:
    """The field of the form with most digits in it, and what it says."""
    values = filled_form().values
    name = max(values, key=lambda one: sum(c.isdigit() for c in values[one]))
    return name, values[name]


def test_what_a_field_may_say_reaches_the_search() -> None:
    name, value = longest()
    other = "".join("1" if c != "1" else "7" for c in value)
    one = read(filled_form().picture, **{name: Field(pattern=other)})[name]
    assert one.status in ("look", "unreadable")
    assert one.value in (other, "")
    short = read(filled_form().picture, **{name: Field(length=len(value) - 1)})[name]
    assert len(short.value) in (0, len(value) - 1)
    assert short.status in ("look", "unreadable")
    free = read(filled_form().picture, **{name: None})[name]
    assert free.value == value


def test_a_field_that_lies_outside_of_the_picture() -> None:
    form = filled_form()
    name = min(blank_form().boxes, key=lambda one: blank_form().boxes[one][1])
    _, top, _, bottom = blank_form().boxes[name]
    edge = round(float(moved(np.array([[500.0, (top + bottom) / 2]]), form.view)[0, 1]))
    one = read(np.ascontiguousarray(form.picture[edge:]))[name]
    assert (one.value, one.status) == ("", "unreadable")
    assert one.reason == "it lies outside of the picture"


def with_ink(name: str, points: list[tuple[float, float]], thick: int) -> NDArray[np.uint8]:
    """The blank form with a stroke in a field, through shares of its box."""
    left, top, right, bottom = blank_form().boxes[name]
    way = np.array([(left + x * (right - left), top + y * (bottom - top)) for x, y in points])
    picture = blank_form().picture.copy()
    cv2.polylines(picture, [np.rint(way).astype(np.int32)], False, (40,), thick, cv2.LINE_AA)
    return picture


def test_a_field_that_is_crossed_out_is_not_settled() -> None:
    name, _ = longest()
    zigzag = [(0.05 + 0.09 * k, 0.1 + 0.8 * (k % 2)) for k in range(11)]
    one = read(with_ink(name, zigzag, 5), **{name: None})[name]
    assert one.status in ("look", "unreadable")
    assert one.reason


def test_a_texture_is_no_number() -> None:
    name, _ = longest()
    left, top, right, bottom = blank_form().boxes[name]
    picture = cv2.resize(blank_form().picture, None, fx=2.5, fy=2.5)
    part = picture[round(2.5 * top) + 8 : round(2.5 * bottom) - 8, round(2.5 * left) + 8 :]
    part = part[:, : round(2.5 * (right - left)) - 16]
    part[::8, ::8] = part[1::8, ::8] = part[::8, 1::8] = part[1::8, 1::8] = 0
    one = read(np.asarray(picture, np.uint8), **{name: None})[name]
    assert one.status in ("unreadable", "look")


def test_a_speck_is_no_writing_and_a_dash_is() -> None:
    name, _ = longest()
    speck = with_ink(name, [(0.5, 0.5), (0.5, 0.5)], 2)
    assert read(speck, **{name: None})[name].status == "empty"
    dash = with_ink(name, [(0.4, 0.5), (0.5, 0.5)], 3)
    assert read(dash, **{name: None})[name].status != "empty"


def test_what_stands_beside_the_number_is_told() -> None:
    name, _ = longest()
    form = filled_form()
    _, top, right, bottom = blank_form().boxes[name]
    middle = (top + bottom) / 2
    corner = np.array([[right - 14.0, middle - 8], [right - 10.0, middle + 8]])
    (x0, y0), (x1, y1) = moved(corner, form.view)
    picture = form.picture.copy()
    cv2.line(picture, (round(x0), round(y0)), (round(x1), round(y1)), (30, 30, 30), 4)
    one = read(picture, **{name: says(name)})[name]
    assert one.status in ("look", "unreadable")


def test_another_form_is_refused() -> None:
    with pytest.raises(AlignmentError):
        read(blank_form(seed=5).picture)


def test_the_public_function(tmp_path: object) -> None:
    name, value = longest()
    reading = digitnet.read_form(filled_form().picture, template(**{name: says(name)}), "cnn")
    assert isinstance(reading, digitnet.FormReading)
    assert reading[name].value == value
    with pytest.raises(DigitnetError, match="There is no template"):
        digitnet.read_form(filled_form().picture, "no_such.toml", "cnn")
    strange = small_model(np.random.default_rng(0), framing="stretch")
    with pytest.raises(ModelError, match="framing"):
        digitnet.read_form(filled_form().picture, template(), strange)
    with pytest.raises(StopIteration):
        reading["no such field"]
    assert replace(reading, turned=0) != replace(reading, turned=1)
    assert template_text(blank_form()).startswith("picture")
