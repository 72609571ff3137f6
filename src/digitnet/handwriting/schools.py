"""Schools: how digits are written in other parts of the world, and how often.

MNIST's writers went to school in the United States. Elsewhere children learn other digits: a 1
with a long up-stroke, a 7 with a bar, a 9 like a g. Each row of `FORMS` is such a form.

Which forms are usual where: Wikipedia, "Regional handwriting variation"; for the United States
also T. W. Vastrick, E. Schuetzner and K. Osborn, "Measuring the frequency occurrence of
handwritten numeral characteristics", Journal of Forensic Sciences 63 (2018), which counted 25
features of 1,025 writers. We have no count of other countries' writers, nor the figures of that
one: the shares below are our estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitnet.handwriting.allographs import ALLOGRAPHS, Allograph

SCHOOLS = (
    "American", "British", "French", "German", "Polish", "Latin American", "Indian", "Japanese",
)  # fmt: skip
"""Who learns to write so. German stands for Austria and Switzerland too, Polish for the countries
east and south of it, Japanese for East Asia."""


@dataclass(frozen=True)
class Form:
    """A form of a digit that MNIST's writers hardly use.

    Attributes:
        label: the digit.
        name: what it is called.
        shares: per cent of each school's writers who write the digit so, in the order of
            `SCHOOLS`. Who writes none of a digit's forms writes it as MNIST's writers do.
        lift: how many times as often the rare forms have it as its school: more, the worse it
            was read before it was learnt (`benchmarks/forms.py` says what stands for what).
        paths: one or more ways of drawing it, written as in `allographs`.
    """

    label: int
    name: str
    shares: tuple[int, ...]
    lift: int
    paths: tuple[str, ...]

    def usual_in(self) -> tuple[str, ...]:
        """The schools that write it most; () where all but one do, about alike.

        Down to two thirds of the first's share; one per cent is no difference.
        """
        order = sorted(range(len(SCHOOLS)), key=lambda k: -self.shares[k])
        first = self.shares[order[0]]
        least = max(1, min(2 * first / 3, first - 1))
        most = tuple(SCHOOLS[k] for k in order if self.shares[k] >= least)
        return () if len(most) >= len(SCHOOLS) - 1 else most


# fmt: off
FORMS: tuple[Form, ...] = (
    #                                US  UK  FR  DE  PL  LA  IN  JP
    Form(0, "slashed",              ( 6,  4,  3,  3,  2,  5,  3,  2), 3, (
        "36,2 14,14 0,48 7,84 29,100 55,86 68,50 60,14 40,1 28,5 / 58,12 10,90",
        "34,4 12,20 2,52 12,88 36,99 62,82 70,46 58,12 38,2 26,8 / 60,22 12,80")),
    Form(0, "slash past the ring",  ( 3,  2,  3,  3,  1,  4,  2,  1), 4, (
        "36,10 16,20 2,50 9,80 29,90 52,78 62,50 55,20 38,10 28,13 / 68,0 -4,100",
        "36,8 14,20 4,52 12,82 32,92 56,78 64,48 56,20 38,8 28,12 / 74,4 -8,96")),
    Form(0, "slashed back",         ( 1,  0,  1,  1,  1,  1,  0,  0), 4, (
        "36,2 14,14 0,48 7,84 29,100 55,86 68,50 60,14 40,1 28,5 / 10,14 58,88",)),
    Form(0, "dotted",               ( 1,  1,  1,  1,  1,  1,  1,  1), 1, (
        "44,0 14,14 0,50 10,86 42,100 74,86 84,50 74,14 46,0 34,4 / 39,48 44,46 46,51 41,53 39,48",
    )),
    Form(0, "open at the top",      ( 2,  2,  2,  2,  2,  2,  3,  2), 1, (
        "22,3 4,30 1,68 16,97 42,98 62,72 62,32 44,3",
        "24,2 4,28 0,66 16,96 40,98 60,74 62,38 54,10")),
    Form(0, "with a loop on top",   ( 3,  3,  5,  4,  5,  5,  6,  1), 2, (
        "46,14 22,14 4,40 2,72 20,98 44,94 62,66 58,30 40,10 24,14 30,28 52,22 76,4",
        "50,16 24,12 4,38 4,74 24,99 50,92 64,62 54,26 34,8 22,16 36,26 66,10")),
    Form(0, "tail to the left",     ( 1,  1,  3,  1,  3,  3,  2,  0), 4, (
        "-8,12 14,2 42,2 62,20 68,54 54,90 28,100 8,82 6,48 22,20 44,4",
        "-18,8 6,0 36,4 58,24 64,60 48,94 24,98 8,78 10,46 26,22 44,8")),
    #                                US  UK  FR  DE  PL  LA  IN  JP
    Form(1, "flagged",              ( 8, 10, 34, 30, 25, 30, 20,  4), 4, (
        "2,36 20,18 36,0! 36,34 36,67 36,100",
        "4,34 20,20 40,0! 36,34 31,67 27,100")),
    Form(1, "long flag",            ( 2,  3, 20, 25, 20, 12,  6,  1), 3, (
        "0,44 18,22 36,0! 32,34 28,67 24,100",
        "0,58 22,28 42,0! 40,34 38,67 36,100")),
    Form(1, "flag from below",      ( 0,  0, 10,  8,  6,  4,  1,  0), 4, (
        "0,76 22,38 42,0! 40,34 38,67 36,100",
        "-6,84 20,44 46,0! 42,34 37,67 32,100")),
    Form(1, "long flag, slanted",   ( 1,  1,  3,  4,  8,  4,  3,  1), 4, (
        "2,50 30,26 62,0! 46,34 28,68 12,100",
        "-4,62 24,40 68,0! 50,34 30,68 14,100")),
    Form(1, "flag and foot",        ( 6,  8,  2,  3,  5,  6,  6,  2), 3, (
        "6,30 22,15 36,0! 36,34 36,66 36,98 / 6,100 36,99 66,99",
        "6,46 28,22 50,0! 42,34 34,66 26,98 / -8,100 26,97 62,94")),
    Form(1, "flag, foot apart",     ( 1,  1,  1,  1,  3,  1,  1,  0), 4, (
        "8,42 30,22 54,0! 46,30 38,58 30,84 / -6,100 12,98 34,96",
        "10,44 32,22 50,0! 44,32 38,60 32,88 / -12,94 20,98 54,92")),
    Form(1, "foot alone",           ( 4,  3,  1,  1,  1,  2,  4,  1), 2, (
        "20,0 18,34 16,66 15,98 / -12,100 15,99 44,99",)),
    Form(1, "flag, leaning back",   ( 1,  1,  1,  1,  1,  1,  2,  1), 3, (
        "0,36 6,16 10,0! 24,34 38,67 50,98",)),
    Form(1, "foot, leaning back",   ( 1,  1,  0,  0,  0,  1,  1,  0), 4, (
        "-8,34 4,18 12,0! 24,32 36,62 48,92 / 22,100 50,92 76,80",)),
    Form(1, "hooked at the foot",   ( 1,  1,  2,  1,  3,  3,  2,  1), 4, (
        "2,28 16,14 30,0! 28,34 25,70 24,90 31,99 42,95",)),
    #                                US  UK  FR  DE  PL  LA  IN  JP
    Form(2, "curly",                ( 6,  3,  8,  5,  6,  6,  4,  1), 1, (
        "18,32 4,28 4,8 26,0 50,8 54,30 42,58 20,86 0,97 -8,86 6,75 30,84 54,96 80,82",
        "20,28 6,20 14,4 36,0 54,14 52,40 36,68 14,92 -4,94 -2,80 16,77 38,88 60,98 86,88")),
    Form(2, "like a z",             ( 3,  5,  2,  3,  3,  4,  4,  4), 2, (
        "0,16 5,4 30,5 56,3! 38,36 20,66 0,97! 34,98 64,97 69,86",
        "0,5 32,4 66,2! 44,35 22,66 0,97! 42,97 84,94")),
    Form(2, "swan",                 ( 3,  5,  8,  5,  6,  4,  4,  2), 1, (
        "6,24 14,4 34,0 46,14 40,38 22,66 2,90! 20,80 40,86 62,97 84,86",
        "8,22 20,3 40,2 50,20 40,46 20,72 0,92! 18,78 38,82 60,94 82,92 94,78")),
    Form(2, "printed",              ( 4,  8,  6,  8,  4,  4,  8, 20), 1, (
        "0,22 10,5 34,0 56,10 56,34 34,66 2,98! 34,98 68,98",)),
    #                                US  UK  FR  DE  PL  LA  IN  JP
    Form(3, "flat top",             ( 3,  4,  8,  6, 10, 10,  6,  1), 1, (
        "0,4 31,3 62,2! 40,20 16,38! 48,40 66,58 64,84 42,99 14,98 -2,88",
        "0,6 28,3 54,1! 38,20 18,40! 48,44 62,64 54,90 28,100 -2,96")),
    Form(3, "looped waist",         ( 5,  4,  4,  4,  4,  4,  8,  2), 1, (
        "2,12 22,0 46,6 46,26 28,43 12,50 10,40 24,40 52,54 62,76 44,98 16,98 0,86",
        "6,8 28,0 48,10 42,32 20,48 8,46 16,36 34,42 56,60 56,86 32,100 4,92")),
    Form(3, "straight foot",        ( 1,  1,  1,  1,  1,  1,  2,  2), 1, (
        "6,10 26,0 50,6 48,24 26,42! 50,52 56,72 46,92 24,99 -4,99",)),
    Form(3, "tail swept left",      ( 1,  1,  2,  2,  4,  2,  2,  1), 1, (
        "24,10 42,0 60,8 56,26 36,40! 60,46 70,64 56,86 24,99 -10,94 -26,80",
        "20,8 40,0 56,10 50,28 34,40! 56,48 62,66 46,90 14,100 -14,90")),
    Form(3, "angular",              ( 1,  1,  1,  1,  1,  1,  1,  1), 1, (
        "6,0 32,8 60,16! 40,28 20,40! 42,54 64,68! 34,84 4,100",)),
    #                                US  UK  FR  DE  PL  LA  IN  JP
    Form(4, "closed",               (22, 18, 10,  8,  8, 14, 10, 50), 1, (
        "44,0 24,28 0,62! 36,62 72,62 / 44,0 44,50 44,100",
        "40,100 42,50 44,0! 22,30 0,60! 34,60 70,58",
        "42,0 22,26 0,54! 28,56 62,54 / 44,2 42,50 40,100",
        "32,0 15,28 0,62! 22,63 48,60 / 34,2 33,50 31,100")),
    Form(4, "square",               (10, 14,  6,  8,  8,  6,  8,  4), 1, (
        "4,2 4,26 4,52! 34,52 68,52 / 50,4 50,52 50,100",
        "6,4 3,28 0,50! 26,50 54,50 / 54,0 54,50 54,100")),
    Form(4, "lightning",            ( 0,  1,  4, 14, 14,  3,  2,  0), 2, (
        "40,0 20,32 0,64! 32,60 66,52 / 60,30 46,66 32,100",
        "50,0 26,30 2,62! 38,58 74,48 / 74,18 58,58 44,100",
        "58,0 28,34 0,70! 26,66 66,54 / 84,26 62,62 40,100")),
    Form(4, "tail swung left",      ( 2,  2,  4,  3,  3,  3,  5,  1), 4, (
        "12,4 6,20 2,38! 26,40 60,36 / 54,0 51,34 45,68 30,92 6,100",)),
    Form(4, "loop at the corner",   ( 1,  1,  2,  2,  2,  2,  3,  0), 1, (
        "36,0 22,24 6,50 -4,66 4,74 16,62 42,58 74,58 / 54,24 50,60 46,100",)),
    #                                US  UK  FR  DE  PL  LA  IN  JP
    Form(5, "hat apart",            ( 8,  8, 12, 10, 12, 12, 14, 20), 1, (
        "14,14 10,30 6,46! 32,40 56,54 62,74 46,96 20,100 2,92 / 22,2 46,1 76,0",
        "12,12 8,28 6,42! 34,38 58,54 60,78 38,98 4,94 / 8,0 36,1 66,2")),
    Form(5, "long hat",             ( 3,  3,  5,  5,  6,  5,  4,  2), 1, (
        "16,6 11,26 6,44! 30,40 52,52 58,72 44,94 20,100 2,92 / 14,6 52,4 92,0",
        "84,0 50,4 18,8! 12,26 6,44! 30,40 54,54 56,76 38,98 2,94")),
    Form(5, "like an S",            ( 8,  8,  6,  4,  5,  6,  6,  2), 1, (
        "66,0 38,4 14,16 10,34 30,46 52,58 60,76 44,96 20,100 0,94",)),
    Form(5, "hooked",               ( 3,  3,  5,  4,  5,  4,  5,  1), 1, (
        "66,2 42,2 20,4! 14,22 8,42! 32,38 58,52 62,76 46,98 16,98 2,84 12,74",)),
    Form(5, "square",               ( 3,  4,  2,  2,  2,  3,  3,  8), 1, (
        "60,2 34,2 10,2! 8,24 6,44! 40,40 60,58 58,84 36,100 0,98",
        "58,0 32,0 8,0! 7,22 6,44! 30,44 54,44! 55,72 56,100! 28,100 0,100")),
    #                                US  UK  FR  DE  PL  LA  IN  JP
    Form(6, "hooked",               ( 3,  3,  6,  5,  6,  6,  4,  2), 1, (
        "58,16 46,2 26,3 9,24 2,54 7,84 26,100 48,95 60,76 50,59 30,56 10,68",
        "60,10 38,0 16,8 4,32 2,64 12,92 34,100 56,90 60,70 46,56 22,57 4,72",
        "64,14 48,0 24,6 6,28 1,62 8,92 30,100 50,90 48,72 30,66 8,76")),
    Form(6, "curled in",            ( 3,  3,  3,  3,  3,  3,  5,  2), 1, (
        "40,0 16,22 1,54 4,86 28,100 54,90 58,66 38,54 22,66 30,80",)),
    Form(6, "square",               ( 2,  2,  2,  2,  2,  2,  2,  2), 4, (
        "30,0 14,26 2,56! 2,78 2,98! 28,98 54,98! 54,76 54,56! 28,56 4,56",
        "46,2 4,2! 3,50 2,98! 28,98 54,98! 54,76 54,54! 30,54 4,54")),
    Form(6, "open bowl",            ( 2,  2,  2,  2,  2,  2,  3,  2), 1, (
        "34,0 12,26 0,60 8,90 30,100 54,88 58,68 42,56 30,60",)),
    #                                US  UK  FR  DE  PL  LA  IN  JP
    Form(7, "crossed",              ( 8, 10, 44, 50, 44, 40, 16,  2), 1, (
        "-2,12 26,6 58,2! 49,34 37,66 24,100 / 6,60 36,55 68,51",
        "0,4 30,3 62,2! 52,34 42,66 34,100 / 14,50 38,50 66,50",
        "0,10 34,6 68,2! 52,34 38,66 26,100 / 14,58 44,54 72,48")),
    Form(7, "crossed, serif",       ( 2,  2, 14, 14, 12, 10,  5,  2), 1, (
        "0,18 1,4! 30,4 62,3! 52,34 42,68 34,100 / 16,52 38,51 62,50",
        "-2,24 3,6! 32,6 64,2! 52,34 42,66 32,100 / 14,58 42,54 70,50")),
    Form(7, "wavy top",             ( 6,  6,  4,  4,  4,  6,  8,  1), 1, (
        "-2,24 8,8 22,10 40,16 60,0! 50,34 40,68 32,100",
        "-8,10 2,19 24,16 46,11 64,0! 54,32 43,66 34,100")),
    Form(7, "wavy top, crossed",    ( 1,  2, 12,  8, 16, 12,  4,  0), 4, (
        "0,12 6,28 24,26 44,14 58,0! 50,30 42,62 32,98 / 4,66 34,62 70,56",
        "0,36 16,14 32,24 50,18 72,0! 58,32 44,64 32,100 / 10,66 42,62 76,58",
        "2,6 4,26 22,34 40,22 52,2! 46,36 40,68 34,100 / 8,76 38,72 68,68",
        "-6,40 8,14 16,6! 26,27 46,20 70,0! 54,34 42,66 30,100 / 8,72 40,66 72,60",
        "-4,20 8,8 28,16 46,12 64,0! 52,34 40,68 30,100 / 12,60 42,56 74,52")),
    Form(7, "serif",                ( 3,  3,  6,  4,  4,  6,  8, 70), 1, (
        "2,30 2,4! 30,4 60,4! 54,34 46,66 40,100",
        "2,36 4,18 5,3! 34,3 64,2! 52,28 42,58 40,100")),
    Form(7, "curved stem",          ( 8,  8,  4,  4,  4,  6, 10,  8), 1, (
        "0,6 30,4 62,2! 42,28 32,60 30,100",
        "0,4 32,4 60,2! 50,24 34,46 22,72 20,100")),
    Form(7, "hooked",               ( 3,  3,  3,  3,  3,  4,  5,  3), 1, (
        "6,26 -2,14 8,3 32,8 60,0! 48,34 40,66 36,100",)),
    #                                US  UK  FR  DE  PL  LA  IN  JP
    Form(8, "two circles",          ( 6,  6,  8,  8,  6,  8, 14,  6), 1, (
        "30,46 13,37 11,14 30,0 49,14 47,37 30,46 / 30,48 7,58 3,84 30,100 57,84 53,58 30,48",
        "37,42 20,34 18,12 36,0 54,12 52,34 35,42 / 28,44 4,56 2,84 28,100 54,84 52,56 26,44")),
    Form(8, "circles apart",        ( 1,  1,  1,  1,  1,  1,  2,  1), 3, (
        "30,41 13,33 12,12 30,0 48,12 47,33 30,41 / 30,53 8,62 5,86 30,100 55,86 52,62 30,53",)),
    Form(8, "open top",             ( 5,  4,  4,  4,  4,  4,  6,  4), 1, (
        "18,3 6,20 22,42 46,62 46,90 22,100 2,86 8,64 30,44 52,22 42,2",)),
    Form(8, "open at the right",    ( 3,  3,  3,  3,  3,  3,  5,  5), 1, (
        "56,16 36,0 12,8 10,28 34,46 52,66 46,92 20,100 2,86 12,66 32,52 50,40",
        "54,12 30,0 8,10 12,30 38,48 54,70 42,96 16,98 2,82 16,62 36,50 56,36")),
    #                                US  UK  FR  DE  PL  LA  IN  JP
    Form(9, "hooked",               ( 5,  6, 18, 16, 14, 12, 10,  2), 1, (
        "58,28 50,46 28,52 6,40 2,20 16,3 40,0 56,14 60,44 54,80 36,99 12,96 2,82",
        "58,22 46,40 22,44 3,28 8,8 30,0 50,6 59,26! 60,60 52,92 28,100 4,92",
        "56,26 46,46 20,48 2,30 8,8 32,0 54,12 62,40 54,76 30,98 -4,98")),
    Form(9, "flat foot",            ( 1,  1,  2,  1,  2,  2,  1,  0), 1, (
        "54,18 42,36 20,40 2,26 10,6 32,0 50,6 56,22! 57,56 53,92 42,99 20,99 -2,99",)),
    Form(9, "curled in",            ( 1,  1,  2,  2,  2,  2,  3,  1), 1, (
        "28,28 38,18 48,30 36,46 14,46 0,28 10,8 32,0 52,10 58,34 54,68 44,100",)),
    Form(9, "like a g",             ( 1,  1,  3,  2,  6,  4,  4,  0), 4, (
        "52,10 30,0 6,10 2,30 18,44 40,36 54,8! 57,44 50,84 30,100 12,92 18,78 38,68 62,60",
        "50,12 30,0 8,8 2,26 14,40 36,36 52,8! 56,44 50,86 26,100 6,90")),
    Form(9, "square",               ( 2,  1,  1,  1,  1,  1,  1,  2), 4, (
        "52,46 28,46 4,46! 3,25 2,4! 28,3 54,2! 54,50 54,100",
        "56,6 30,4 4,4! 4,24 4,44! 30,44 56,42 / 56,0 56,50 56,100")),
)
# fmt: on

N_CUSTOMS = 1 + 2 * len(SCHOOLS)
"""Customs: 0 is MNIST's writers', 1 + k that of school k, and 1 + len(SCHOOLS) + k that of the same
school where only its rare forms are asked for."""


def ways() -> tuple[Allograph, ...]:
    """Every allograph, by digit; of each digit MNIST's first, then those of `FORMS` in order."""
    found: list[Allograph] = []
    for label in range(10):
        found += [way for way in ALLOGRAPHS if way.label == label]
        for form in FORMS:
            if form.label == label:
                found += [Allograph(label, form.name, 0.0, path) for path in form.paths]
    return tuple(found)


def first_ways() -> NDArray[np.int64]:
    """The place of each form's first path among `ways`, (forms,)."""
    usual = np.bincount([way.label for way in ALLOGRAPHS], minlength=10).cumsum()
    before = np.cumsum([0, *(len(form.paths) for form in FORMS)])[:-1]
    found: NDArray[np.int64] = usual[[form.label for form in FORMS]] + before
    return found


def odds(label: int) -> NDArray[np.float64]:
    """How often each custom's writers write a digit in each of its ways.

    A school's writers use a form as often as its share says, and each of its paths alike; the
    rest of them write as MNIST's writers do. Where rare forms are asked for, a form comes share
    times lift as often, and MNIST's only where the school has no other.

    Returns:
        (N_CUSTOMS, ways of that digit in the order of `ways`), each row adding up to 1.
    """
    mine = [form for form in FORMS if form.label == label]
    usual = np.array([way.share for way in ALLOGRAPHS if way.label == label])
    usual /= usual.sum()
    shares = np.array([form.shares for form in mine]).T / 100  # (schools, forms)
    rare = shares * [form.lift for form in mine]
    rare /= np.maximum(rare.sum(axis=1, keepdims=True), 1e-9)
    n_paths = np.array([len(form.paths) for form in mine])

    def spread(forms: NDArray[np.float64]) -> NDArray[np.float64]:
        rest = np.clip(1 - forms.sum(axis=1, keepdims=True), 0, 1)
        return np.hstack([rest * usual, np.repeat(forms / n_paths, n_paths, axis=1)])

    none = np.zeros((1, len(mine)))
    return np.vstack([spread(none), spread(shares), spread(rare)])
