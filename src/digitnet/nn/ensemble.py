"""Ensemble: several networks that answer as one.

L. K. Hansen and P. Salamon, "Neural network ensembles", IEEE PAMI 1990: networks that were started
and shuffled differently make different mistakes, which their mean makes less often.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import digits
from typing import Any

import numpy as np

from digitnet.nn.folding import fold
from digitnet.nn.layer import FloatArray
from digitnet.nn.network import Network
from digitnet.nn.notation import in_words


class Ensemble:
    """The mean of the logits of several trained networks; it predicts, but does not learn.

    Attributes:
        networks: its members, with the same inputs, classes and number type.
        parameters: those of all members; their numbers go on counting: W1 to W5 are the first's,
            W6 to W10 the second's.
        n_in: numbers per input.
        n_out: logits per input.
        convolves: whether any member convolves.
        dtype: of parameters and logits.

    Raises:
        ValueError: no member, or members that do not fit together.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        self.networks = tuple(networks)
        kinds = {(n.n_in, n.n_out, n.dtype) for n in self.networks}
        if len(kinds) != 1:
            raise ValueError("An ensemble needs members of the same inputs and classes.")
        ((self.n_in, self.n_out, dtype),) = kinds
        self.dtype: np.dtype[Any] = dtype
        self.convolves = any(network.convolves for network in self.networks)
        self.parameters: dict[str, FloatArray] = {}
        counted = 0
        for network in self.networks:
            numbers = []
            for name, view in network.parameters.items():
                letters = name.rstrip(digits)
                numbers.append(int(name[len(letters) :]))
                self.parameters[f"{letters}{counted + numbers[-1]}"] = view
            counted += max(numbers)

    def forward(self, x: FloatArray) -> FloatArray:
        """Logits (N, n_classes) for inputs (N, n_in)."""
        logits = [network.forward(x) for network in self.networks]
        return np.asarray(np.mean(logits, axis=0))

    def folded(self) -> Ensemble:
        """The same with every member's batch normalisations folded into its weights."""
        return Ensemble([fold(network) for network in self.networks])

    def __repr__(self) -> str:
        members = ", ".join(in_words(network) for network in self.networks)
        n_parameters = sum(network.vector.size for network in self.networks)
        return f"Ensemble({members}, {n_parameters:,} parameters)"
