"""Start: one PNG to one label in a new process, import and load included: time and peak memory.

digitnet runs its command, which finds, crops and centres the digit. The peers' programs do the
least that gives a label: decode, resize to 28 x 28, multiply. A second row gives digitnet that
same least work, by a model of the original program's format.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.board.contestants import PACKAGES, ROOT, Peers, environment, ratio, show, spread
from benchmarks.sides.work import NAMES
from digitnet.model import Model
from digitnet.model_folder import save_model
from digitnet.nn import Network, multilayer_perceptron

SIDES = ("onnx_session", "pytorch", "jax_scan", "sklearn_mlp", "keras_jax")


def main(folder: str, peers: Peers, repeats: int) -> None:
    """Print two tables: whole commands, and imports alone."""
    place = Path(folder)
    picture = place / "four.png"
    drawing = Image.new("L", (200, 200), 235)
    strokes = ImageDraw.Draw(drawing)
    strokes.line([(70, 40), (60, 110), (140, 110)], 20, 12)
    strokes.line([(125, 70), (120, 170)], 20, 12)
    drawing.save(picture)
    keep_models(place)
    if peers.has("onnx_session"):
        run_once([peers.python, "-m", "benchmarks.sides.onnx_session", folder])
    digitnet = [sys.executable, "-m", "digitnet", "predict"]
    commands = {
        "digitnet predict": [*digitnet, "--model", str(place / "model"), str(picture)],
        "digitnet predict, resize only": [*digitnet, "--model", folder, str(picture)],
    }
    for side in SIDES:
        if peers.has(side):
            program = [peers.python, "-m", "benchmarks.sides.start", side, folder, str(picture)]
            commands[f"{side} by hand"] = program
    print("start: one 200 x 200 PNG to its label, whole process")
    _compare(commands, max(repeats, 9))
    imports = {"import numpy": [sys.executable, "-c", "import numpy"]}
    imports["import numpy, digitnet"] = [sys.executable, "-c", "import numpy, digitnet"]
    for side in SIDES:
        package = PACKAGES[side]
        if peers.has(side):
            imports[f"import {package}"] = [peers.python, "-c", f"import {package}"]
    print()
    _compare(imports, max(repeats, 9))


def keep_models(place: Path) -> None:
    """The start's parameters as a model folder; the four arrays beside it are the original's."""
    network = Network(multilayer_perceptron(784, [64], 10))
    for name in NAMES:
        network.parameters[name][...] = np.load(place / f"{name}.npy")
    save_model(Model(network), place / "model")


def _compare(commands: dict[str, list[str]], rounds: int) -> None:
    """Run all commands in turns and print a row for each; the first is the measure."""
    measured: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            figures = run_once(command)
            if number:  # the first round only warms the disk's cache
                measured[name].append(figures)
    widths = [30, 24, 7, 9]
    show(["", "seconds", "ratio", "peak MB"], widths)
    first = [seconds for seconds, _ in next(iter(measured.values()))]
    for name, figures in measured.items():
        seconds, memory = [s for s, _ in figures], sorted(m for _, m in figures)
        peak = memory[len(memory) // 2] / 1e6
        show([name, spread(seconds), f"{ratio(first, seconds):.2f}", f"{peak:.0f}"], widths)


def run_once(command: list[str]) -> tuple[float, float]:
    """Seconds of a whole process and its peak resident memory in bytes."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(len(os.sched_getaffinity(0))),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}.")
    return seconds, _bytes(usage)


def _bytes(usage: resource.struct_rusage) -> float:
    """Linux counts in KiB, macOS in bytes."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
