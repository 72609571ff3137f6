"""Export: a trained model taken to places where digitnet is not."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from digitnet.models.model import Model


class Exporter(NamedTuple):
    """A row of EXPORTERS: what a model can be made into.

    Attributes:
        module: where it is written, imported only when it is used. Its function
            `export(model, name, target)` writes the file, whole or not at all, and returns
            `Written`; `name` is what the model is called.
        help: one line for the command line.
        title: what the page's button says.
        suffix: what the file's name ends in, without a dot.
        media_type: what the server calls the file.
    """

    module: str
    help: str
    title: str
    suffix: str
    media_type: str


class Written(NamedTuple):
    """What an exporter has written.

    Attributes:
        n_bytes: size of the file.
        numbers: how the parameters are written, such as "float32".
        note: what was done to them, or "".
        use: one sentence on what to do with the file.
    """

    n_bytes: int
    numbers: str
    note: str
    use: str


EXPORTERS = {
    "html": Exporter(
        module="digitnet.export.html",
        help="a page in one file to draw on and to look inside",
        title="One-file page",
        suffix="html",
        media_type="text/html",
    ),
    "c": Exporter(
        module="digitnet.export.c",
        help="a C99 header for microcontrollers and programs, with its framing",
        title="C header",
        suffix="h",
        media_type="text/x-c",
    ),
}
"""All that a model can be exported to, by name; the command line and the page read it."""


def export_model(model: Model, kind: str, name: str, target: str | Path) -> Written:
    """Write a model as `kind`, one of EXPORTERS, to a file; `name` is what the model is called.

    Raises:
        KeyError: there is no such exporter.
        OutputError: the model does not fit, or the file cannot be written.
    """
    written: Written = import_module(EXPORTERS[kind].module).export(model, name, target)
    return written
