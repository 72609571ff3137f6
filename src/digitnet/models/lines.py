"""Lines: a model that reads whole lines, and its folder.

model/
  W1.npy b1.npy ... mean7.npy ...   float32, see nn/line_network.py
  model.json                        kind "lines", widths, classes, training record, SHA-256, and
                                    what its answers risk, see models/line_calibration.py
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from digitnet.data.dataset import DIGITS
from digitnet.errors import ModelError
from digitnet.models.box import LINES, in_box
from digitnet.models.description import (
    ODD,
    check_seal,
    describe_calibration,
    rebuild_calibration,
    sealed,
    to_json,
)
from digitnet.models.folder import DESCRIPTION, fill_arrays, write_folder
from digitnet.models.line_calibration import LineCalibration
from digitnet.models.npy import read_content, sha256, to_npy
from digitnet.nn.line_network import LineNetwork

CHARACTERS = "0123456789.,-/:?"
"""What each class but the blank, class 0, stands for; ? is a mark that is none of the others."""
KIND = "lines"
VERSION = 1


@dataclass
class LineModel:
    """A network that reads lines.

    Attributes:
        network: its class 0 is the blank, class 1 + i is `characters[i]`.
        characters: see CHARACTERS.
        training: what is known of its training, plain JSON values.
        calibration: what its answers are worth, beside a model of single digits, and when one is
            unsure.
    """

    network: LineNetwork
    characters: str = CHARACTERS
    training: dict[str, Any] = field(default_factory=dict)
    calibration: LineCalibration = field(default_factory=LineCalibration)

    def at_risk(self, risk: float | str) -> LineModel:
        """The same model, which is unsure of so much that no more than that share is wrong.

        Args:
            risk: of the characters given, and of the lines, as 0.005 or "0.5%"; 0 is unsure of
                nothing.

        Raises:
            SettingsError: it is no share below 1, or this model can promise nothing.
        """
        return replace(self, calibration=self.calibration.at(risk))

    def classes_of(self, text: str) -> list[int]:
        """The classes of a text's characters.

        Raises:
            ValueError: a character that is none of the model's.
        """
        return [self.characters.index(character) + 1 for character in text]

    def text_of(self, classes: tuple[int, ...]) -> str:
        """The text that classes stand for."""
        return "".join(self.characters[k - 1] for k in classes)


def line_model_beside(class_names: Sequence[str]) -> LineModel | None:
    """The model in the box that reads the lines of a model of single digits.

    Args:
        class_names: of the model of single digits.

    Returns:
        None where those classes are not the ten digits in order.
    """
    if list(class_names) != list(DIGITS):
        return None
    return load_line_model(in_box(LINES))


def save_line_model(model: LineModel, folder: str | Path) -> None:
    """Write the folder whole, in the place of a model that stands there.

    Raises:
        OutputError: see `save_model`.
    """
    contents = {f"{name}.npy": to_npy(view) for name, view in model.network.parameters.items()}
    description = {
        "format": "digitnet model",
        "version": VERSION,
        "kind": KIND,
        "height": model.network.height,
        "widths": list(model.network.widths),
        "characters": model.characters,
        "training": model.training,
        "calibration": {
            part.name: describe_calibration(getattr(model.calibration, part.name))
            for part in fields(LineCalibration)
        },
        "arrays": {name: {"sha256": sha256(content)} for name, content in contents.items()},
    }
    contents[DESCRIPTION] = to_json(sealed(description))
    write_folder(contents, folder)


def load_line_model(folder: str | Path) -> LineModel:
    """Read a model's folder and check every array.

    Raises:
        ModelError: none is there, it is of another kind or version, damaged or incomplete.
    """
    folder = Path(folder)
    where = folder / DESCRIPTION
    if not folder.is_dir():
        raise ModelError(f"There is no folder {folder} with a model that reads lines.")
    try:
        description = json.loads(read_content(where))
        if description.get("kind") != KIND:
            raise ModelError(
                f"{folder} holds a model of single digits, not one that reads lines.",
                "name a model that was trained on lines.",
            )
        check_seal(description, where)
        if description["version"] != VERSION:
            raise ModelError(
                f"{where} has format version {description['version']}, and this digitnet reads "
                f"{VERSION}; update digitnet or train anew."
            )
        characters = str(description["characters"])
        network = LineNetwork(description["height"], len(characters) + 1, description["widths"])
        hashes = {name: entry["sha256"] for name, entry in description["arrays"].items()}
        calibration = _calibration(description.get("calibration"))
        model = LineModel(network, characters, dict(description["training"]), calibration)
    except ODD as error:
        raise ModelError(f"{where} is damaged ({error}); train the model anew.") from error
    fill_arrays(network.parameters, hashes, folder)
    return model


def _calibration(entry: dict[str, Any] | None) -> LineCalibration:
    """A calibration from its description; a folder from before there were any has none."""
    if entry is None:
        return LineCalibration()
    names = [part.name for part in fields(LineCalibration)]
    if sorted(entry) != sorted(names):
        raise ValueError("a calibration that is not whole")
    parts = [rebuild_calibration(entry[name]) for name in names]
    if any(part.novelty is not None for part in parts):
        raise ValueError("a calibration of lines with a novelty")
    return LineCalibration(*parts)
