"""C time: microseconds per digit of an exported C header beside ONNX Runtime, on one core.

    python -m benchmarks.c_time [MODEL ...] [--rounds 30]

Each model is exported to C and to ONNX and asked for the logits of the same drawn digits, one
after the other, as a program asks that has one picture; the graph holds what gives logits and
nothing else. Rounds alternate between the two, and counted is the thread's processor time, so that
what else the machine does hits both, and little; said are the best round and the median. ONNX
Runtime is also given 100 digits at a time, which C has no use for. Compiled by cc -O3
-march=native, whole numbers with DIGIT_FAST, floats with -ffp-contract=fast, which lets a product
and a sum be one instruction, as ONNX Runtime has it. Needs onnx and onnxruntime (extra `dev`).
"""

from __future__ import annotations

import argparse
import ctypes
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.records import machine
from digitnet.cli.main import guarded
from digitnet.data.synthetic import synthesize
from digitnet.errors import OutputError
from digitnet.export import export_model
from digitnet.export.onnx import graph_of
from digitnet.models.folder import load_model
from digitnet.models.integer_network import IntegerNetwork

N_FRAMES, TOGETHER = 100, 100
BUILT = ("-std=c99", "-O3", "-march=native", "-shared", "-fPIC")
SOURCE = """
#define DIGIT_IMPLEMENTATION
#include "digit.h"
static digit_cell work[DIGIT_WORK];
void logits_of(const uint8_t *frames, uint32_t n, digit_logit *logits);
void logits_of(const uint8_t *frames, uint32_t n, digit_logit *logits)
{
    for (uint32_t i = 0; i < n; i++)
        digit_logits(frames + i * DIGIT_PIXELS, work, logits + i * DIGIT_CLASSES);
}
"""
Frames = NDArray[np.uint8]
Ask = Callable[[], NDArray[Any]]


def by_c(name: str, folder: Path, options: tuple[str, ...]) -> Callable[[Frames], NDArray[Any]]:
    """A function in a shared library, made in the folder: the header's logits (n, classes)."""
    if shutil.which("cc") is None:
        raise OutputError("There is no C compiler: install gcc or clang.")
    model = load_model(name)
    folder.mkdir(parents=True, exist_ok=True)
    export_model(model, "c", "it", folder / "digit.h")
    (folder / "digit.c").write_text(SOURCE)
    command = ["cc", *BUILT, *options, "-o", folder / "digit.so", folder / "digit.c"]
    subprocess.run(command, check=True, timeout=300)
    kind = np.int32 if isinstance(model.network, IntegerNetwork) else np.float32
    n_classes = len(model.class_names)
    library = ctypes.CDLL(str(folder / "digit.so"))

    def ask(frames: Frames) -> NDArray[Any]:
        logits = np.empty((len(frames), n_classes), kind)
        given, to = (
            ctypes.c_void_p(each.ctypes.data) for each in (np.ascontiguousarray(frames), logits)
        )
        library.logits_of(given, ctypes.c_uint32(len(frames)), to)
        return logits

    return ask


def by_onnx(name: str, frames: Frames, at_a_time: int) -> Ask:
    """The graph's logits, one core, `at_a_time` frames in one call."""
    import onnxruntime

    proto = graph_of(load_model(name), "it")
    for output in [each for each in proto.graph.output if each.name != "logits"]:
        proto.graph.output.remove(output)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # it warns of nodes that nothing asks for
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    given = np.float32(frames).reshape(-1, 1, 28, 28) / 255
    parts = [{"frames": given[i : i + at_a_time]} for i in range(0, len(given), at_a_time)]
    return lambda: np.concatenate([session.run(["logits"], part)[0] for part in parts])


def measured(name: str, rounds: int) -> tuple[list[list[float]], float]:
    """Microseconds per digit, round by round, of C and of ONNX Runtime with one and with many
    digits at a time; and how far the logits of the first two are apart.
    """
    frames = synthesize(N_FRAMES, np.random.default_rng(0)).images
    with tempfile.TemporaryDirectory() as folder:
        whole = isinstance(load_model(name).network, IntegerNetwork)
        in_c = by_c(name, Path(folder), ("-DDIGIT_FAST" if whole else "-ffp-contract=fast",))
        asks: list[Ask] = [lambda: in_c(frames)]
        asks += [by_onnx(name, frames, n) for n in (1, TOGETHER)]
        logits = [ask().astype(np.float64) for ask in asks]  # the first calls of all warm up
        times: list[list[float]] = [[] for _ in asks]
        for _ in range(rounds):
            for ask, took in zip(asks, times, strict=True):
                begun = time.thread_time()
                ask()
                took.append(1e6 * (time.thread_time() - begun) / N_FRAMES)
    return times, float(abs(logits[0] - logits[1]).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["mcu", "mlp", "cnn"], metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=30, help="of each (default: 30)")
    args = parser.parse_args()
    print(machine())
    print("Microseconds per digit, best round (median):")
    columns = ("C header", "ONNX Runtime", f"{TOGETHER} at a time")
    print(f"{'':<12}" + "".join(f"{column:>20}" for column in columns) + f"{'logits apart':>16}")
    for name in args.models:
        times, apart = measured(name, args.rounds)
        cells = [f"{min(took):.1f} ({np.median(took):.1f})" for took in times]
        row = "".join(f"{cell:>20}" for cell in cells)
        print(f"{Path(name).name:<12}{row}{apart:>16.1e}", flush=True)


if __name__ == "__main__":
    sys.exit(guarded(lambda: main() or 0))
