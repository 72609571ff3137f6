"""ARFF: Weka's and OpenML's tables, made a table with a header of names."""

from __future__ import annotations

import re
from pathlib import Path

from digitnet.errors import DataError

_ATTRIBUTE = re.compile(
    rb"@attribute[ \t]+(?:\"([^\"]*)\"|'([^']*)'|([^ \t]+))[ \t]+[^ \t].*", re.IGNORECASE
)


def is_arff(data: bytes) -> bool:
    """Whether a text begins as such a table does, comments left out."""
    start = re.sub(rb"^[ \t]*(%[^\n]*)?\r?\n", b"", data[: 2**16], flags=re.MULTILINE)
    return start.lstrip()[:9].lower() == b"@relation"


def as_table(data: bytes, path: Path) -> bytes:
    """The rows under a header of the attributes' names, each in the line that it stood in.

    Raises:
        DataError: there is no @data, an attribute cannot be understood, or the rows are sparse.
    """
    lines = data.split(b"\n")
    names = []
    for number, line in enumerate(lines):
        line = line.strip()
        if line[:10].lower() == b"@attribute":
            match = _ATTRIBUTE.fullmatch(line)
            if match is None:
                raise DataError(f"{path}, line {number + 1}: the attribute has no name or no type.")
            names.append(match[1] or match[2] or match[3])
        if line.lower() == b"@data":
            break
    else:
        raise DataError(f"{path} has no @data, so no row of digits; fetch it again.")
    if any(row.lstrip().startswith(b"{") for row in lines[number + 1 : number + 20]):
        raise DataError(
            f"{path} is a sparse ARFF table.",
            "make it a dense one, with Weka's SparseToNonSparse, or write a .csv.",
        )
    header = b",".join(b'"' + name.replace(b'"', b"") + b'"' for name in names)
    return b"\n".join([b"%"] * number + [header] + lines[number + 1 :])
