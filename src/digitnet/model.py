"""Model: a network that knows its classes, its framing and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import DIGITS, as_input
from digitnet.nn import Network, softmax
from digitnet.nn.layers import FloatArray

if TYPE_CHECKING:
    from PIL import Image

    from digitnet.imaging.framing import Frame


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture.

    Attributes:
        label: the class, or None where there is no answer.
        probabilities: one per class, (n_classes,), summing to 1.
        reason: why there is no answer; None where there is one.
        frame: what the network saw, and how it was found in the picture.
    """

    label: int | None
    probabilities: FloatArray
    reason: str | None
    frame: Frame

    def as_dict(self) -> dict[str, Any]:
        """Label (or None), probabilities and reason, as plain values for JSON."""
        return {
            "label": self.label,
            "probabilities": [float(p) for p in self.probabilities],
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Model:
    """A trained network and what it takes to use it.

    Attributes:
        network: maps inputs (N, 784) to logits (N, n_classes).
        class_names: one per logit.
        framing: how a picture becomes the 28 x 28 frame, "mnist" or "stretch".
        training: the record of the run that made it: source, settings, seed, figures.
    """

    network: Network
    class_names: tuple[str, ...] = DIGITS
    framing: str = "mnist"
    training: dict[str, Any] = field(default_factory=dict)

    def probabilities(self, images: NDArray[np.uint8]) -> FloatArray:
        """Class probabilities (N, n_classes) for frames (N, 28, 28), ink bright on 0."""
        return softmax(classify(self.network, images))

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
        """The answer for one frame."""
        probabilities = self.probabilities(frame.image[None])[0]
        if frame.reason is not None:
            return Prediction(None, probabilities, frame.reason, frame)
        return Prediction(int(probabilities.argmax()), probabilities, None, frame)


def classify(network: Network, images: NDArray[np.uint8], batch_size: int = 4096) -> FloatArray:
    """Logits (N, n_classes) for frames (N, 28, 28); memory is bounded by the batch size."""
    logits = np.empty((len(images), network.n_out), dtype=network.vector.dtype)
    for start in range(0, len(images), batch_size):
        part = images[start : start + batch_size]
        logits[start : start + batch_size] = network.forward(as_input(part, logits.dtype))
    return logits
