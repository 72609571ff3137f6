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
            `export(model, name, target)` writes the file or folder, whole or not at all, and
            returns `Written`; `name` is what the model is called.
        help: one line for the command line.
        title: what the page's button says.
        suffix: what the file's name ends in, without a dot; of a folder, that of its zip.
        media_type: what the server calls the file.
        is_folder: whether several files come out, in a folder; the server sends it as a zip.
        takes_integers: whether it takes a network of whole numbers, too.
    """

    module: str
    help: str
    title: str
    suffix: str
    media_type: str
    is_folder: bool = False
    takes_integers: bool = False


class Written(NamedTuple):
    """What an exporter has written.

    Attributes:
        n_bytes: size of the file, or of the folder's files together.
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
    "onnx": Exporter(
        module="digitnet.export.onnx",
        help="a folder for ONNX Runtime, browsers and phones: model.onnx and a model card",
        title="ONNX",
        suffix="onnx.zip",
        media_type="application/zip",
        is_folder=True,
        takes_integers=True,
    ),
    "numpy": Exporter(
        module="digitnet.export.numpy",
        help="a folder for Python with NumPy alone: model.py, model.npz and a model card",
        title="NumPy",
        suffix="numpy.zip",
        media_type="application/zip",
        is_folder=True,
    ),
    "safetensors": Exporter(
        module="digitnet.export.safetensors",
        help="a folder for programs of your own: model.safetensors, config.json and a model card",
        title="Safetensors",
        suffix="safetensors.zip",
        media_type="application/zip",
        is_folder=True,
    ),
    "c": Exporter(
        module="digitnet.export.c",
        help="a C99 header for microcontrollers and programs, with its framing",
        title="C header",
        suffix="h",
        media_type="text/x-c",
        takes_integers=True,
    ),
}
"""All that a model can be exported to, by name; the command line and the page read it."""


def export_model(model: Model, kind: str, name: str, target: str | Path) -> Written:
    """Write a model as `kind`, one of EXPORTERS, to `target`; `name` is what the model is called.

    Raises:
        KeyError: there is no such exporter.
        MissingExtraError: it needs a package that is not installed.
        OutputError: the model does not fit, or the file or folder cannot be written.
    """
    written: Written = import_module(EXPORTERS[kind].module).export(model, name, target)
    return written
