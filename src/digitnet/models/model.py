"""Model: a network that knows its classes, its framing and where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import DIGITS, as_input
from digitnet.models.calibration import Calibration
from digitnet.nn import Ensemble, Network, fold
from digitnet.nn.layer import FloatArray
from digitnet.threads import on_all_cores, one_blas_thread

if TYPE_CHECKING:
    from PIL import Image

    from digitnet.imaging.framing import Frame


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture.

    Attributes:
        label: the class, or None where there is no answer.
        probabilities: one per class, (n_classes,), summing to 1.
        reason: why there is no answer, "no digit: ..." or "unsure: ..."; None where there is one.
        frame: what the network saw, and how it was found in the picture.
    """

    label: int | None
    probabilities: FloatArray
    reason: str | None
    frame: Frame

    def as_dict(self) -> dict[str, Any]:
        """The answer and what was found in the picture, as plain values for JSON."""
        return {
            "label": self.label,
            "probabilities": [float(p) for p in self.probabilities],
            "reason": self.reason,
            "background": self.frame.background,
            "polarity": self.frame.polarity,
            "box": list(self.frame.box),
            "dropped": self.frame.dropped,
            "found": self.frame.sentence,
        }


@dataclass(frozen=True)
class Model:
    """A trained network and what it takes to use it.

    Attributes:
        network: maps inputs (N, 784) to logits (N, n_classes); or several that do as one.
        class_names: one per logit.
        framing: how a picture becomes the 28 x 28 frame, "mnist" or "stretch".
        training: the record of the run that made it: source, settings, seed, figures.
        calibration: how far its probabilities may be trusted, and when it does not answer.
    """

    network: Network | Ensemble
    class_names: tuple[str, ...] = DIGITS
    framing: str = "mnist"
    training: dict[str, Any] = field(default_factory=dict)
    calibration: Calibration = field(default_factory=Calibration)

    @property
    def n_parameters(self) -> int:
        """Numbers that an answer is computed with; batch normalisations are in the weights."""
        return sum(view.size for view in predictor(self.network).parameters.values())

    def probabilities(self, images: NDArray[np.uint8]) -> FloatArray:
        """Calibrated class probabilities (N, n_classes) for frames (N, 28, 28), ink bright on 0."""
        return self.calibration.probabilities(classify(self.network, images))

    def accepted(self, images: NDArray[np.uint8], probabilities: FloatArray) -> NDArray[np.bool_]:
        """Which answers (N, n_classes) for frames (N, 28, 28) the model stands by, (N,)."""
        unsure = self.calibration.unsure(probabilities)
        return ~(unsure | self.calibration.no_digit(images))

    def predict(
        self, picture: str | Path | bytes | BinaryIO | Image.Image | NDArray[Any]
    ) -> Prediction:
        """Open a picture, frame it, and say which digit it shows.

        Raises:
            PictureError: it cannot be opened.
        """
        from digitnet.imaging.framing import frame_picture
        from digitnet.imaging.pictures import open_picture

        return self.answer(frame_picture(open_picture(picture), self.framing))

    def answer(self, frame: Frame) -> Prediction:
        """The answer for one frame, or the reason why there is none: "no digit" or "unsure"."""
        return self.answers([frame])[0]

    def answers(self, frames: Sequence[Frame]) -> list[Prediction]:
        """The answer for each frame; many at once take a fraction of the time each."""
        if not frames:
            return []
        images = np.stack([frame.image for frame in frames])
        probabilities = self.probabilities(images)
        refusals = self.calibration.refusals(images, probabilities, self.class_names)
        answers = []
        for frame, row, refusal in zip(frames, probabilities, refusals, strict=True):
            reason = refusal if frame.reason is None else f"no digit: {frame.reason}"
            label = int(row.argmax()) if reason is None else None
            answers.append(Prediction(label, row, reason, frame))
        return answers


def predictor(network: Network | Ensemble) -> Network | Ensemble:
    """What predicts the same with less work: batch normalisations folded into the weights."""
    return network.folded() if isinstance(network, Ensemble) else fold(network)


def classify(
    network: Network | Ensemble, images: NDArray[np.uint8], batch_size: int = 512
) -> FloatArray:
    """Logits (N, n_classes) for frames (N, 28, 28); memory is bounded by the batch size.

    A batch of 512 stays in the cache between the layers; 4,096 take half as long again. A
    convolutional network works on a batch per core, since BLAS alone would not fill them. Batch
    normalisations are folded into the weights first.
    """
    network = predictor(network)
    logits = np.empty((len(images), network.n_out), dtype=network.dtype)

    def fill(start: int) -> None:
        part = slice(start, start + batch_size)
        logits[part] = network.forward(as_input(images[part], logits.dtype))

    starts = range(0, len(images), batch_size)
    if network.convolves and len(starts) > 1:
        with one_blas_thread():
            on_all_cores(fill, starts)
    else:
        for start in starts:
            fill(start)
    return logits
