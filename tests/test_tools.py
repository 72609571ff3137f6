"""Tools: the programs of this repository's own that count, compare and disturb."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "tools"
SLEEPS = "import os, time; print(os.getppid(), flush=True); time.sleep(600)"


def children(number: int) -> list[int]:
    """The processes that a process has started."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(number)], capture_output=True)
    return [int(word) for word in found.stdout.split()]


def alive(number: int) -> bool:
    status = Path(f"/proc/{number}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_busy_loops_end_with_their_program(way: signal.Signals) -> None:
    command = [sys.executable, str(TOOLS / "busy.py"), "--loops", "2"]
    busy = subprocess.Popen(
        [*command, sys.executable, "-c", SLEEPS], stdout=subprocess.PIPE, text=True
    )
    assert busy.stdout is not None
    assert int(busy.stdout.readline()) == busy.pid  # the command runs
    started = children(busy.pid)
    assert len(started) == 3
    busy.send_signal(way)
    if way == signal.SIGKILL:  # which the command cannot be told of
        os.kill(started[-1], signal.SIGKILL)
    busy.wait()
    busy.stdout.close()
    until = time.monotonic() + 60
    while any(map(alive, started)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(map(alive, started))


def test_busy_gives_the_commands_exit_code() -> None:
    command = [sys.executable, str(TOOLS / "busy.py"), "--loops", "1", sys.executable, "-c"]
    done = subprocess.run([*command, "raise SystemExit(3)"], capture_output=True, text=True)
    assert done.returncode == 3
    assert "beside 1 busy loops" in done.stdout


HOUSE = {
    "__init__.py": "from home.top import go",
    "errors.py": "a = 1\nb = 2\n",
    "top.py": "from home.errors import a\n\ndef go():\n    from home.rooms import low\n",
    "rooms/__init__.py": "",
    "rooms/low.py": "import home.errors\n",
}


def test_the_house_map_counts_files_and_floors(tmp_path: Path) -> None:
    sys.path.insert(0, str(TOOLS))
    try:
        import house_map
    finally:
        sys.path.remove(str(TOOLS))
    package = tmp_path / "home"
    for name, text in HOUSE.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    assert house_map.tree(package) == {
        "files": 5,
        "lines": 8,
        "folders": 2,
        "floors": 4,  # errors, rooms.low, top, __init__
        "loose modules in the root": 2,
        "largest file": "top.py, 4 lines",
        "median file": "1 lines",
    }


def test_a_mutant_is_another_program(tmp_path: Path) -> None:
    """Annotations are never evaluated: a fault in one is none."""
    pytest.importorskip("cosmic_ray", reason="needs digitnet[mutants]")
    sys.path.insert(0, str(TOOLS))
    try:
        import mutants
    finally:
        sys.path.remove(str(TOOLS))
    file = tmp_path / "small.py"
    file.write_text("LEAST = 3\n\n\ndef f(x: int | None) -> bool | None:\n    return x < LEAST\n")
    found = {m.operator: m.code() for m in mutants.mutants(file)}
    assert found["ReplaceBinaryOperator_BitOr_BitAnd"] is None
    assert "x <= LEAST" in str(found["ReplaceComparisonOperator_Lt_LtE"])
    numbers = [m.code() for m in mutants.mutants(file) if m.operator == "NumberReplacer"]
    assert sorted(str(code).splitlines()[0] for code in numbers) == ["LEAST = 2", "LEAST = 4"]
    head = next(
        m for m in mutants.mutants(file) if m.operator == "ReplaceComparisonOperator_Lt_LtE"
    )
    assert mutants.statement(head) == range(5, 6)
