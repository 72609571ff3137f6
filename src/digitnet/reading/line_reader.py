"""Line reader: a network that reads a row whole, and what it and the row's parts agree on."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

from digitnet.imaging.arrays import Bytes
from digitnet.imaging.boxes import around
from digitnet.imaging.components import Component
from digitnet.imaging.line_frame import normalise_line
from digitnet.models.lines import LineModel
from digitnet.nn.ctc import Decoded, LineLabels, beam_search, greedy, log_likelihood, placed
from digitnet.nn.layer import FloatArray
from digitnet.nn.line_network import as_batch
from digitnet.nn.losses import log_softmax
from digitnet.reading.components import LEAST_HEIGHT, SPECK, is_dust
from digitnet.reading.fields import Field
from digitnet.reading.segmentation import DIGITS, Aligned, Lattice, Row, align
from digitnet.reading.sheet import Sheet
from digitnet.reading.signs import BEFORE_A_DIGIT, BEHIND_A_DIGIT, SIGNS
from digitnet.threads import on_all_cores, one_blas_thread

BEAM = 6
"""Texts of a row that are weighed, at most, beside the one that its parts say."""
FIELD_BEAM, LEAST_IN_FIELD = 64, -25.0
"""Beginnings of texts that are kept where a field is searched for, and what a character's
log-probability is there, at least: what is right may be far from the likeliest."""
CERTAIN = 0.999
"""A row's likeliest path, as a probability, from which it is searched for no other."""
AGREED = 0.95
"""How likely each character must be on it, where the parts of a page of very many marks say the
same, for no other to be searched for."""
WEIGHT = 0.35
"""What the parts' log-probability counts for beside the network's: they look at the same ink."""
ODD_PLACE = 3.0
"""What it costs in log-probability that a sign stands where none does in a number."""
ABOVE = 1.0
"""Heights of a digit that are cut out above and below a row."""
BESIDE = 0.35
"""Heights of a digit that are cut out on its left and right."""


class RowLine(NamedTuple):
    """What a network sees in a row: its likeliest texts, the best first, and its logits (T, K)."""

    found: list[Decoded]
    logits: FloatArray


class Settled(NamedTuple):
    """What a row says after all: the text, its place in the ink, and what each character is worth.

    ``probabilities`` are the characters', each the share of all weighed texts that agree on it,
    and no more than what the network sees where it stands. ``share`` is the text's own, of all
    weighed texts: a character that was left out lowers no other's probability.
    """

    text: str
    aligned: Aligned
    probabilities: list[float]
    share: float


def row_image(sheet: Sheet, row: Sequence[Component], height: float, speck: float = SPECK) -> Bytes:
    """A row set level and scaled for a network, (LINE_HEIGHT, W), ink 255 on 0.

    Only the row's own components are in it, and of those no dust.

    Args:
        sheet: before anything in it is cut apart.
        row: its components, from left to right.
        height: of a usual digit of it, in pixels.
        speck: of the pen's width, see `is_dust`.
    """
    bodies = [one for one in row if one.height > 0.5 * height]
    x, y = (np.array([(one.box[k] + one.box[k + 2]) / 2 for one in bodies]) for k in (0, 1))
    slope = 0.0
    if len(bodies) > 2 and np.ptp(x) > 2 * height:
        slope = float(np.polyfit(x, y, 1)[0])
    left, top, right, bottom = around(one.box for one in row)
    pad = int(BESIDE * height) + 1
    columns, rows = sheet.labels.shape[1], sheet.labels.shape[0]
    x0, x1 = max(0, left - pad), min(columns, right + pad)
    y0, y1 = max(0, top - 2), min(rows, bottom + 2)
    here = sheet.labels[y0:y1, x0:x1]
    no_dust = [one.label for one in without_dust(sheet, row, height, speck)]
    own = np.isin(here, no_dust)
    around_it = np.asarray(cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8)))
    own |= (around_it > 0) & (here == 0)
    assert sheet.ink is not None, "a sheet with components has ink"
    cover = (sheet.contrast[y0:y1, x0:x1] / sheet.ink.level).clip(0, 1) * own
    # The middle of a digit at the image's left end, once the row is level.
    middle = float(np.median(y - slope * (x - x0))) - y0
    ink = np.asarray(np.rint(255 * cover), np.uint8)
    room = int(2 * height) + abs(int(slope * (x1 - x0)))
    ink = np.pad(ink, ((room, room), (0, 0)))
    if slope:
        level = np.array([[1, 0, 0], [-slope, 1, 0]], np.float64)
        size = (ink.shape[1], ink.shape[0])
        ink = np.asarray(cv2.warpAffine(ink, level, size, flags=cv2.INTER_LINEAR), np.uint8)
    from_top = round(room + middle - (0.5 + ABOVE) * height)
    crop = np.ascontiguousarray(ink[max(from_top, 0) : round(room + middle + 1.5 * height)])
    digit_top = room + middle - height / 2 - max(from_top, 0)
    return normalise_line(crop, digit_top, digit_top + height)


def without_dust(
    sheet: Sheet, row: Sequence[Component], height: float, speck: float = SPECK
) -> list[Component]:
    """The components of a row that its image shows; arguments as of `row_image`."""
    return [
        one for one in row
        if one.height >= LEAST_HEIGHT * height or not is_dust(one.box, sheet.pen, height, speck)
    ]  # fmt: skip


class _InField:
    """A field's texts for a search over classes; what may follow a beginning is told once."""

    def __init__(self, model: LineModel, field: Field) -> None:
        self.model, self.field = model, field
        self._may_follow: dict[tuple[int, ...], frozenset[int]] = {}

    def allowed(self, prefix: tuple[int, ...], following: int) -> bool:
        """Whether a text of the field may begin so."""
        if prefix not in self._may_follow:
            text = self.model.text_of(prefix)
            self._may_follow[prefix] = frozenset(
                k for k, character in enumerate(self.model.characters, 1)
                if self.field.may_begin(text, character)
            )  # fmt: skip
        return following in self._may_follow[prefix]

    def complete(self, prefix: tuple[int, ...]) -> bool:
        """Whether it is one."""
        return self.field.holds(self.model.text_of(prefix))


def see_lines(model: LineModel, images: Sequence[Bytes]) -> list[FloatArray]:
    """The logits (T, K) of each row's image, (LINE_HEIGHT, W); of several on all cores."""
    logits: list[FloatArray] = [np.zeros((0, 0), np.float32)] * len(images)

    def see(k: int) -> None:
        x, columns = as_batch([images[k]])
        logits[k] = model.network.forward(x)[0][: columns[0]]

    if len(images) == 1:
        see(0)
    else:
        with one_blas_thread():
            on_all_cores(see, range(len(images)))
    return logits


def read_line(
    model: LineModel, logits: FloatArray, field: Field | None = None, agreed: str | None = None
) -> RowLine:
    """The likeliest texts of a row's logits, (T, K); of a field, none but its own.

    Where the likeliest path says what is ``agreed`` already, other texts are searched for less.
    """
    best = greedy(logits)
    text = model.text_of(best.classes)
    within = field is None or field.holds(text)
    plain = text == agreed and bool(text) and np.exp(min(best.log_probs)) >= AGREED
    if within and (plain or np.exp(best.log_prob) >= CERTAIN):
        return RowLine([best], logits)
    if field is not None:
        found = beam_search(logits, FIELD_BEAM, _InField(model, field), least=LEAST_IN_FIELD)
        found.sort(key=lambda one: -one.log_prob)
        return RowLine(found[:BEAM], logits)
    return RowLine(beam_search(logits, width=BEAM), logits)


def settle(
    model: LineModel, line: RowLine, lattice: Lattice, row: Row, field: Field | None = None
) -> Settled | None:
    """The text of a row that the network and the parts together hold for the likeliest.

    What is the first choice of both stays so, however odd the shape of what was cut apart.

    Args:
        model: reads lines.
        line: what it sees.
        lattice: the ways to put the row's parts together.
        row: what the parts alone say.
        field: what the row must say.

    Returns:
        None where none of the texts can be told from the parts.
    """
    found = {model.text_of(one.classes): one for one in line.found}
    parts_say = text_of(row)
    both = parts_say if parts_say == next(iter(found), None) else None
    if parts_say not in found and (field is None or field.holds(parts_say)):
        told = _told(model, line, parts_say)
        found |= {parts_say: told} if told is not None else {}
    weighed = []
    for (text, one), aligned in zip(found.items(), align(lattice, list(found)), strict=True):
        if aligned is not None:
            odd = ODD_PLACE * odd_places(text)
            weighed.append((one.log_prob + WEIGHT * aligned.score - odd, text, aligned))
    if not weighed:
        return None
    weighed.sort(key=lambda one: (one[1] != both, -one[0], one[1]))
    scores = np.array([score for score, _, _ in weighed])
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    _, best, aligned = weighed[0]
    agreed = np.zeros(len(best))
    for share, (_, text, _) in zip(shares, weighed, strict=True):
        for a, _, n in SequenceMatcher(None, best, text, autojunk=False).get_matching_blocks():
            agreed[a : a + n] += share
    seen = np.exp(found[best].log_probs)
    return Settled(best, aligned, np.minimum(agreed, seen).clip(0, 1).tolist(), float(shares[0]))


def odd_places(text: str) -> int:
    """How many signs of a text stand beside another or, but a minus or a point, first in it.

    A slash, a colon or a minus does not stand last, either. A leaning 1 is told from a slash so.
    """
    beside = sum(a in SIGNS and b in SIGNS for a, b in pairwise(text))
    ends = len(text) > 1 and text.endswith(BEFORE_A_DIGIT)
    return beside + text.startswith(BEHIND_A_DIGIT) + ends


def _told(model: LineModel, line: RowLine, text: str) -> Decoded | None:
    """A text as the network sees it; None where it has too few columns for it."""
    classes = tuple(model.classes_of(text))
    if not LineLabels.of([classes], [len(line.logits)]).fits().all():
        return None
    log_probs = log_softmax(line.logits.astype(np.float64))
    return placed([classes], log_probs, [log_likelihood(log_probs, classes)])[0]


def text_of(row: Row) -> str:
    """What the digits and signs of a row say, from left to right."""
    items = [(one.box, DIGITS[one.label]) for one in row.digits] + row.signs
    return "".join(text for _, text in sorted(items, key=lambda item: item[0][0] + item[0][2]))
