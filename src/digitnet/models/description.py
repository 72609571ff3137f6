"""Description: what model.json says of a model, and the model that such words describe."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import ModelError, SettingsError
from digitnet.imaging.framing import FRAMING_VERSION, FRAMINGS
from digitnet.models.calibration import Calibration
from digitnet.models.integer_network import IntegerLayer, IntegerNetwork, Limits
from digitnet.models.model import AnyNetwork, Model
from digitnet.models.novelty import N_AXES, N_FEATURES, N_PLACED, Novelty
from digitnet.models.risk import MOST_ROWS, RiskTable, Row
from digitnet.nn import Ensemble, Network
from digitnet.nn.kinds import UnknownLayerError, describe_layer, rebuild_layer
from digitnet.nn.layer import FloatArray, Layer

ODD = (
    ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError,
    SettingsError,
)  # fmt: skip
"""What comes of a description whose values have other types or sizes than were ever written."""

VERSION = 1
SEAL = "seal"
"""The key of the SHA-256 of all else that model.json says: what is damaged is found out."""
KEYS = {
    "format", "version", "class_names", "framing", "calibration", "training", "arrays",
}  # fmt: skip
"""What model.json says, beside the layers or the members of an ensemble, and the seal."""
NOVELTY = tuple(f"novelty_{field.name}" for field in fields(Novelty))
MOST_WEIGHTS = 2**24
"""Of a layer of whole numbers that are believed."""
MOST_HIDDEN = 256
"""Neurons of a novelty's network that are believed."""


def arrays_of(model: Model) -> dict[str, NDArray[Any]]:
    """Every array a model folder keeps, by name: the network's, then the calibration's."""
    arrays: dict[str, NDArray[Any]] = dict(model.network.parameters)
    novelty = model.calibration.novelty
    if novelty is not None:
        arrays |= {f"novelty_{name}": array for name, array in novelty.arrays.items()}
    return arrays


def describe(model: Model, hashes: Mapping[str, str]) -> dict[str, Any]:
    """What model.json says; `hashes` has the SHA-256 of each array's file by its name.

    Raises:
        ModelError: a layer that could not be loaded again.
    """
    arrays = arrays_of(model)
    return {
        "format": "digitnet model",
        "version": VERSION,
        **_describe_network(model.network),
        "class_names": list(model.class_names),
        "framing": {"name": model.framing, "version": FRAMING_VERSION},
        "calibration": describe_calibration(model.calibration),
        "training": model.training,
        "arrays": {
            name: {
                "shape": list(arrays[name.removesuffix(".npy")].shape),
                "dtype": _dtype(arrays[name.removesuffix(".npy")]),
                "sha256": sha,
            }
            for name, sha in hashes.items()
        },
    }


def _dtype(array: NDArray[Any]) -> str:
    return "float32" if array.dtype.kind == "f" else str(array.dtype)


def sealed(description: Mapping[str, Any]) -> dict[str, Any]:
    """The same description with its seal."""
    return {**description, SEAL: _seal(description)}


def to_json(description: Mapping[str, Any]) -> bytes:
    """The bytes of model.json; a byte of a name that is no UTF-8 becomes JSON's own escape."""
    text = json.dumps(description, indent=2, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def check_seal(description: Mapping[str, Any], where: Path) -> None:
    """Nothing where the seal fits, or there is none, as in a folder from before there were seals.

    Raises:
        ModelError: it does not fit.
    """
    if SEAL in description and description[SEAL] != _seal(description):
        raise ModelError(
            f"{where} is not what was written with its seal: damaged or changed.",
            "restore it or train anew.",
        )


def _seal(description: Mapping[str, Any]) -> str:
    """SHA-256 over the keys in order and the values as JSON without blanks, as hex."""
    rest = {key: value for key, value in description.items() if key != SEAL}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def rebuild(content: bytes, where: Path) -> tuple[Model, dict[str, str]]:
    """The model that model.json's bytes describe, its arrays still empty, and their SHA-256.

    Raises:
        ModelError: naming `where`, the file they come from: damaged, of another version, or with a
            layer that is not known.
    """
    try:
        description = json.loads(content)
        version = description["version"]
        if description.get("kind") == "lines":
            raise ModelError(
                f"{where.parent} holds a model that reads lines, not single digits.",
                "name a model of digits here.",
            )
        check_seal(description, where)
        if version != VERSION:
            raise ModelError(
                f"{where} has format version {version}, and this digitnet reads {VERSION}; "
                "update digitnet or train anew."
            )
        _check_keys(description)
        hashes = {name: entry["sha256"] for name, entry in description["arrays"].items()}
        class_names = tuple(str(name) for name in description["class_names"])
        model = Model(
            _network(description, class_names),
            class_names,
            _framing(description["framing"]["name"]),
            dict(description["training"]),
            rebuild_calibration(description.get("calibration")),
            sealed=SEAL in description,
        )
    except UnknownLayerError as error:
        raise ModelError(
            f"{where} has a layer of a kind that is not known, {error}.",
            f"update digitnet, or import the class {error} and register it before loading the "
            "model, with digitnet.nn.register_layer.",
        ) from error
    except ODD as error:
        raise ModelError(f"{where} is damaged ({error}); train the model anew.") from error
    n_classes = len(model.class_names)
    if model.network.n_out != n_classes:
        raise ModelError(
            f"{where} names {n_classes} classes for {model.network.n_out} outputs of its network.",
            "restore it or train anew.",
        )
    return model, hashes


def _check_keys(description: dict[str, Any]) -> None:
    """All that must be said is said, of the right kind, and nothing that nobody understands."""
    body = next(({key} for key in ("members", "integer") if key in description), {"layers"})
    keys = set(description) - {SEAL}
    if odd := sorted((keys - KEYS - body) | (KEYS - {"calibration"} | body) - keys):
        raise ValueError(f"{odd[0]!r} is missing or not known")
    if not isinstance(description["class_names"], list):
        raise ValueError("its class names are no list")
    if len(set(map(str, description["class_names"]))) != len(description["class_names"]):
        raise ValueError("two of its classes have one name")
    _check_training(description["training"])


def _check_training(training: dict[str, Any]) -> None:
    """What lists of models show of a training's record is of the kind that they show."""
    plan = training.get("plan", {})
    if not isinstance(plan, dict):
        raise ValueError("its training's plan is none")
    accuracy = training.get("validation_accuracy")
    if accuracy is not None and not (_is_number(accuracy) and 0 <= accuracy <= 1):
        raise ValueError("its validation accuracy is none")
    if not (_is_number(epochs := training.get("epochs_done", 0)) and 0 <= epochs < 10**9):
        raise ValueError("its number of epochs is none")
    for name in ("source", "start"):
        if not isinstance(plan.get(name), str | None):
            raise ValueError(f"its training's {name} is no text")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _describe_network(network: AnyNetwork) -> dict[str, Any]:
    """The layers of a network, or of each member of an ensemble."""
    if isinstance(network, IntegerNetwork):
        layers = [
            {"kind": x.kind, "bits": x.bits, "shape": list(x.weights.shape), "shift": x.shift}
            for x in network.layers
        ]
        return {"integer": {"layers": layers, "limits": network.limits._asdict()}}
    if isinstance(network, Ensemble):
        return {"members": [_describe_network(member) for member in network.networks]}
    return {"layers": [_describe_layer(layer) for layer in network.layers]}


def _describe_layer(layer: Layer) -> dict[str, Any]:
    """A layer's kind and settings, where they can be read again."""
    try:
        return describe_layer(layer)
    except UnknownLayerError as error:
        raise ModelError(
            f"The model cannot be saved: its layer {layer} could not be loaded again, because the "
            f"class {error} is not registered.",
            "write @digitnet.nn.register_layer above the class.",
        ) from error
    except ValueError as error:
        raise ModelError(f"The model cannot be saved: {error}") from error


def _network(entry: dict[str, Any], class_names: Sequence[str]) -> AnyNetwork:
    """A network or an ensemble from its description, its parameters zeros."""
    if "integer" in entry:
        layers = [_integer_layer(**layer) for layer in entry["integer"]["layers"]]
        said = entry["integer"]["limits"]
        if set(said) != set(Limits._fields):
            raise ValueError("limits that are not whole")
        limits = Limits(*(int(said[name]) for name in Limits._fields))
        return IntegerNetwork.unfilled(layers, tuple(class_names), limits)
    if "members" in entry:
        return Ensemble([_plain(member) for member in entry["members"]])
    return _plain(entry)


def _integer_layer(kind: str, bits: str, shape: list[int], shift: int) -> IntegerLayer:
    """A layer of whole numbers, its arrays zeros; they must be plausible before memory is taken."""
    sides = tuple(int(n) for n in shape)
    if kind == "pool":
        return IntegerLayer("pool")
    if not 2 <= len(sides) <= 4 or min(sides) < 1 or math.prod(sides) > MOST_WEIGHTS:
        raise ValueError(f"a layer of shape {shape}")
    return IntegerLayer(
        str(kind),
        str(bits),
        np.zeros(sides, np.int8),
        np.zeros(sides[0], np.int32),
        np.zeros(sides[0] if shift else 0, np.uint8),
        int(shift),
    )


def _plain(entry: dict[str, Any]) -> Network:
    return Network([rebuild_layer(layer) for layer in entry["layers"]])


def _framing(name: str) -> str:
    """The framing's name where this version knows it."""
    if name not in FRAMINGS:
        raise ValueError(f"unknown framing {name!r}")
    return name


def describe_calibration(calibration: Calibration) -> dict[str, Any]:
    """Its numbers; JSON has no infinity, so a novelty without a limit is null."""
    novelty, risks = calibration.novelty, calibration.risks
    described: dict[str, Any] = {
        "temperature": calibration.temperature,
        "least_probability": calibration.least_probability,
        "most_novelty": None if math.isinf(calibration.most_novelty) else calibration.most_novelty,
        "novelty_shape": None if novelty is None else _novelty_shape(novelty),
    }
    if calibration.risk is not None:
        described["risk"] = calibration.risk
    if risks is not None:
        described["risks"] = {**risks._asdict(), "rows": [list(row) for row in risks.rows]}
    return described


def rebuild_calibration(entry: dict[str, Any] | None) -> Calibration:
    """A calibration from its description, its arrays zeros; a folder without one has none."""
    if entry is None:
        return Calibration()
    temperature, least = float(entry["temperature"]), float(entry["least_probability"])
    most = math.inf if entry["most_novelty"] is None else float(entry["most_novelty"])
    if not (0.0 < temperature < math.inf and 0.0 <= least <= 1.0) or math.isnan(most):
        raise ValueError("a calibration that makes no sense")
    novelty = _novelty(entry["novelty_shape"])
    calibration = Calibration(temperature, least, most, novelty, _risks(entry.get("risks")))
    risk = entry.get("risk")
    if risk is None:
        return calibration
    if not _is_number(risk):
        raise ValueError("a risk that is no number")
    chosen = calibration.at(risk)
    if chosen.least_probability != least:
        raise ValueError("a least probability that is not the one of its risk")
    return chosen


def _risks(entry: dict[str, Any] | None) -> RiskTable | None:
    """What each threshold promises; a folder from before there were such tables has none."""
    if entry is None:
        return None
    rows = tuple(Row(*row) for row in entry["rows"])
    if not 1 <= len(rows) <= MOST_ROWS or not all(_is_share(x) for row in rows for x in row):
        raise ValueError("risks that make no sense")
    for before, after in pairwise(rows):
        if not (before[0] > after[0] and before[1] <= after[1] and before[2] <= after[2]):
            raise ValueError("risks that are in no order")
    n, counted_on = entry["n"], entry["counted_on"]
    if not (isinstance(counted_on, str) and _is_number(n) and n == int(n) >= 1):
        raise ValueError("risks that were counted on nothing")
    return RiskTable(rows, counted_on, int(n))


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _novelty_shape(novelty: Novelty) -> list[int]:
    """Classes and axes, and its network's neurons and what they read, where it has one."""
    hidden = novelty.hidden
    network = [] if hidden is None else [hidden.shape[1], len(hidden) - 1]
    return [*novelty.centres.shape, *network]


def _novelty(shape: list[int] | None) -> Novelty | None:
    """Space for the arrays of (classes, axes) or (classes, axes, neurons, what these read).

    What they read is left out in models from before the rises (`rises` in novelty.py). The
    numbers must be plausible before memory is taken.
    """
    if shape is None:
        return None
    n_classes, n_axes, *rest = (int(n) for n in shape)
    n_hidden = rest[0] if rest else None
    n_read = rest[1] if len(rest) > 1 else N_PLACED
    plausible = 1 <= n_classes <= 1000 and 1 <= n_axes <= N_AXES and len(rest) <= 2
    plausible = plausible and n_read in (N_PLACED, N_FEATURES)
    if not plausible or not (n_hidden is None or 1 <= n_hidden <= MOST_HIDDEN):
        raise ValueError(f"a novelty of shape {shape}")

    def space(*sides: int) -> FloatArray:
        return np.zeros(sides, dtype=np.float32)

    gaussians = (
        space(N_PLACED, n_axes),
        space(n_classes, n_axes),
        space(n_classes, n_axes * (n_axes + 1) // 2),
    )
    if n_hidden is None:
        return Novelty(*gaussians)
    return Novelty(*gaussians, space(n_read + 1, n_hidden), space(n_hidden + 1))
