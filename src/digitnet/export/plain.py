"""Plain: the network of a model as other programs compute it: one, and of digitnet's own layers."""

from __future__ import annotations

from digitnet.errors import OutputError
from digitnet.imaging.frame import SIDE
from digitnet.models.integer_network import IntegerNetwork
from digitnet.models.model import Model, predictor
from digitnet.nn import Ensemble, Flatten, Network
from digitnet.nn.kinds import LAYERS, layer_kind


def plain_network(model: Model, name: str, what: str) -> Network:
    """The network of a model called `name`, batch normalisations folded, in float32.

    Args:
        model: what is exported.
        name: what it is called.
        what: what it is exported to, in words.

    Raises:
        OutputError: an ensemble, a network of whole numbers, another input than a frame,
            or a layer that cannot be written.
    """
    network = predictor(in_floats(model, name, what))
    if isinstance(network, Ensemble):
        raise OutputError(
            f"{name} is an ensemble of {len(network.networks)} networks, which cannot be exported "
            f"to {what}.",
            "export one of its members.",
        )
    if network.n_in != SIDE * SIDE:
        raise OutputError(
            f"{name} takes {network.n_in} numbers, not the {SIDE} x {SIDE} of a frame, so it "
            f"cannot be exported to {what}."
        )
    shape: tuple[int, ...] = (network.n_in,)
    for layer, given in zip(network.layers, network.shapes, strict=True):
        kind = type(layer).__name__
        known = kind in LAYERS and layer_kind(kind) is type(layer)
        if not known or (isinstance(layer, Flatten) and len(shape) != 1):
            raise OutputError(
                f"{name} has the layer {layer}, which cannot be exported to {what}.",
                "export a model that is made of digitnet's own layers.",
            )
        shape = given
    if network.dtype == "float32":
        return network
    single = Network(network.layers)
    single.vector[:] = network.vector
    return single


def in_floats(model: Model, name: str, what: str) -> Network | Ensemble:
    """The network of a model called `name`, where it computes in floats.

    Raises:
        OutputError: it computes in whole numbers; `what` is what it was to be exported to.
    """
    if isinstance(model.network, IntegerNetwork):
        raise OutputError(
            f"{name} computes in whole numbers as a microcontroller does, and cannot be exported "
            f"to {what}.",
            "export it to c or onnx, or take a model in floats, such as cnn.",
        )
    return model.network


def rounding(model: Model) -> str:
    """What is said of a model whose parameters lose digits as float32; "" of all others."""
    return "" if model.network.dtype == "float32" else f"rounded from {model.network.dtype}"
