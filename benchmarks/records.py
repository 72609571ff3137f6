"""Records: measured accuracies kept as JSON in results/, one file per figure."""

from __future__ import annotations

import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results"


def keep_record(
    name: str, measured_on: str, n: int, accuracies: Sequence[float], **more: Any
) -> None:
    """Write results/NAME.json: what was measured, by which command, at which commit, where.

    Args:
        name: of the figure.
        measured_on: what the accuracies are shares of, in words.
        n: digits or pictures behind each accuracy; 0 where they are not all alike.
        accuracies: one per seed, or a single one.
        more: anything else worth keeping.
    """
    record = {
        "name": name,
        "measured_on": measured_on,
        "n": n,
        "accuracies": [round(float(a), 6) for a in accuracies],
        "command": command(),
        "commit": commit(),
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        **more,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(f"Kept in results/{path.name}.", file=sys.stderr)


def command() -> str:
    """The command line that is running, without folders of this machine."""
    module = Path(sys.argv[0]).stem
    words, skip = [], False
    for word in sys.argv[1:]:
        if not skip and word != "--keep":
            words.append(word)
        skip = word == "--keep"
    return shlex.join(["python", "-m", f"benchmarks.{module}", *words])


def commit() -> str:
    """The commit that is checked out; a + behind it where files differ from it."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run([*git, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True)
    changed = subprocess.run(
        [*git, "status", "--porcelain", "--", "src"], capture_output=True, text=True
    )
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def machine() -> str:
    """Cores, kind of processor and NumPy: what decides how long it took, and the last bits."""
    return f"{os.cpu_count()} cores, {platform.machine()}, NumPy {np.__version__}"
