"""Notation: a network in a word, as tables, pages and progress lines have it."""

from __future__ import annotations

from digitnet.nn.network import Network


def in_words(network: Network) -> str:
    """784-64-10, 784-16C5-MP2-32C5-MP2-128-10, 784-AP2-384-10: what is said of a Network."""
    parts = [str(network.n_in)]
    for layer in network.layers:
        kind, settings = type(layer).__name__, vars(layer)
        if kind == "Dense":
            parts.append(str(settings["n_out"]))
        elif kind == "Conv2D":
            stride, padding = settings["stride"], settings["padding"]
            parts.append(
                f"{settings['channels_out']}C{settings['size']}"
                + (f"S{stride}" if stride > 1 else "")
                + (f"P{padding}" if padding else "")
            )
        elif kind in ("MaxPool2D", "AveragePool2D"):
            parts.append(f"{kind[0]}P{settings['size']}")
        elif kind == "GlobalAveragePool2D":
            parts.append("GAP")
        elif kind == "Deskew":
            parts.append("deskewed")
    return "-".join(parts)
