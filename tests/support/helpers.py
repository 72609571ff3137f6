"""Small data that must be learnt, and calls of the command line, shared by the tests."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np

from digitnet.cli.main import main
from digitnet.data.dataset import Dataset
from digitnet.models.model import Model
from digitnet.nn import Network, multilayer_perceptron


def bars(n: int, rng: np.random.Generator) -> Dataset:
    """Ten easy classes: a bright bar whose height in the image tells the class, with noise."""
    labels = rng.permutation(np.arange(n) % 10)
    images = rng.integers(0, 40, (n, 28, 28)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[4 + 2 * label : 6 + 2 * label, 4:24] = rng.integers(150, 256)
    return Dataset(images, labels, source="bars")


def as_idx(array: np.ndarray) -> bytes:
    """Images or labels as MNIST's own files have them: bytes, behind the type and the shape."""
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return head + array.astype(np.uint8).tobytes()


def small_model(rng: np.random.Generator, framing: str = "mnist") -> Model:
    """An untrained 784-5-10 model with biases that are not zero."""
    network = Network(multilayer_perceptron(784, [5], 10))
    network.vector[:] = rng.normal(0, 0.1, network.vector.size)
    return Model(network, framing=framing, training={"source": "a test"})


def digitnet(*words: str | Path, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line in here, with a folder and streams of its own, and warnings as errors.

    A process of its own imports NumPy, OpenCV and Matplotlib again, which takes longer than most
    commands; `digitnet_process` is for what is about processes.
    """
    said = [str(word) for word in words]
    streams = [io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8") for text in (stdin, "", "")]
    before = sys.stdin, sys.stdout, sys.stderr
    with contextlib.chdir(cwd), warnings.catch_warnings(action="error"):
        sys.stdin, sys.stdout, sys.stderr = streams
        try:
            code = main(said)
        finally:
            sys.stdin, sys.stdout, sys.stderr = before
    texts = []
    for stream in streams[1:]:
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(["digitnet", *said], code, *texts)


def digitnet_process(
    *words: str | Path, cwd: Path, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, with warnings as errors."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "digitnet", *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def assert_one_sentence(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    """Exit code 2, no traceback, and one line of standard error that starts with our name."""
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    ours = [line for line in done.stderr.splitlines() if line.startswith("digitnet: ")]
    assert len(ours) == 1, done.stderr
    for part in parts:
        assert part in ours[0], ours[0]
