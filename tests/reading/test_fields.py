"""Fields: what a line may say, and a search that finds nothing else."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitnet.errors import MissingExtraError, SettingsError
from digitnet.handwriting.pages import draw_page
from digitnet.models.folder import load_model
from digitnet.models.lines import CHARACTERS, line_model_beside
from digitnet.reading.fields import Field, as_number
from digitnet.reading.page import read_page

TEXTS = st.text(st.sampled_from(CHARACTERS), max_size=8)


def ends_in_seven(text: str) -> bool:
    return text.endswith("7")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12.0), ("-12", -12.0), ("3.5", 3.5), ("3,5", 3.5), (".5", 0.5), ("1.234,5", 1234.5),
        ("", None), ("-", None), ("7.", None), ("1-2", None), ("12:30", None), ("1/2", None),
    ],
)  # fmt: skip
def test_the_number_that_a_text_is(text: str, number: float | None) -> None:
    assert as_number(text) == number


@pytest.mark.parametrize(
    ("field", "held", "not_held"),
    [
        (Field(length=3), ["123", "1.2"], ["12", "1234", ""]),
        (Field(pattern="dd.d"), ["12.3"], ["123.", "12,3", "12.", "12.34"]),
        (Field(pattern="dd.d", allow="0123."), ["12.3"], ["14.3"]),
        (Field(allow="01"), ["1", "0110"], ["", "12"]),
        (Field(least=5, most=12.5), ["5", "12.5", "12,5"], ["4", "13", "1/2", "-5"]),
        (Field(checksum=f"{__name__}:ends_in_seven"), ["7", "17"], ["71"]),
        (Field(checksum="luhn"), ["79927398713"], ["79927398714"]),
        (Field(checksum="isbn"), ["9783161484100"], ["9783161484101"]),
        (Field(checksum="iban:de"), ["89370400440532013000"], ["89370400440532013001"]),
    ],
)
def test_what_a_field_holds(field: Field, held: list[str], not_held: list[str]) -> None:
    if field.checksum in ("luhn", "isbn", "iban:de"):
        pytest.importorskip("stdnum")
    assert [text for text in held if not field.holds(text)] == []
    assert [text for text in not_held if field.holds(text)] == []


@given(TEXTS, st.sampled_from([Field(length=4), Field(pattern="d-d"), Field(allow="12.")]))
def test_whatever_a_field_holds_may_begin_so(text: str, field: Field) -> None:
    begins = all(field.may_begin(text[:k], character) for k, character in enumerate(text))
    assert begins or not field.holds(text)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"length": 0}, "1 to 100 characters, not 0"),
        ({"length": 101}, "1 to 100 characters, not 101"),
        ({"allow": "12a"}, "not a"),
        ({"allow": ""}, "not none"),
        ({"pattern": ""}, "not none"),
        ({"pattern": "dd?"}, "not ?"),
        ({"pattern": "ddd", "length": 4}, "has 3 characters, and the field 4"),
        ({"least": 2, "most": 1}, "No number is between 2 and 1"),
        ({"checksum": "crc"}, "There is no checksum crc"),
        ({"checksum": "iban:D"}, "two letters, unlike D"),
        ({"checksum": "nothing_here:check"}, "cannot be had"),
        ({"checksum": "math:check"}, "cannot be had"),
    ],
)
def test_a_field_that_nothing_is_in_is_refused(settings: dict[str, object], sentence: str) -> None:
    if str(settings.get("checksum", "")).startswith("iban"):
        pytest.importorskip("stdnum")
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        Field(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("checksum", ["json:loads", "math:pi"])
def test_a_checksum_that_fails_is_said_in_a_sentence(checksum: str) -> None:
    with pytest.raises(SettingsError, match=f"The checksum {checksum} fails on 1-2"):
        Field(checksum=checksum).holds("1-2")


def test_a_checksum_without_its_package_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "stdnum", None)
    with pytest.raises(MissingExtraError, match="python-stdnum"):
        Field(checksum="luhn")


def test_a_row_is_searched_for_the_field_alone() -> None:
    """A date is found; what no row can say is a row left out, with the reason."""
    model = load_model("cnn")
    lines = line_model_beside(model.class_names)
    picture = draw_page(["24.09.1971"], np.random.default_rng(5)).picture
    assert read_page(model, picture, lines, Field(pattern="dd.dd.dddd")).lines == ("24.09.1971",)
    reading = read_page(model, picture, lines, Field(length=30))
    assert reading.lines == ()
    assert [row.reason for row in reading.rejected] == ["nothing that the field may say"]
    with pytest.raises(SettingsError, match="needs a model that reads lines"):
        read_page(model, picture, None, Field(length=4))


def test_a_check_digit_settles_what_is_in_doubt() -> None:
    """Of two texts that look alike, the one whose check digit is right."""
    model = load_model("cnn")
    lines = line_model_beside(model.class_names)
    picture = draw_page(["407391"], np.random.default_rng(1)).picture
    assert read_page(model, picture, lines).lines == ("407391",)
    field = Field(length=6, checksum=f"{__name__}:ends_in_seven")
    reading = read_page(model, picture, lines, field)
    assert not reading.lines or min(d.probability for d in reading.digits) < 0.5, "it was sure"
