"""A setting: which numbers its limits hold, what it takes a value for, and how it says so."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import numpy as np
import pytest

from digitnet.errors import SettingsError
from digitnet.training.setting import OnPage, Range, Setting, as_text, described, setting

TINY = math.ulp(1.0)


@pytest.mark.parametrize(
    ("limits", "words", "held", "refused"),
    [
        (Range(1), "from 1", (1, 2, 1e300, math.inf), (1 - TINY, 0, -1, math.nan)),
        (Range(0, above_low=True), "above 0", (5e-324, 1), (0, -1)),
        (Range(0, 1), "from 0 to 1", (0, 0.5, 1), (-5e-324, 1 + TINY)),
        (Range(0, 1, below_high=True), "from 0 to below 1", (0, 1 - TINY), (-1, 1, 2)),
        (Range(0, 1, True), "above 0 and 1", (5e-324, 1), (0, 1 + TINY)),
        (Range(0, 100, True, True), "above 0 and below 100", (1e-9, 99.9), (0, 100)),
        (Range(1, 123_456_789), "from 1 to 123456789", (123_456_789,), (123_456_790,)),
    ],
)
def test_which_numbers_limits_hold(
    limits: Range, words: str, held: tuple[float, ...], refused: tuple[float, ...]
) -> None:
    assert str(limits) == words
    assert [number for number in (*held, *refused) if limits.hold(number)] == list(held)


@pytest.mark.parametrize(
    ("about", "taken", "refused"),
    [
        (
            {"kind": int},
            [(5, 5), (-1, -1), (np.int64(7), 7), (np.uint8(3), 3)],
            [True, False, 2.0, np.float32(2), "5", None, (5,)],
        ),
        (
            {"kind": float},
            [(5, 5.0), (0.25, 0.25), (np.float32(0.5), 0.5), (np.int32(3), 3.0)],
            [True, False, "0.5", None, math.nan, math.inf, -math.inf, np.float32("nan")],
        ),
        ({"kind": bool}, [(True, True), (False, False)], [0, 1, "true", None, 1.0]),
        ({"kind": str}, [("", ""), ("a b", "a b")], [None, 1, 0.5, True, ("a",), b"a"]),
        (
            {"kind": tuple},
            [((), ()), ([], ()), ([1, np.int64(2)], (1, 2)), ((0, -1), (0, -1))],
            [None, 64, "64", (1.0,), (1, None), (True,), [1, "2"], ((1,),)],
        ),
        ({"kind": int, "optional": True}, [(None, None), (0, 0)], [0.5]),
        ({"kind": int, "limits": Range(1, 3)}, [(1, 1), (3, 3)], [0, 4]),
        ({"kind": tuple, "limits": Range(1, 3)}, [((1, 3), (1, 3)), ((), ())], [(1, 4), (0, 1)]),
        ({"kind": tuple, "n_most": 2}, [((9,), (9,)), ((9, 8), (9, 8))], [(), (1, 2, 3)]),
        ({"kind": tuple, "n_most": 1}, [((9,), (9,))], [(), (1, 2)]),
        ({"kind": int, "choices": (1, 2, 4)}, [(1, 1), (4, 4)], [0, 3, True]),
        ({"kind": str, "choices": ("a", "bc")}, [("a", "a"), ("bc", "bc")], ["b", "", None]),
    ],
)
def test_what_a_setting_takes_and_what_it_keeps(
    about: dict[str, Any], taken: list[tuple[Any, Any]], refused: list[Any]
) -> None:
    made = Setting("help", "group", words="thing", **about)
    for value, kept in taken:
        found = made.checked(value)
        assert found == kept
        assert type(found) is type(kept)  # plain Python, whatever came
        if isinstance(kept, tuple):
            assert {type(each) for each in found} <= {int}
    for value in refused:
        with pytest.raises(SettingsError) as raised:
            made.checked(value)
        assert raised.value.sentence == (
            f"The thing must be {made.expected}, not {as_text(value)}."
        )
        assert raised.value.hint == ""


def test_what_is_refused_is_said_with_an_example() -> None:
    with pytest.raises(SettingsError) as raised:
        Setting("help", "group", limits=Range(1), kind=int, words="thing", example="7").checked(0)
    assert str(raised.value) == "The thing must be a whole number from 1, not 0; try 7."


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({}, "a text"),
        ({"kind": bool}, "true or false"),
        ({"kind": int, "limits": Range(1)}, "a whole number from 1"),
        ({"kind": float, "limits": Range(0, 1, below_high=True)}, "a number from 0 to below 1"),
        ({"kind": tuple}, "a list of whole numbers"),
        ({"kind": tuple, "n_most": 1}, "1 to 1 whole numbers"),
        ({"kind": tuple, "n_most": 4, "limits": Range(1)}, "1 to 4 whole numbers from 1"),
        ({"kind": int, "choices": (1, 2), "limits": Range(1)}, "one of 1, 2"),
    ],
)
def test_what_a_setting_expects_in_words(about: dict[str, Any], expected: str) -> None:
    assert Setting("help", "group", **about).expected == expected


def test_a_value_is_written_as_one_types_it() -> None:
    values = [(64, 32), [0.5, 2.0], 1e-9, 5, True, None, "a", ((1, 2), 3)]
    assert [as_text(value) for value in values] == [
        "64,32", "0.5,2", "1e-09", "5", "True", "None", "a", "1,2,3",
    ]  # fmt: skip
    assert as_text((64, 32), ", ") == "64, 32"


@pytest.mark.parametrize(
    ("limits", "page", "expected"),
    [
        (Range(1), OnPage("", 20), Range(1, 20)),
        (Range(0, 3, True, True), OnPage("", 2), Range(0, 2, True, False)),
        (Range(0, 3, True, True), OnPage("", 3), Range(0, 3, True, True)),  # no narrower
        (Range(0, 3, False, True), OnPage("", 4), Range(0, 3, False, True)),
        (Range(1), OnPage(""), Range(1)),
        (None, OnPage("", 5), None),
    ],
)
def test_the_page_narrows_a_setting(
    limits: Range | None, page: OnPage, expected: Range | None
) -> None:
    shown = Setting("help", "group", limits, kind=int, default=9).as_on_page(page)
    assert (shown.limits, shown.n_most, shown.default) == (expected, 0, 9)


def test_the_page_has_counts_and_a_default_of_its_own() -> None:
    made = Setting("help", "group", kind=tuple, default=(8,))
    shown = made.as_on_page(OnPage("hint", n_most=3, default=()))
    assert (shown.n_most, shown.default) == (3, ())  # an empty default is one, too
    assert OnPage("hint") == ("hint", math.inf, 0, None, {})
    narrowed = Setting("help", "group", choices=("a", "b")).as_on_page(
        OnPage("", choices={"b": "B"})
    )
    assert narrowed.choices == ("b",)
    assert (made.optional, made.n_most, made.limits, made.on_page) == (False, 0, None, None)


def test_a_dataclass_s_fields_are_settings() -> None:
    @dataclass(frozen=True)
    class Oven:
        oven_heat: int = setting(200, "oven", "how hot", limits=Range(50), example="180")
        fan: bool | None = setting(None, "oven", "turning", words="the fan")
        times: tuple[int, ...] = setting((1, 2), "oven", "when")
        shelf: float | None = setting(0.5, "place", "where")

    assert [
        (s.name, s.kind, s.optional, s.default, s.words, s.group, s.help) for s in described(Oven)
    ] == [
        ("oven_heat", int, False, 200, "oven heat", "oven", "how hot"),
        ("fan", bool, True, None, "the fan", "oven", "turning"),
        ("times", tuple, False, (1, 2), "times", "oven", "when"),
        ("shelf", float, True, 0.5, "shelf", "place", "where"),
    ]
    first = described(Oven)[0]
    assert (first.limits, first.example) == (Range(50), "180")
    with pytest.raises(FrozenInstanceError):
        first.name = "other"  # type: ignore[misc]
