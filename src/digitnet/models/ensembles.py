"""Ensembles: several models made into one, which answers with the mean of their logits."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from digitnet.errors import ModelError
from digitnet.models.calibration import Calibration
from digitnet.models.model import Model, float_network
from digitnet.nn import Ensemble, Network


def combine(models: Mapping[str, Model]) -> Model:
    """One model out of several, by their names.

    A member that is an ensemble itself brings its own members. What looks like a digit is told
    as the first member tells it; temperature and the least probability of an answer are the means
    of the members'. What they promise is promised of each alone, so the whole promises nothing
    until it is calibrated itself.

    Raises:
        ModelError: naming the model that does not fit the first: other classes, another framing.
    """
    (first_name, first), *others = models.items()
    networks: list[Network] = []
    for name, model in models.items():
        for what, words in (("class_names", "other classes"), ("framing", "another framing")):
            if getattr(model, what) != getattr(first, what):
                raise ModelError(
                    f"{name} cannot be combined with {first_name}, which has {words}.",
                    "combine models that were trained alike.",
                )
        inner = float_network(model, name)
        networks += inner.networks if isinstance(inner, Ensemble) else [inner]
    calibrations = [first.calibration, *(model.calibration for _, model in others)]
    return Model(
        Ensemble(networks),
        first.class_names,
        first.framing,
        {"members": {name: model.training for name, model in models.items()}},
        _mean(calibrations),
    )


def _mean(calibrations: list[Calibration]) -> Calibration:
    n = len(calibrations)
    return dataclasses.replace(
        calibrations[0],
        temperature=sum(c.temperature for c in calibrations) / n,
        least_probability=sum(c.least_probability for c in calibrations) / n,
        risks=None,
        risk=None,
    )
