"""A form, its template and its pictures, drawn once for the tests that need them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitnet.handwriting.form_pages import (
    KINDS,
    BlankForm,
    FilledForm,
    draw_blank_form,
    fill_form,
)
from digitnet.handwriting.glyphs import LineGlyphs
from digitnet.models.folder import load_model
from digitnet.models.lines import LineModel, line_model_beside
from digitnet.models.model import Model


@cache
def blank_form(seed: int = 77, n_fields: int = 6) -> BlankForm:
    return draw_blank_form(np.random.default_rng(seed), n_fields)


@cache
def filled_form(seed: int = 1, photo: bool = False) -> FilledForm:
    """The blank form filled in by a hand that writes well."""
    glyphs = LineGlyphs.make(np.random.default_rng(12), n_writers=1)
    return fill_form(blank_form(), np.random.default_rng(seed), glyphs, photo=photo)


@cache
def readers() -> tuple[Model, LineModel]:
    model = load_model("cnn")
    line_model = line_model_beside(model.class_names)
    assert line_model is not None
    return model, line_model


def template_text(blank: BlankForm, *, constrained: bool = True) -> str:
    """The template of a blank form that lies beside it as blank.png."""
    lines = ['picture = "blank.png"']
    for name, box in blank.boxes.items():
        lines += ["[[field]]", f'name = "{name}"', f"box = {list(box)}"]
        said = KINDS[name].constraints if constrained else {}
        lines += [f"{word} = {value!r}".replace("'", '"') for word, value in said.items()
                  if word != "checksum"]  # fmt: skip
    return "\n".join(lines) + "\n"


def save(picture: NDArray[np.uint8], path: Path) -> None:
    Image.fromarray(picture).save(path)
