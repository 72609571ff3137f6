"""Card: the README.md beside an exported model, in the form of the Hugging Face hub.

Its YAML head is what the hub lists and searches models by; the text says what the model is, how it
is used, its figures and its limits. All of it comes from the model itself: nothing is claimed that
was not recorded when it was trained and calibrated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from digitnet.models.box import FOLDER, box_names, in_box
from digitnet.models.description import arrays_of
from digitnet.models.folder import load_model
from digitnet.models.model import Model, network_in_words
from digitnet.text import shown

ANSWERED, UNSURE, NO_DIGIT, NO_FRAME = range(4)
REFUSALS = {
    UNSURE: "unsure",
    NO_DIGIT: "no digit",
    NO_FRAME: "no frame (numbers outside of 0..1)",
}
"""Why a frame has no answer, by the number that stands for it in an exported graph."""

LICENCE = "MIT"
"""Of digitnet, and of the models in the box."""
BEST_KNOWN = {"mnist": "mnist"}
"""A source's name here and on the hub."""
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|!&~-])")

LIMITS = """\
- It reads **one digit in a frame** of 28 x 28, and what it knows of the world are such frames:
  ink bright on 0, {framing}.
  The framing of pictures is digitnet's (`{name}`) and not in this folder; with another one the
  figures do not hold. It also says where a picture shows no single digit (`Frame.reason`).
- It knows these classes and no other. What is none of them is refused where it looks like it;
  not all of it does.
- A **refusal** is an answer, not an error: whoever takes the likeliest class all the same takes a
  risk that nobody has counted.
"""
FRAMINGS = {
    "mnist": "the digit 20 pixels at its longer side, its centre of mass in the middle, as MNIST's",
    "stretch": "the whole picture stretched to the frame, as the original program did",
}


class Card(NamedTuple):
    """What a card says of an export, beside what it says of the model.

    Attributes:
        kind: what the model was exported to, in words.
        library: the hub's `library_name`, by which models are found.
        files: name of each file beside the card -> what it is.
        use: how it is used, in Markdown.
    """

    kind: str
    library: str
    files: Mapping[str, str]
    use: str


def write_card(model: Model, name: str, card: Card) -> bytes:
    """README.md of an exported model that is called `name`."""
    lines = [
        *_head(model, name, card),
        f"# {_plain(name)}",
        "",
        f"A network that reads handwritten digits, {network_in_words(model.network)}, "
        f"{model.n_parameters:,} parameters, exported to {card.kind} by digitnet "
        f"{version('digitnet')}. Its classes, in the order of its outputs:",
        "",
        "```json",
        json.dumps(model.class_names),
        "```",
        "",
        "## Files",
        "",
        *(f"- `{file}`: {what}." for file, what in card.files.items()),
        "",
        "## How to use it",
        "",
        card.use.rstrip(),
        "",
        "## Figures",
        "",
        *_figures_in_words(model),
        "",
        "## Limits",
        "",
        LIMITS.format(framing=FRAMINGS[model.framing], name=model.framing).rstrip(),
        "",
        *_own_card(model, name),
        "## Licence",
        "",
        "MIT, as digitnet's. MNIST is by Y. LeCun, C. Cortes and C. Burges; none of its pictures "
        "are in here."
        if licence_of(model, name)
        else "Whoever trained this model says under which licence it may be used: put it here and "
        "into the head of this file before you give it away.",
    ]
    return ("\n".join(lines) + "\n").encode()


def figures(model: Model) -> dict[str, float | int]:
    """What was recorded when the model was trained and calibrated, as far as it was."""
    training, calibration = model.training, model.calibration
    found: dict[str, float | int] = {}
    for key in ("validation_accuracy", "n_validation", "n_training"):
        if isinstance(training.get(key), int | float):
            found[key] = training[key]
    if calibration.risks is not None and calibration.promised is not None:
        row = calibration.risks.row(calibration.risk or 0.0)
        found |= {"promised_risk": row.bound, "coverage": row.coverage}
        found["n_calibration"] = calibration.risks.n
    return found


def licence_of(model: Model, name: str) -> str | None:
    """MIT for a model that is in the box; None for any other, which is its maker's to say."""
    if name not in box_names():
        return None
    own, boxed = arrays_of(model), arrays_of(load_model(in_box(name)))
    same = own.keys() == boxed.keys() and all(np.array_equal(own[k], boxed[k]) for k in own)
    return LICENCE if same else None


def _head(model: Model, name: str, card: Card) -> list[str]:
    """The YAML between two rules; every text of the user's in JSON's quotes, which YAML reads."""
    known = figures(model)
    source = _source(model)
    lines = [
        "---",
        f"license: {'mit' if licence_of(model, name) else 'unknown'}",
        f"library_name: {card.library}",
        "pipeline_tag: image-classification",
        "tags:",
        *(f"- {tag}" for tag in dict.fromkeys((card.library, "handwritten-digits", "digitnet"))),
    ]
    if source in BEST_KNOWN:
        lines += ["datasets:", f"- {BEST_KNOWN[source]}"]
    lines += ["metrics:", "- accuracy"]
    if "validation_accuracy" in known:
        where = f"{source}, digits kept back while it learnt"
        lines += [
            "model-index:",
            f"- name: {json.dumps(shown(name))}",
            "  results:",
            "  - task:",
            "      type: image-classification",
            "    dataset:",
            f"      name: {json.dumps(where)}",
            f"      type: {BEST_KNOWN.get(source, 'other')}",
            "    metrics:",
            "    - type: accuracy",
            f"      value: {known['validation_accuracy']:.6f}",
        ]
    return [*lines, "---", ""]


def _figures_in_words(model: Model) -> list[str]:
    """One line for each figure; none is left out in silence."""
    known, risks = figures(model), model.calibration.risks
    lines = []
    if "validation_accuracy" in known:
        of = f"{known['n_validation']:,} " if "n_validation" in known else ""
        lines.append(
            f"- **{100 * known['validation_accuracy']:.2f} % right** of {of}digits that were kept "
            f"back while it learnt, from {_plain(_source(model))}; the best epoch was chosen by "
            "them, so new digits of the same kind come out a little worse."
        )
    if "n_training" in known:
        lines.append(f"- Learnt from {known['n_training']:,} digits.")
    if risks is not None and "promised_risk" in known:
        lines.append(
            f"- **Promised**: of the answers given at most {100 * known['promised_risk']:.2g} % "
            f"are wrong, but for a chance of 5 %; {100 * known['coverage']:.1f} % of "
            f"{risks.n:,} counted digits got an answer ({_plain(risks.counted_on)}). Digits of "
            "other kinds are not covered by it."
        )
    return lines or ["Nothing was recorded when it was trained: measure it on digits of your own."]


def _own_card(model: Model, name: str) -> list[str]:
    """What the card of a model in the box says of it; nothing of any other."""
    if licence_of(model, name) is None:
        return []
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    _, _, body = text.partition("\n\n")
    kept = [line for line in body.splitlines() if not line.startswith("- **Licence**")]
    return ["## What digitnet's own card says", "", *kept, ""]


def _source(model: Model) -> str:
    """What it learnt from, as it is called, not where it lies."""
    plan: Any = model.training.get("plan", {})
    source = plan.get("source") if isinstance(plan, dict) else None
    return Path(source).name if isinstance(source, str) else "an unknown source"


def _plain(text: str) -> str:
    """A text of the user's in one line of Markdown that formats nothing."""
    return _MARKS.sub(r"\\\1", shown(text))
