"""The explanation's picture: whole, of every stage, also without an answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitnet.errors import OutputError
from digitnet.imaging.framing import frame_picture, framing_stages
from digitnet.plots.explanation import save_explanation
from support.helpers import small_model


@pytest.mark.parametrize("framing", ["mnist", "stretch"])
@pytest.mark.parametrize("blank", [False, True], ids=["a stroke", "blank paper"])
def test_it_is_drawn_for_any_framing_and_answer(
    tmp_path: Path, rng: np.random.Generator, framing: str, blank: bool
) -> None:
    picture = np.full((90, 140), 235, dtype=np.uint8)
    if not blank:
        picture[20:70, 60:66] = 30
    model = small_model(rng, framing)
    prediction = model.answer(frame_picture(picture, framing))
    stages = framing_stages(picture, framing)
    np.testing.assert_array_equal(stages[0][1], picture)
    np.testing.assert_array_equal(stages[-1][1], prediction.frame.image)
    path = tmp_path / "why.png"
    save_explanation(stages, prediction, model.class_names, path)
    header = path.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(header[i : i + 4], "big") for i in (16, 20))
    assert width > 1.5 * height  # side by side


def test_a_place_that_cannot_be_written_to(tmp_path: Path, rng: np.random.Generator) -> None:
    picture = np.zeros((40, 40), dtype=np.uint8)
    model = small_model(rng)
    prediction = model.answer(frame_picture(picture))
    with pytest.raises(OutputError):
        save_explanation([("frame", picture)], prediction, model.class_names, tmp_path / "a" / "b")
