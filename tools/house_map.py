"""House map: how large the package is, and how one walks through its modules.

    python tools/house_map.py [--package src/digitnet]

The first table: files, lines, folders, floors (the longest way down by imports, those inside
functions too), modules loose in the root, the largest and the median file. The second follows four
commands on small inputs and notes which functions enter which for the first time, as one reads
them: a walk enters a module where a call leads into it from another, and returns where it had been
there before. How often a loop turns does not count. `--package` may be that of another checkout.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WALKS = {
    "training": ["train", "digits.npz", "--epochs", "2", "--out", "model"],
    "prediction": ["predict", "--model", "mlp", "digit.png"],
    "page": ["read", "--model", "mlp", "digit.png"],
    "web training": ["serve", "--port", "8643", "--folder", "."],
}


def tree(package: Path) -> dict[str, object]:
    """What the files say."""
    files = sorted(package.rglob("*.py"))
    lines = {path: len(path.read_text().splitlines()) for path in files}
    modules = {name_of(path, package): path for path in files}

    floors: dict[str, int] = {}

    def floor(module: str) -> int:
        if module not in floors:
            floors[module] = 0  # where imports run in a circle, it is cut here
            below = imports(modules[module], modules)
            floors[module] = 1 + max(map(floor, below), default=0)
        return floors[module]

    loose = [p.name for p in files if p.parent == package and not p.name.startswith("__")]
    largest = max(files, key=lambda path: lines[path])
    return {
        "files": len(files),
        "lines": sum(lines.values()),
        "folders": len({path.parent for path in files}),
        "floors": max(map(floor, modules)),
        "loose modules in the root": len(loose),
        "largest file": f"{largest.relative_to(package)}, {lines[largest]} lines",
        "median file": f"{median(lines.values()):g} lines",
    }


def name_of(path: Path, package: Path) -> str:
    """digitnet.nn.layers for its file."""
    return ".".join(path.relative_to(package.parent).with_suffix("").parts)


def imports(path: Path, modules: dict[str, Path]) -> set[str]:
    """The modules that a file imports; a folder stands for its __init__, but for the root's."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    found |= {f"{name}.__init__" for name in found if "." in name}
    return {name for name in found if name in modules and modules[name] != path}


def walk(name: str, package: Path) -> list[str]:
    """The modules that a command enters, in a process of its own."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "PYTHONPATH": str(package.parent)}
        command = [sys.executable, "-m", "digitnet", "data", "synthesize", "400"]
        subprocess.run([*command, "-o", "digits.npz"], cwd=folder, env=env, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        with Image.open(ROOT / "test_images" / "digi_9.png") as image:
            image.save(Path(folder) / "digit.png")
        words = [sys.executable, __file__, "--package", str(package), "--walk", name]
        subprocess.run(words, cwd=folder, env=env, check=True, capture_output=True)
        found: list[str] = json.loads((Path(folder) / "walk.json").read_text())
    return found


def follow(name: str, package: Path) -> None:
    """Run one command here and write down its walk."""
    home, known, steps = str(package), set[Any](), list[str]()

    def entered(frame: FrameType, event: str, _: object) -> None:
        code, caller = frame.f_code, frame.f_back
        if event != "call" or not code.co_filename.startswith(home) or code.co_name == "<module>":
            return
        while caller and not caller.f_code.co_filename.startswith(home):
            caller = caller.f_back
        edge = (caller and caller.f_code, code)
        if edge not in known:
            known.add(edge)
            steps.append(code.co_filename.removeprefix(home).strip("/"))

    sys.argv = ["digitnet", *WALKS[name]]
    if name == "web training":
        threading.Thread(target=ask_for_a_training, daemon=True).start()
    threading.setprofile(entered)
    sys.setprofile(entered)
    try:
        runpy.run_module("digitnet", run_name="__main__")
    except SystemExit:
        pass
    finally:
        sys.setprofile(None)
        walked = [a for a, b in zip(steps, ["", *steps], strict=False) if a != b]
        Path("walk.json").write_text(json.dumps(walked))


def ask_for_a_training(port: int = 8643) -> None:
    """What the page does: begin, ask until it is done; then end the server."""
    address = f"http://127.0.0.1:{port}/api/train"
    begin = urllib.request.Request(
        address,
        json.dumps({"source": "digits.npz", "epochs": 2}).encode(),
        {"Content-Type": "application/json"},
    )
    for asked in (begin, address):
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(asked) as answer:
                    said = json.load(answer)
                if asked is begin or said["state"] in ("finished", "failed"):
                    break
            except OSError:
                pass  # the server is not up yet
            time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", type=Path, default=ROOT / "src" / "digitnet", metavar="PATH")
    parser.add_argument("--walk", choices=WALKS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    package = args.package.resolve()
    if args.walk:
        return follow(args.walk, package)
    for what, figure in tree(package).items():
        print(f"{what:<28}{figure}")
    print(f"\n{'walk':<16}{'modules':>9}{'entered':>9}{'returns':>9}   most often")
    for name in WALKS:
        steps = walk(name, package)
        visits = Counter(steps)
        most, times = visits.most_common(1)[0]
        returns = len(steps) - len(visits)
        print(f"{name:<16}{len(visits):>9}{len(steps):>9}{returns:>9}   {most}, {times} times")


if __name__ == "__main__":
    main()
