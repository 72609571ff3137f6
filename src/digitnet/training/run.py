"""Run: one training from a config to a model folder, with a checkpoint to go on from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from digitnet.data.dataset import Dataset
from digitnet.errors import SettingsError
from digitnet.files import make_folder
from digitnet.models.calibration import Calibration, inherited
from digitnet.models.folder import check_place, load_model, save_model
from digitnet.models.model import Model, float_network
from digitnet.models.quantize import as_integers
from digitnet.nn import Ensemble, Network
from digitnet.training.calibration_set import AT_TRAINING, THOROUGH, Effort, calibrated
from digitnet.training.chance import check_learnt
from digitnet.training.checkpoints import ANEW, Checkpoint, begin, save_checkpoint
from digitnet.training.config import TrainingConfig
from digitnet.training.events import EpochDone, Event, Finished, History
from digitnet.training.finetune import mixed, network_to_finetune, repeated
from digitnet.training.integers import integer_model
from digitnet.training.loop import train

CALIBRATION = 1
"""Beside the seed: the calibration's own stream, the same for a run that was resumed."""


def checkpoint_path(out: str | Path) -> Path:
    """Where the checkpoint of a run into the folder `out` lies: beside it."""
    out = Path(out).resolve()
    return out.with_name(f"{out.name}.checkpoint.npz")


class Run:
    """One training run.

    The config's seed alone decides the split, the start and the shuffling, so a resumed run builds
    the same data and network again and then takes its state from the checkpoint.

    Args:
        config: what decides the run.
        dataset: what `config.source` stands for.
        out: the model folder to write at the end; the checkpoint lies beside it.
        checkpoint: of an interrupted run to go on with.
        rest: what `config.mix` stands for: other digits to be learnt beside.
        understood: what else was said of the source, by the names of `open_source`'s arguments;
            it is recorded, so that a resumed run reads it the same way.

    Raises:
        OutputError: `out` cannot be written to.
        SettingsError: the dataset cannot be split, or is not the one the checkpoint was made with.
        ModelError: the checkpoint does not fit.
    """

    def __init__(
        self,
        config: TrainingConfig,
        dataset: Dataset,
        out: str | Path,
        checkpoint: Checkpoint | None = None,
        rest: Dataset | None = None,
        understood: Mapping[str, Any] | None = None,
    ) -> None:
        check_place(out)
        self.config = config
        self.out = Path(out)
        rng = np.random.default_rng(config.seed)
        self.training: Dataset = dataset
        self.validation: Dataset | None = None
        if config.validation:
            self.training, self.validation = dataset.split(config.validation, rng)
        self._start = None if config.start is None else load_model(config.start)
        if self._start is None:
            self.network = Network(config.layers(dataset.images[0].size, len(dataset.class_names)))
            self.network.initialize(rng)
        else:
            self.network = network_to_finetune(str(config.start), self._start, dataset)
            self.training = repeated(self.training)
        if rest is not None:
            self.training = mixed(self.training, rest, config.mix_share, rng)
        teacher = None
        if config.teacher is not None:
            teacher = float_network(load_model(config.teacher), config.teacher)
        self.settings = config.settings(teacher)
        self.state = begin(self.network, self.settings, rng)
        fingerprints = [d.fingerprint() for d in (dataset, rest) if d is not None]
        self._record = {"plan": config.as_dict(), "data": " and ".join(fingerprints)}
        if understood:
            self._record["understood"] = dict(understood)
        if checkpoint is not None:
            if checkpoint.run.get("data") != self._record["data"]:
                raise SettingsError(
                    f"{config.source} is not what the checkpoint {checkpoint.path} was made with: "
                    "its digits have changed.",
                    ANEW,
                )
            checkpoint.restore(self.state)

    @property
    def history(self) -> History:
        """The epochs done so far."""
        return self.state.history

    def events(self) -> Iterator[Event]:
        """Train; a checkpoint is kept from the start, renewed after each epoch.

        After the last event, call `keep`.

        Raises:
            TrainingDivergedError, OutputError: the last good weights are in the network.
        """
        self.checkpoint()
        for event in train(self.network, self.training, self.validation, self.settings, self.state):
            if isinstance(event, EpochDone):
                self.checkpoint()
            if isinstance(event, Finished):
                self._record["ended"] = event.reason
            yield event

    def checkpoint(self) -> None:
        """Write where the run stands; whenever an event is out, it may be called."""
        path = checkpoint_path(self.out)
        make_folder(path.parent)
        save_checkpoint(path, self.state, self._record)

    def check_learnt(self) -> None:
        """Call it before `keep`: whether this run has learnt anything; see `chance`.

        Raises:
            NothingLearntError: it has not.
        """
        check_learnt(
            self.history,
            self.training,
            self.validation,
            self.settings.learning_rate,
            "Nothing was learnt, and nothing is kept",
        )

    def keep(self, companions: Mapping[str, bytes] | None = None) -> Model:
        """Write the model folder with its history, and drop the checkpoint.

        Args:
            companions: further files to write into it, name to content.

        Raises:
            OutputError: the folder cannot be written; the checkpoint still stands.
        """
        model = self._write(companions or {})
        checkpoint_path(self.out).unlink(missing_ok=True)
        return model

    def keep_so_far(self) -> Model | None:
        """Write the best epoch so far as the model folder, and a checkpoint to go on from.

        For a run that is stopped whenever an event is out; None where no epoch is done yet.

        Raises:
            OutputError: one of them cannot be written.
        """
        self.checkpoint()
        if not self.history.epochs:
            return None
        running = self.network.vector.copy()
        self.network.vector[:] = self.state.best_vector
        try:
            return self._write({})
        finally:
            self.network.vector[:] = running

    def _write(self, companions: Mapping[str, bytes]) -> Model:
        """The model folder, from the parameters as they are in the network."""
        record = self._training_record()
        if self.config.bits == "float":
            model = Model(
                self.network,
                self.training.class_names,
                self.config.framing,
                record,
                self._calibration(),
            )
        else:
            integers = as_integers(self.network, self.training.class_names)
            model = integer_model(
                integers, self.validation, self.config.framing, record,
                np.random.default_rng([self.config.seed, CALIBRATION]),
            )  # fmt: skip
        history = json.dumps(self.history.as_dict(), indent=1).encode() + b"\n"
        save_model(model, self.out, {"history.json": history, **companions})
        return model

    @property
    def is_calibrated(self) -> bool:
        """Whether what is kept is calibrated anew."""
        return self._start is None and self.validation is not None

    def _calibration(self) -> Calibration:
        """Fitted on the validation part, which the weights were not; none without such a part.

        A fine-tuned model keeps the one of the model it started from, which knows many hands.
        """
        if self._start is not None:
            return inherited(self._start.calibration)
        return self.calibrated(self.network, effort=AT_TRAINING)

    def calibrated(
        self,
        network: Network | Ensemble,
        risk: float | None = None,
        effort: Effort = THOROUGH,
    ) -> Calibration:
        """The calibration of a network that has learnt from this run's digits."""
        if self.validation is None:
            return Calibration()
        rng = np.random.default_rng([self.config.seed, CALIBRATION])
        framing = self.config.framing
        return calibrated(
            network, self.validation, self.training, rng,
            framing=framing, risk=risk, effort=effort,
        )  # fmt: skip

    def _training_record(self) -> dict[str, Any]:
        best = self.history.best_epoch - 1
        start = {} if self._start is None else {"start": self._start.training}
        return {
            **self._record,
            **start,
            "n_training": len(self.training),
            "n_validation": 0 if self.validation is None else len(self.validation),
            "epochs_done": len(self.history.epochs),
            "best_epoch": self.history.best_epoch,
            "validation_accuracy": self.history.validation_accuracy[best],
            "validation_loss": self.history.validation_loss[best],
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        }
