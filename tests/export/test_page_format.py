"""The page's format: what its header says, and that digitnet's constants come with it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from digitnet.export.page_format import encode
from digitnet.imaging import framing, stroke_width
from digitnet.models import novelty
from digitnet.models.folder import load_model


def header_of(content: bytes) -> dict[str, Any]:
    n_header = int.from_bytes(content[:4], "little")
    found: dict[str, Any] = json.loads(content[4 : 4 + n_header])
    return found


def test_the_numbers_begin_at_a_multiple_of_four_and_are_all_there() -> None:
    content = encode(load_model("mlp"), "mlp")
    n_header = 4 + int.from_bytes(content[:4], "little")
    assert n_header % 4 == 0
    described = header_of(content)
    placed = [
        *(each for layer in described["members"][0]["layers"] for each in layer["parameters"]),
        *described["calibration"]["novelty"]["arrays"],
    ]
    at = 0
    for array in placed:
        assert array["offset"] == at
        at += int(np.prod(array["shape"]))
    assert n_header + 4 * at == len(content)


def test_the_constants_of_framing_and_novelty_come_with_the_model() -> None:
    """They stand in Python alone: the page has no numbers of its own for them."""
    described = header_of(encode(load_model("cnn"), "cnn"))
    assert described["frame"] == {
        "side": framing.SIDE,
        "box": stroke_width.BOX,
        "fine": stroke_width.FINE,
        "thinnest": stroke_width.THINNEST,
        "thickest": stroke_width.THICKEST,
    }
    told = described["calibration"]["novelty"]
    assert told.pop("arrays")
    assert told == {
        "most": load_model("cnn").calibration.most_novelty,
        "cells": novelty.CELLS,
        "directions": novelty.DIRECTIONS,
        "ink_side": novelty.INK_SIDE,
        "ink_weight": novelty.INK_WEIGHT,
        "spread": novelty.SPREAD,
    }
