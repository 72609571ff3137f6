"""Lowest: the lowest version that pyproject.toml allows of each dependency, as pip's constraints.

    python tools/lowest.py > lowest.txt
    pip install -c lowest.txt '.[all]'

What those need in turn comes as new as they allow. `.ci/run` tests with it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
NO_USER_HAS = ("dev", "mutants", "docs")


def lowest(project: Mapping[str, Any]) -> Iterator[str]:
    """A line `name==version` for each dependency and each of the extras that users install."""
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"]]
    wanted += [each for name in extras if name not in NO_USER_HAS for each in extras[name]]
    for each in wanted:
        if each.startswith(project["name"] + "["):
            continue
        found = re.fullmatch(r"([\w-]+)>=([\d.]+)(,<\d+)?", each)
        if found is None:
            sys.exit(f"{PYPROJECT}: {each} has no lowest version; write it as name>=version")
        yield f"{found[1]}=={found[2]}"


if __name__ == "__main__":
    print("\n".join(lowest(tomllib.loads(PYPROJECT.read_text())["project"])))
