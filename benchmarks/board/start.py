"""Start: one PNG to one label in a new process, import and load included: time and peak memory.

digitnet runs its command, which finds, crops and centres the digit. The peers' programs do the
least that gives a label: decode, resize to 28 x 28, multiply. A second row gives digitnet that
same least work, by a model of the original program's format.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.board.contestants import PACKAGES, TITLES, Peers, ratio, show, spread
from benchmarks.board.processes import ProgramError, peak_memory, run_once
from benchmarks.sides.work import NAMES
from digitnet.models.folder import save_model
from digitnet.models.model import Model
from digitnet.nn import Network, multilayer_perceptron
from digitnet.threads import n_cores

REPEATS = 9
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
        run_once([peers.python, "-m", "benchmarks.sides.onnx_session", folder], 1)
    digitnet = [sys.executable, "-m", "digitnet", "predict"]
    commands = {
        "digitnet predict": [*digitnet, "--model", str(place / "model"), str(picture)],
        "digitnet predict, resize only": [*digitnet, "--model", folder, str(picture)],
    }
    for side in SIDES:
        if peers.has(side):
            program = [peers.python, "-m", "benchmarks.sides.start", side, folder, str(picture)]
            commands[f"{TITLES[side]} by hand"] = program
    print("start: one 200 x 200 PNG to its label, whole process")
    _compare(commands, repeats)
    imports = {"import numpy": [sys.executable, "-c", "import numpy"]}
    imports["import numpy, digitnet"] = [sys.executable, "-c", "import numpy, digitnet"]
    for side in SIDES:
        package = PACKAGES[side]
        if peers.has(side):
            backend = "import os; os.environ['KERAS_BACKEND'] = 'jax'; "  # Keras asks for one
            imports[f"import {package}"] = [peers.python, "-c", f"{backend}import {package}"]
    print()
    _compare(imports, repeats)


def keep_models(place: Path) -> None:
    """The start's parameters as a model folder; the four arrays beside it are the original's."""
    network = Network(multilayer_perceptron(784, [64], 10))
    for name in NAMES:
        network.parameters[name][...] = np.load(place / f"{name}.npy")
    save_model(Model(network), place / "model")


def _compare(commands: dict[str, list[str]], rounds: int) -> None:
    """Run all commands in turns and print a row for each; the first is the measure."""
    cores, memory = n_cores(), {}
    for name, command in list(commands.items()):
        try:
            memory[name] = peak_memory(command, cores)  # and a warm-up
        except ProgramError as error:
            if command[0] == sys.executable:
                raise
            print(f"left out: {name}: {error}", flush=True)
            del commands[name]
    measured: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            measured[name].append(run_once(command, cores)[0])
    widths = [30, 24, 7, 9]
    show(["", "seconds", "ratio", "peak MB"], widths)
    first = next(iter(measured.values()))
    for name, seconds in measured.items():
        peak = f"{memory[name] / 1e6:.0f}"
        show([name, spread(seconds), f"{ratio(first, seconds):.2f}", peak], widths)
