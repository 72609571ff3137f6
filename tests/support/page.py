"""The page for tests: its modules run by Node, its bytes, and a browser where there is one."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import digitnet

STATIC = Path(digitnet.__file__).parent / "web" / "static"


def run_module(folder: Path, script: str, **values: Any) -> Any:
    """What a script prints as JSON in Node, the page's modules beside it.

    Args:
        folder: an empty one to work in.
        script: the body of a module that may import "./network/network.js" and the like; `given`
            holds the values.
        values: plain values for JSON.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node to run the page's modules, which is not on this machine")
    shutil.copytree(STATIC, folder, dirs_exist_ok=True)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "given.json").write_text(json.dumps(values))
    imports = [line for line in script.splitlines() if line.startswith("import ")]
    body = [line for line in script.splitlines() if not line.startswith("import ")]
    lines = [
        *imports,
        'import { readFileSync } from "node:fs";',
        'const given = JSON.parse(readFileSync("given.json"));',
        *body,
    ]
    (folder / "script.js").write_text("\n".join(lines))
    done = subprocess.run(
        [node, "script.js"], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
