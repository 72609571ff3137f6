"""Exports: how far an exported model is from digitnet's own answer, and how large its files are.

    python -m benchmarks.exports [MODEL ...] [-n 10000] [--drawn]

Every model is exported to each kind and asked about the same frames: MNIST's test digits, drawn
digits, and frames of noise, blank and full ones. A row gives the size of its files, the largest
difference of any probability (and, of ONNX, of any logit) from `Model.probabilities`, and how many
frames get another answer, label or refusal. Of models of whole numbers there is ONNX alone. MNIST's
test digits are compared, never counted as right or wrong. Needs onnx, onnxruntime and safetensors
(extra `dev`).
"""

from __future__ import annotations

import argparse
import runpy
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.data.sources import open_source
from digitnet.data.synthetic import synthesize
from digitnet.export import export_model
from digitnet.export.card import ANSWERED
from digitnet.export.folder import CARD
from digitnet.models.description import arrays_of
from digitnet.models.folder import load_model
from digitnet.models.integer_network import IntegerNetwork
from digitnet.models.model import Model, classify

Frames = NDArray[np.uint8]
Answers = tuple[NDArray[Any] | None, NDArray[np.float32], NDArray[np.int64]]
"""Logits where there are any, probabilities, and labels, -1 where there is no answer."""
SEED = 990_002


def by_onnx(folder: Path) -> Callable[[Frames], Answers]:
    import onnxruntime

    session = onnxruntime.InferenceSession(folder / "model.onnx")

    def ask(frames: Frames) -> Answers:
        given = np.float32(frames).reshape(-1, 1, 28, 28) / 255
        logits, probabilities, labels, refusals = session.run(None, {"frames": given})
        assert ((labels >= 0) == (refusals == ANSWERED)).all()
        return logits, probabilities, labels

    return ask


def by_numpy(folder: Path) -> Callable[[Frames], Answers]:
    predict = runpy.run_path(str(folder / "model.py"))["predict"]
    return lambda frames: (None, *predict(frames)[1::-1])


ASK = {"onnx": by_onnx, "numpy": by_numpy}


def own(model: Model, frames: Frames) -> Answers:
    """The answers that digitnet gives."""
    probabilities = model.probabilities(frames)
    accepted = model.accepted(frames, probabilities) & frames.any(axis=(1, 2))
    labels = np.where(accepted, probabilities.argmax(axis=1), -1)
    if isinstance(model.network, IntegerNetwork):
        return model.network.logits(frames).astype(np.float64), probabilities, labels
    return classify(model.network, frames), probabilities, labels


def batches(ask: Callable[[Frames], Answers], frames: Frames) -> list[Answers]:
    """Answers to 500 frames at a time."""
    return [ask(frames[start : start + 500]) for start in range(0, len(frames), 500)]


def compared(name: str, model: Model, sets: dict[str, Frames]) -> None:
    expected = {
        what: batches(lambda part: own(model, part), frames) for what, frames in sets.items()
    }
    whole = isinstance(model.network, IntegerNetwork)
    for kind, opened in list(ASK.items())[: 1 if whole else None]:
        with tempfile.TemporaryDirectory() as parent:
            folder = Path(parent) / kind
            export_model(model, kind, name, folder)
            print(f"{name} to {kind}: {sizes(folder)}", flush=True)
            ask = opened(folder)
            for what, frames in sets.items():
                furthest = {"logit": 0.0, "probability": 0.0}
                others = 0
                pairs = zip(batches(ask, frames), expected[what], strict=True)
                for (z, p, labels), (own_z, own_p, own_labels) in pairs:
                    others += int((labels != own_labels).sum())
                    furthest["probability"] = max(furthest["probability"], abs(p - own_p).max())
                    if z is not None:
                        furthest["logit"] = max(furthest["logit"], abs(z - own_z).max())
                if kind != "onnx":
                    del furthest["logit"]
                far = ", ".join(f"{each} {value:.1e}" for each, value in furthest.items())
                print(f"  {what:<22} {len(frames):>7,}  furthest {far}; {others} other answers")
    if not whole:
        safetensors(name, model)


def safetensors(name: str, model: Model) -> None:
    """Whether safetensors' own loader gives the model's arrays to the bit."""
    from safetensors.numpy import load_file

    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "safetensors"
        export_model(model, "safetensors", name, folder)
        read, arrays = load_file(folder / "model.safetensors"), arrays_of(model)
        same = sum(read[key].tobytes() == array.tobytes() for key, array in arrays.items())
        print(f"{name} to safetensors: {sizes(folder)}")
        print(f"  {same} of {len(arrays)} arrays the same to the bit")


def sizes(folder: Path) -> str:
    """The files of an export but its card, and what they take together."""
    files = {path.name: path.stat().st_size / 1e3 for path in sorted(folder.iterdir())}
    del files[CARD]
    each = ", ".join(f"{name} {size:,.0f} kB" for name, size in files.items())
    return f"{each}; together {sum(files.values()):,.0f} kB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["cnn", "mlp", "mcu"], metavar="MODEL")
    parser.add_argument("-n", type=int, default=10_000, help="digits of each (default: 10000)")
    parser.add_argument("--drawn", action="store_true", help="without MNIST's test digits")
    args = parser.parse_args()
    rng = np.random.default_rng(SEED)
    noise = rng.integers(0, 256, (max(1, args.n // 10), 28, 28), dtype=np.uint8)
    sets = {
        "drawn digits": synthesize(args.n, rng).images,
        "noise, blank, full": np.concatenate([noise, np.zeros_like(noise[:1]), noise[:1] | 255]),
    }
    if not args.drawn:
        sets = {"MNIST's test digits": open_source("mnist", part="test").images[: args.n], **sets}
    for named in args.models:
        compared(Path(named).name, load_model(named), sets)


if __name__ == "__main__":
    main()
