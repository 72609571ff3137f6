"""Distributed: very many pictures, of any file system, answered by the workers of a Dask cluster.

    for path, label, probability, reason in digitnet.distributed.predict("s3://bucket/scans/"): ...
    digitnet.distributed.predict_into("results/", "@list.txt", scheduler="tcp://10.0.0.7:8786")

Each name is imported when it is first used: Dask is the extra `dask`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what type checkers and editors read; a test holds it to the table below
    from digitnet.distributed.job import Report as Report
    from digitnet.distributed.job import predict as predict
    from digitnet.distributed.job import predict_into as predict_into
    from digitnet.distributed.job import read_into as read_into

_HOMES = {"Report": "job", "predict": "job", "predict_into": "job", "read_into": "job"}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    """Import the file a public name lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'digitnet.distributed' has no attribute {name!r}")
    from digitnet.errors import require

    require("dask")
    return getattr(import_module(f"digitnet.distributed.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
