"""Summary: a network as a table of layers, shapes and parameters, in text and in HTML."""

from __future__ import annotations

from html import escape

from digitnet.nn.network import Network
from digitnet.nn.notation import in_words

_TITLES = ("layer", "gives", "parameters")


def as_text(network: Network) -> str:
    """The table in columns, numbers to the right; the last line has the sum."""
    rows = [_TITLES, *_rows(network)]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [
        f"{layer:<{widths[0]}}  {shape:<{widths[1]}}  {n:>{widths[2]}}".rstrip()
        for layer, shape, n in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def as_html(network: Network) -> str:
    """The table as a notebook shows it."""

    def row(cells: tuple[str, str, str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(row(cells, "td") for cells in _rows(network))
    return f"<table><thead>{row(_TITLES, 'th')}</thead><tbody>{body}</tbody></table>"


def _rows(network: Network) -> list[tuple[str, str, str]]:
    """The input, each layer, and the sum: what it is, the shape it gives, its parameters."""
    rows = [("input", str(network.n_in), "")]
    for layer, shape, views in zip(network.layers, network.shapes, network.views, strict=True):
        n = sum(view.size for view in views)
        rows.append((str(layer), " x ".join(map(str, shape)), f"{n:,}" if n else ""))
    rows.append((in_words(network), "", f"{network.vector.size:,}"))
    return rows
