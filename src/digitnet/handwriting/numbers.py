"""Numbers: texts as people write them: amounts, dates, times, telephone numbers, plain digits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from digitnet.handwriting.signs import OTHER, SIGNS

MOST = 14
"""Characters of the longest number, blanks aside."""


def number(rng: np.random.Generator) -> str:
    """A text of 1 to `MOST` digits, signs and other marks; blanks stand between groups."""
    texts = list(KINDS)
    kind = texts[int(np.searchsorted(SHARES, rng.random()))]
    text = kind(rng)
    return text[: _cut(text)].strip()


def amount(rng: np.random.Generator) -> str:
    """Digits with a point or a comma in them, and in one of four a second one between thousands."""
    point, comma = (".", ",") if rng.random() < 0.5 else (",", ".")
    whole = _digits(rng, int(rng.integers(1, 5)))
    if len(whole) > 3:
        whole = f"{int(whole):,}".replace(",", comma)
    return f"{whole}{point}{_digits(rng, int(rng.choice([1, 2, 2, 2])))}"


def signed_number(rng: np.random.Generator) -> str:
    """An amount, a date, a time, a telephone number, a fraction or a number below zero.

    It holds a sign, and no other mark.
    """
    while True:
        kind = SIGNED[rng.integers(len(SIGNED))]
        text = kind(rng)
        text = text[: _cut(text)].strip()
        if OTHER not in text and set(text) & set(SIGNS):
            return text


def _cut(text: str) -> int:
    """Where a text ends that holds at most `MOST` characters beside its blanks."""
    written = 0
    for k, character in enumerate(text):
        written += character != " "
        if written > MOST:
            return k
    return len(text)


def _digits(rng: np.random.Generator, n: int) -> str:
    if rng.random() < 0.1:  # the same digit again and again, as in 1000
        first, rest = rng.integers(0, 10, 2)
        return f"{first}{str(rest) * (n - 1)}"
    return "".join(map(str, rng.integers(0, 10, n)))


def _plain(rng: np.random.Generator) -> str:
    return _digits(rng, int(rng.integers(1, 11 if rng.random() < 0.8 else MOST + 1)))


def _groups(rng: np.random.Generator) -> str:
    return " ".join(_digits(rng, int(rng.integers(1, 6))) for _ in range(rng.integers(2, 5)))


def _amount(rng: np.random.Generator) -> str:
    point, comma = (".", ",") if rng.random() < 0.5 else (",", ".")
    whole = _digits(rng, int(rng.integers(1, 8)))
    if len(whole) > 3 and rng.random() < 0.5:
        apart = comma if rng.random() < 0.7 else " "
        whole = f"{int(whole):,}".replace(",", apart)
    text = f"{whole}{point}{_digits(rng, int(rng.choice([1, 2, 2, 2, 3])))}"
    if rng.random() < 0.2:
        text = "-" + text
    if rng.random() < 0.1:
        text = f"{text[: text.index(point)]}{point}-"
    if rng.random() < 0.15:
        text = OTHER + text if rng.random() < 0.5 else text + OTHER
    return text


def _date(rng: np.random.Generator) -> str:
    day, month = rng.integers(1, 32), rng.integers(1, 13)
    year = rng.integers(1900, 2100)
    between = str(rng.choice(list("../-")))
    full = rng.random() < 0.6
    if between == "-" and rng.random() < 0.5:
        return f"{year}-{month:02}-{day:02}"
    digits = (str, "{:02}".format)[int(rng.random() < 0.6)]
    return between.join([digits(day), digits(month), str(year) if full else f"{year % 100:02}"])


def _time(rng: np.random.Generator) -> str:
    parts = [rng.integers(0, 24), *rng.integers(0, 60, rng.integers(1, 3))]
    return (":" if rng.random() < 0.85 else ".").join(f"{part:02}" for part in parts)


def _telephone(rng: np.random.Generator) -> str:
    area = "0" + _digits(rng, int(rng.integers(1, 5)))
    rest = [_digits(rng, int(rng.integers(2, 5))) for _ in range(rng.integers(1, 4))]
    return area + str(rng.choice(list(" /-"))) + str(rng.choice(list("  -"))).join(rest)


def _fraction(rng: np.random.Generator) -> str:
    above, below = (_digits(rng, int(rng.integers(1, 4))) for _ in range(2))
    return f"{above}{'/' if rng.random() < 0.7 else ':'}{below}"


def _negative(rng: np.random.Generator) -> str:
    return "-" + _digits(rng, int(rng.integers(1, 6)))


def _marked(rng: np.random.Generator) -> str:
    """A number with marks that are none: a unit, a letter, something crossed out."""
    text = list(_digits(rng, int(rng.integers(1, 7))))
    for _ in range(rng.integers(1, 4)):
        text.insert(int(rng.integers(0, len(text) + 1)), OTHER)
    return "".join(text)


def _any(rng: np.random.Generator) -> str:
    """Characters in any order, so that nothing is learnt by heart."""
    pool = list("0123456789" * 2 + SIGNS * 2 + OTHER * 2)
    return "".join(rng.choice(pool, int(rng.integers(1, MOST + 1))))


KINDS: dict[Callable[[np.random.Generator], str], float] = {
    _plain: 30, _groups: 8, _amount: 16, _date: 8, _time: 6, _telephone: 7, _fraction: 5,
    _negative: 4, _marked: 6, _any: 10,
}  # fmt: skip
"""What people write, and how often, relative to one another."""
SHARES = np.cumsum(list(KINDS.values())) / sum(KINDS.values())
SIGNED = (_amount, _date, _time, _telephone, _fraction, _negative)
"""Those that hold signs where people write them."""
