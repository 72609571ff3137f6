"""Start: the shortest program in each library from a PNG to a label.

    python -m benchmarks.sides.start SIDE FOLDER PICTURE

FOLDER holds W1.npy, b1.npy, W2.npy, b2.npy, and model.onnx for ONNX Runtime.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np


def pixels(picture: str) -> np.ndarray:
    """(1, 784) float32: grey, resized, ink bright."""
    from PIL import Image

    grey = Image.open(picture).convert("L").resize((28, 28))
    return 1 - np.asarray(grey, np.float32).reshape(1, 784) / 255


def weights(folder: str) -> list[np.ndarray]:
    return [np.load(Path(folder) / f"{name}.npy") for name in ("W1", "b1", "W2", "b2")]


def onnx_session(folder: str, picture: str) -> int:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(Path(folder) / "model.onnx"))
    return int(session.run(None, {"x": pixels(picture)})[0].argmax())


def pytorch(folder: str, picture: str) -> int:
    import torch

    W1, b1, W2, b2 = map(torch.from_numpy, weights(folder))
    with torch.inference_mode():
        hidden = torch.sigmoid(torch.from_numpy(pixels(picture)) @ W1 + b1)
        return int((hidden @ W2 + b2).argmax())


def jax_scan(folder: str, picture: str) -> int:
    import jax
    import jax.numpy as jnp

    W1, b1, W2, b2 = weights(folder)
    return int((jax.nn.sigmoid(jnp.asarray(pixels(picture)) @ W1 + b1) @ W2 + b2).argmax())


def sklearn_mlp(folder: str, picture: str) -> int:
    from benchmarks.sides.sklearn_mlp import with_parameters

    return int(with_parameters(weights(folder)).predict_proba(pixels(picture)).argmax())


def keras_jax(folder: str, picture: str) -> int:
    from benchmarks.sides.keras_jax import with_parameters

    return int(np.asarray(with_parameters(weights(folder))(pixels(picture))).argmax())


if __name__ == "__main__":
    print(globals()[sys.argv[1]](*sys.argv[2:]))
