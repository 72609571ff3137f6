"""Answers: pictures and pages read by a model, as plain values for JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from digitnet.errors import PictureError
from digitnet.imaging.decoders import Decoders
from digitnet.imaging.framing import Frame, frame_picture, framing_stages
from digitnet.imaging.png import in_base64
from digitnet.imaging.reduce import reduce
from digitnet.models.lines import LineModel
from digitnet.models.model import Model, Prediction
from digitnet.reading.form import read_form
from digitnet.reading.page import read_page
from digitnet.reading.template import Template
from digitnet.web.errors import as_field
from digitnet.web.limits import Limits
from digitnet.web.uploads import FormFiles, Upload

STAGE_SIDE = 480
"""Pixels of a stage's longer side: it is looked at, not read."""


def answer_pictures(
    model: Model,
    uploads: Sequence[Upload],
    limits: Limits,
    decoders: Decoders,
    *,
    stages: bool = False,
    check: Callable[[], None] = lambda: None,
) -> list[dict[str, Any]]:
    """One answer for each picture, in order; one that cannot be opened has the reason.

    Args:
        model: reads them.
        uploads: the pictures' bytes.
        limits: for their pixels.
        decoders: open them.
        stages: whether to show how each was framed.
        check: called between pictures; it may raise to end the work.

    Raises:
        PictureError: none of the pictures can be opened.
    """
    framed: list[Frame | PictureError] = []
    shown: list[list[dict[str, str]]] = []
    for upload in uploads:
        check()
        try:
            picture = decoders.open(upload.content, max_pixels=limits.pixels)
        except PictureError as error:
            framed.append(error)
            shown.append([])
            continue
        framed.append(frame_picture(picture, model.framing))
        shown.append(_stages(picture, model.framing) if stages else [])
    refused = [one for one in framed if isinstance(one, PictureError)]
    if len(refused) == len(framed):
        raise refused[0]
    check()
    read = iter(model.answers([one for one in framed if isinstance(one, Frame)]))
    answers = []
    for upload, one, steps in zip(uploads, framed, shown, strict=True):
        answer = _unread(one) if isinstance(one, PictureError) else _answered(next(read))
        answers.append({"name": upload.name, **answer, **({"stages": steps} if stages else {})})
    return answers


def _answered(prediction: Prediction) -> dict[str, Any]:
    return {
        "label": prediction.label,
        "reason": prediction.reason,
        "probabilities": [float(p) for p in prediction.probabilities],
        "frame": in_base64(prediction.frame.image),
        "box": list(prediction.frame.box),
        "found": prediction.frame.sentence,
    }


def _unread(error: PictureError) -> dict[str, Any]:
    empty: dict[str, Any] = {"frame": None, "box": None, "found": None}
    return {"label": None, "reason": error.worded(as_field), "probabilities": [], **empty}


def _stages(picture: Any, framing: str) -> list[dict[str, str]]:
    return [
        {"title": title, "image": in_base64(reduce(image, STAGE_SIDE))}
        for title, image in framing_stages(picture, framing)
    ]


def answer_page(
    model: Model,
    content: bytes,
    limits: Limits,
    decoders: Decoders,
    line_model: LineModel | None = None,
    risk: str | None = None,
) -> dict[str, Any]:
    """What a page says, line by line, where each of its digits is, and what is promised of it.

    See `read_page`.

    Raises:
        PictureError: it cannot be opened.
        ModelError: the model cannot read pages.
        SettingsError: the risk is none, or was never counted.
    """
    if risk is not None and line_model is not None:
        line_model = line_model.at_risk(risk)
    elif risk is not None:
        model = model.at_risk(risk)
    picture = decoders.open(content, max_pixels=limits.pixels)
    reading = read_page(model, picture, line_model)
    digits = [{**digit.as_dict(), "frame": in_base64(digit.frame)} for digit in reading.digits]
    height, width = picture.shape[:2]
    shown = {"width": width, "height": height, **reading.as_dict(), "digits": digits}
    return {**shown, "promised": _promised(line_model)}


def _promised(line_model: LineModel | None) -> dict[str, float | None]:
    """Which share of the characters given, and of the lines, may be wrong; None for no promise."""
    if line_model is None:
        return {"characters": None, "lines": None}
    calibration = line_model.calibration
    return {
        "characters": calibration.characters.promised, "lines": calibration.lines.promised
    }  # fmt: skip


def answer_form(
    model: Model,
    line_model: LineModel,
    files: FormFiles,
    limits: Limits,
    decoders: Decoders,
    check: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """What the fields of a form say; see `read_form`.

    Raises:
        PictureError: the form or its blank cannot be opened, or the picture shows another form.
        ModelError: the model cannot read pages.
        SettingsError: the template is none.
    """
    blank = decoders.open(files.blank, max_pixels=limits.pixels)
    template = Template.of(files.template, blank)
    check()
    picture = decoders.open(files.form, max_pixels=limits.pixels)
    reading = read_form(model, line_model, picture, template, check)
    height, width = picture.shape[:2]
    return {"width": width, "height": height, **reading.as_dict()}
