"""Checkpoints: the complete, resumable state of a run in one file, written whole or not at all."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import ModelError, SettingsError
from digitnet.files import read_arrays, replacing
from digitnet.nn import Network
from digitnet.nn.layer import FloatArray
from digitnet.nn.optimizers import State
from digitnet.training.config import Settings, TrainingConfig
from digitnet.training.events import History


@dataclass
class TrainingState:
    """Where a run stands: all that the next step depends on, whole whenever an event is out.

    Attributes:
        vector: the network's own parameters (n_parameters,), not a copy.
        optimizer_state: see `Optimizer.start`.
        average: the moving average of the parameters, where the settings ask for one; without it
            the parameters themselves.
        rng: shuffles and draws dropout masks.
        epoch: epochs done.
        step: steps done in the running epoch.
        order: the running epoch's order of the images (N,).
        loss_sum: sum over images of the running epoch's loss.
        n_right: right answers of the running epoch.
        best_vector: the parameters of the best epoch; before the first, the start.
        best_accuracy: its validation accuracy; -1 before the first epoch.
        best_loss: its validation loss.
        history: the epochs done.
    """

    vector: FloatArray
    optimizer_state: State
    rng: np.random.Generator
    best_vector: FloatArray
    average: FloatArray
    order: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    n_right: int = 0
    best_accuracy: float = -1.0
    best_loss: float = math.inf
    history: History = field(default_factory=History)


def begin(network: Network, settings: Settings, rng: np.random.Generator) -> TrainingState:
    """The state before the first step, from the network's parameters as they are.

    Args:
        network: its parameters are the state's, not a copy.
        settings: its optimiser's state is made, and an average where it asks for one.
        rng: shuffles and draws dropout masks from now on.
    """
    return TrainingState(
        vector=network.vector,
        optimizer_state=settings.optimizer.start(network.vector),
        rng=rng,
        best_vector=network.vector.copy(),
        average=network.vector.copy() if settings.ema_decay else network.vector,
    )


_ODD = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What comes of values that have other types or sizes than were ever written."""
VERSION = 1
MOST_BYTES = 2**33
"""Bytes of a checkpoint, at most."""
ENDING = ".checkpoint.npz"
"""What a checkpoint's file name ends in, behind the name of its run."""
ANEW = "train again without {resume}."


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint file, read and not yet applied.

    Attributes:
        path: where it was read from.
        run: what the saver said about the run (source, settings, seed, ...), plain JSON values.
    """

    path: Path
    run: dict[str, Any]
    _progress: dict[str, Any]
    _arrays: dict[str, NDArray[Any]]

    def config(self) -> TrainingConfig:
        """What the interrupted run was trained by.

        Raises:
            ModelError: the checkpoint says nothing that makes sense.
        """
        try:
            return TrainingConfig(**self.run["plan"])
        except (*_ODD, SettingsError) as error:
            raise damaged_checkpoint(self.path) from error

    @property
    def epochs_done(self) -> int:
        """How far the interrupted run had come."""
        return int(self._progress["epoch"])

    def restore(self, state: TrainingState) -> None:
        """Bring a state fresh from `begin` to where the interrupted run stood.

        Raises:
            ModelError: the checkpoint is of another network, optimiser or generator.
        """
        misfit = ModelError(
            f"{self.path} does not fit the network and optimiser of this run.", ANEW
        )
        try:
            targets = {
                "vector": state.vector, "best_vector": state.best_vector, "average": state.average,
            }  # fmt: skip
            targets |= {f"optimizer.{name}": a for name, a in state.optimizer_state.items()}
            if set(targets) | {"order"} != set(self._arrays):
                raise misfit
            for name, target in targets.items():
                source = self._arrays[name]
                if (source.shape, source.dtype) != (target.shape, target.dtype):
                    raise misfit
                target[...] = source
            state.order = self._arrays["order"]
            state.rng.bit_generator.state = self._progress["rng"]
            state.epoch, state.step = self._progress["epoch"], self._progress["step"]
            state.loss_sum, state.n_right = self._progress["loss_sum"], self._progress["n_right"]
            state.best_accuracy = self._progress["best_accuracy"]
            state.best_loss = self._progress["best_loss"]
            state.history = History(**self._progress["history"])
        except _ODD as error:
            raise misfit from error


def save_checkpoint(path: str | Path, state: TrainingState, run: dict[str, Any]) -> None:
    """Write the state and what describes the run, in place of any older checkpoint.

    Raises:
        OutputError: the place cannot be written to; the older checkpoint still stands.
    """
    progress = {
        "rng": state.rng.bit_generator.state,
        "epoch": state.epoch,
        "step": state.step,
        "loss_sum": state.loss_sum,
        "n_right": state.n_right,
        "best_accuracy": state.best_accuracy,
        "best_loss": state.best_loss,
        "history": state.history.as_dict(),
    }
    head = json.dumps({"version": VERSION, "run": run, "progress": progress}).encode()
    arrays: dict[str, NDArray[Any]] = {
        "vector": state.vector,
        "best_vector": state.best_vector,
        "average": state.average,
        "order": state.order,
        **{f"optimizer.{name}": array for name, array in state.optimizer_state.items()},
        "head": np.frombuffer(head, dtype=np.uint8),
    }
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub takes a name for a flag


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        FileNotFoundError: there is none.
        ModelError: it is damaged, a symbolic link, or of a newer version.
    """
    path = Path(path)
    damaged = damaged_checkpoint(path)
    if path.is_symlink():
        raise ModelError(f"{path} is a symbolic link, which is not followed.", ANEW)
    try:
        arrays = read_arrays(path, MOST_BYTES)
    except FileNotFoundError:
        raise
    except Exception as error:  # over damaged bytes zipfile and NumPy raise a dozen kinds
        raise damaged from error
    try:
        head = json.loads(arrays.pop("head").tobytes())
        version = head["version"]
        if version == VERSION:
            _check_progress(head["progress"])
            return Checkpoint(path, dict(head["run"]), head["progress"], arrays)
    except _ODD as error:
        raise damaged from error
    raise ModelError(f"{path} has version {version}, and this digitnet reads {VERSION}.", ANEW)


def _check_progress(progress: dict[str, Any]) -> None:
    """Counts are counts and sums are numbers; the rest is found out when it is restored."""
    for name in ("epoch", "step", "n_right"):
        if type(progress[name]) is not int or not 0 <= progress[name] < 2**53:
            raise ValueError(f"{name} is no count")
    for name in ("loss_sum", "best_accuracy", "best_loss"):
        if not isinstance(progress[name], int | float) or math.isnan(progress[name]):
            raise ValueError(f"{name} is no number")
    if progress["best_accuracy"] != -1 and not 0 <= progress["best_accuracy"] <= 1:
        raise ValueError("the best accuracy is no share")
    _check_history(progress["history"])


def _check_history(history: dict[str, Any]) -> None:
    """A value for each epoch in every list: a number, or nothing where nothing was measured."""
    lists = asdict(History(**history))
    best, epochs = lists.pop("best_epoch"), lists.pop("epochs")
    if type(epochs) is not list or not all(type(n) is int and 0 < n < 2**53 for n in epochs):
        raise ValueError("its epochs are no counts")
    if type(best) is not int or best not in (0, *epochs):
        raise ValueError("its best epoch is none")
    for name, values in lists.items():
        kinds = (float, int, type(None)) if name.startswith("validation") else (float, int)
        if type(values) is not list or len(values) != len(epochs):
            raise ValueError(f"its {name} is not one of each epoch")
        if not all(type(n) in kinds and not (type(n) is int and abs(n) >= 2**53) for n in values):
            raise ValueError(f"its {name} is no number")
        if name.endswith("accuracy") and not all(n is None or 0 <= n <= 1 for n in values):
            raise ValueError(f"its {name} is no share")


def damaged_checkpoint(path: Path) -> ModelError:
    """The error of a checkpoint that cannot be resumed from."""
    return ModelError(f"{path} is damaged and cannot be resumed from.", ANEW)
