"""Lines: training on made lines, stopped and resumed, and how it is measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset
from digitnet.errors import ModelError, SettingsError
from digitnet.handwriting.glyphs import LineGlyphs
from digitnet.handwriting.lines import Line
from digitnet.models.lines import CHARACTERS, LineModel
from digitnet.nn.line_network import LineNetwork
from digitnet.reading.made_rows import made_row
from digitnet.training.lines import (
    CUT_SHARE,
    HELD_OUT,
    LOT,
    LineRun,
    LineSettings,
    edit_distance,
    glyph_sources,
    make_lot,
    score_lines,
)
from digitnet.training.page_rows import PageRows

TINY = LineSettings(
    steps=10,
    batch_size=4,
    n_writers=2,
    widths=(2, 2, 2, 2, 2, 3, 4),
    validation_lines=3,
    validate_every=4,
)


def to_the_end(run: LineRun) -> LineRun:
    for _ in run.events():
        pass
    return run


def test_a_resumed_training_is_the_same_to_the_bit(tmp_path: Path) -> None:
    state = tmp_path / "state.npz"
    whole = to_the_end(LineRun(TINY, None, state))
    assert [score.step for score in whole.scores] == [4, 8, 10]
    assert all(np.isfinite(score.loss) for score in whole.scores)

    stopped = LineRun(TINY, None, state)
    events = stopped.events()
    for _ in range(8):  # the next batch is of another lot
        next(events)
    stopped.checkpoint()
    events.close()  # type: ignore[attr-defined]
    resumed = LineRun(TINY, None, state)
    resumed.resume()
    assert (resumed.step, resumed.scores) == (8, stopped.scores)
    to_the_end(resumed)
    np.testing.assert_array_equal(resumed.network.vector, whole.network.vector)
    np.testing.assert_array_equal(resumed.average, whole.average)
    np.testing.assert_array_equal(resumed.model().network.vector, whole.average)


def test_what_cannot_be_resumed(tmp_path: Path) -> None:
    state = tmp_path / "state.npz"
    with pytest.raises(ModelError, match="no interrupted training"):
        LineRun(TINY, None, state).resume()
    LineRun(TINY, None, state).checkpoint()
    LineRun(replace(TINY, steps=20), None, state).resume()
    with pytest.raises(ModelError, match="other settings"):
        LineRun(replace(TINY, seed=2), None, state).resume()
    state.write_bytes(state.read_bytes()[:100])
    with pytest.raises(ModelError, match="damaged"):
        LineRun(TINY, None, state).resume()


def test_lots_by_their_number() -> None:
    glyphs = LineGlyphs.make(np.random.default_rng(0), n_writers=2)
    lots = [make_lot(TINY, glyphs, number) for number in (5, 5, 6)]
    texts = [[[text for _, text in batch] for batch in lot] for lot in lots]
    assert texts[0] == texts[1] != texts[2]
    widths = sorted([image.shape[1] for image, _ in batch] for batch in lots[0])
    assert [w for batch in widths for w in batch] == sorted(w for batch in widths for w in batch)


def stripe(rng: np.random.Generator) -> tuple[NDArray[np.uint8], str]:
    """Stands for a row cut out of a page: a stripe, each at another place."""
    image = np.zeros((32, 60), np.uint8)
    at = int(rng.integers(10, 50))
    image[8:24, at : at + 3] = 200
    return image, f"row {at}"


def test_of_a_lot_a_share_is_rows_cut_out_of_pages() -> None:
    glyphs = LineGlyphs.make(np.random.default_rng(0), n_writers=2)
    lots = [make_lot(TINY, glyphs, 5, PageRows(stripe, 40, seed=1)) for _ in range(2)]
    texts = [text for batch in lots[0] for _, text in batch]
    assert len(texts) == LOT * TINY.batch_size
    cut = sum(text.startswith("row") for text in texts)
    assert cut == round(CUT_SHARE * LOT * TINY.batch_size) > 0
    for a, b in zip(*lots, strict=True):
        assert all(np.array_equal(x[0], y[0]) and x[1] == y[1] for x, y in zip(a, b, strict=True))


def test_a_row_is_cut_once_and_never_looks_the_same() -> None:
    asked = []

    def counted(rng: np.random.Generator) -> tuple[NDArray[np.uint8], str]:
        asked.append(1)
        return stripe(rng)

    rows = PageRows(counted, 1, seed=3)
    rng = np.random.default_rng(0)
    first, second = rows.draw(rng), rows.draw(rng)
    assert len(asked) == 1
    assert first[1] == second[1] == stripe(np.random.default_rng([3, 5, 0]))[1]
    assert first[0].shape[0] == second[0].shape[0] == 32
    assert first[0].shape != second[0].shape or (first[0] != second[0]).any()
    for image, _ in (first, second):
        assert 0.4 < image.astype(float).sum() / stripe(rng)[0].sum() < 1.6


def test_rows_of_pages_are_learnt_beside_lines(tmp_path: Path) -> None:
    """Another network than without them; none where no rows are asked for."""
    few = replace(TINY, page_rows=2)
    with_rows = to_the_end(LineRun(few, None, tmp_path / "a.npz", made_row))
    none = replace(TINY, page_rows=0)
    without = to_the_end(LineRun(none, None, tmp_path / "b.npz", made_row))
    plain = to_the_end(LineRun(TINY, None, tmp_path / "c.npz"))
    assert (with_rows.network.vector != plain.network.vector).any()
    np.testing.assert_array_equal(without.network.vector, plain.network.vector)


def test_held_out_digits_are_not_learnt_from() -> None:
    images = np.arange(10 * 24, dtype=np.uint8).repeat(784).reshape(240, 28, 28)
    learnt, held_out = glyph_sources(Dataset(images, np.arange(240) % 10))
    assert [len(i) for i in held_out] == [24 // HELD_OUT] * 10
    for k in range(10):
        both = np.concatenate([learnt[k], held_out[k]])[:, 0, 0]
        assert sorted(both) == sorted(images[k::10, 0, 0])
    with pytest.raises(SettingsError, match="at least 12 pictures of each digit"):
        glyph_sources(Dataset(images[:20], np.arange(20) % 10))
    two = Dataset(images, np.arange(240) % 2, class_names=("a", "b"))
    with pytest.raises(SettingsError, match="has others"):
        glyph_sources(two)


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [("", "", 0), ("12", "", 2), ("", "123", 3), ("123", "13", 1), ("12", "21", 2), ("1", "7", 1)],
)
def test_edit_distance(a: str, b: str, distance: int) -> None:
    assert edit_distance(a, b) == edit_distance(b, a) == distance


def test_a_network_that_reads_nothing_has_nothing_right() -> None:
    network = LineNetwork(32, len(CHARACTERS) + 1, TINY.widths)
    network.parameters["b8"][0] = 10.0  # all blank
    lines = [
        Line(np.zeros((32, 40), np.uint8), text, np.zeros((0, 4), np.float32))
        for text in ("12", "", "345")
    ]
    assert score_lines(LineModel(network), lines) == (0.0, pytest.approx(1 / 3))


@pytest.mark.parametrize(
    "odd",
    [{"steps": 0}, {"page_rows": -1}, {"minutes": -1.0}, {"learning_rate": 0.0}, {"average": 1.0}],
)
def test_settings_that_make_no_sense(odd: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        replace(TINY, **odd)  # type: ignore[arg-type]
