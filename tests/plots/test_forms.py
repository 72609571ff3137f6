"""The gallery: every form stands in it with its name and its schools."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitnet.errors import OutputError
from digitnet.handwriting.schools import FORMS
from digitnet.plots.forms import save_forms

pytest.importorskip("matplotlib", reason="needs the extra plots")


def test_every_form_is_named(tmp_path: Path) -> None:
    save_forms(tmp_path / "forms.svg")
    text = (tmp_path / "forms.svg").read_text()
    for form in FORMS:
        assert f"<!-- {form.name} -->" in text  # Matplotlib's note beside the letters' outlines
        first = (*form.usual_in(), "everywhere")[0]
        assert first in text


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        save_forms(tmp_path / "no" / "forms.png")
    with pytest.raises(OutputError, match="tiff9"):
        save_forms(tmp_path / "forms.tiff9")
