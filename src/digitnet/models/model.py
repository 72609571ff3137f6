"""Model: a network that knows its classes, its framing and where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import DIGITS, as_input
from digitnet.errors import ModelError
from digitnet.imaging.framing import Frame, frame_picture
from digitnet.models.calibration import Calibration
from digitnet.models.inputs import as_frames, pictures_in
from digitnet.models.integer_network import IntegerNetwork
from digitnet.nn import Ensemble, Network, fold
from digitnet.nn.layer import FloatArray
from digitnet.nn.notation import in_words
from digitnet.threads import on_all_cores, one_blas_thread

if TYPE_CHECKING:
    from digitnet.models.inputs import Batch, OnePicture


N_BARS = 10  # in a notebook
BAR = "#4c78a8"
Risk = float | str | None
AnyNetwork = Network | Ensemble | IntegerNetwork
"""All that a model may answer with."""


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

    def __repr__(self) -> str:
        return f"Prediction({self._in_words()})"

    def _in_words(self) -> str:
        if self.label is None:
            return f"no answer: {self.reason}"
        return f"{self.label}, {100 * self.probabilities[self.label]:.1f} %"

    def _repr_html_(self) -> str:
        """For notebooks: what the network saw, and a bar for each of the likeliest classes."""
        from html import escape

        from digitnet.imaging.png import as_image_tag

        likeliest = np.sort(np.argsort(-self.probabilities, kind="stable")[:N_BARS])
        bars = "".join(
            f'<text x="0" y="{y + 10}">{label}</text>'
            f'<rect x="24" y="{y}" width="{200 * share:.1f}" height="11" fill="{BAR}"/>'
            f'<text x="{28 + 200 * share:.1f}" y="{y + 10}">{100 * share:.1f} %</text>'
            for y, label in zip(range(0, 14 * N_BARS, 14), likeliest, strict=False)
            for share in [float(self.probabilities[label])]
            if self.label is not None
        )
        return (
            f"<div><b>{escape(self._in_words())}</b></div>"
            '<div style="display:flex;gap:16px">'
            f"{as_image_tag(self.frame.image, 'what the network saw', zoom=5)}"
            f'<svg width="280" height="{14 * len(likeliest)}" fill="currentColor" '
            f'font-size="11" font-family="sans-serif">{bars}</svg></div>'
        )

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
        network: maps inputs (N, 784) to logits (N, n_classes); or several that do as one; or one
            of whole numbers, whose answers are those of a microcontroller.
        class_names: one per logit.
        framing: how a picture becomes the 28 x 28 frame, "mnist" or "stretch".
        training: the record of the run that made it: source, settings, seed, figures.
        calibration: how far its probabilities may be trusted, and when it does not answer.
        sealed: whether damage to its description would be noticed; false of models that were
            written before there were seals.
    """

    network: AnyNetwork
    class_names: tuple[str, ...] = DIGITS
    framing: str = "mnist"
    training: dict[str, Any] = field(default_factory=dict)
    calibration: Calibration = field(default_factory=Calibration)
    sealed: bool = field(default=True, compare=False)

    def __repr__(self) -> str:
        return (
            f"Model({network_in_words(self.network)}, "
            f"{len(self.class_names)} classes, framing {self.framing}, "
            f"{self.n_parameters:,} parameters)"
        )

    @property
    def n_parameters(self) -> int:
        """Numbers that an answer is computed with; batch normalisations are in the weights."""
        network = self.network
        if not isinstance(network, IntegerNetwork):
            network = predictor(network)
        return sum(view.size for view in network.parameters.values())

    def at_risk(self, risk: float | str) -> Model:
        """The same model, which answers so that no more than that share of its answers is wrong.

        Args:
            risk: 0.005 or "0.5%"; 0 answers always, whatever ink there is in a picture. On which
                digits the promise was counted, and what was reached where it cannot be kept, says
                `calibration.risks` and `calibration.promised`.

        Raises:
            SettingsError: it is no share below 1, or this model can promise nothing.
        """
        return replace(self, calibration=self.calibration.at(risk))

    def probabilities(self, images: NDArray[Any]) -> FloatArray:
        """Calibrated class probabilities (N, n_classes) for frames, ink bright on 0.

        Args:
            images: (N, 28, 28) or (N, 784), bytes or floats in 0..1 (`models/inputs.py`).

        Raises:
            PictureError: these are no frames, or their numbers may mean two things.
        """
        return self._probabilities(as_frames(images))

    def _probabilities(self, images: NDArray[np.uint8]) -> FloatArray:
        return self.calibration.probabilities(classify(self.network, images))

    def accepted(
        self,
        images: NDArray[Any],
        probabilities: FloatArray,
        scores: NDArray[np.float64] | None = None,
    ) -> NDArray[np.bool_]:
        """Which answers (N, n_classes) for frames (N, 28, 28) the model stands by, (N,).

        ``scores`` (N,) are the frames' out-of-distribution scores, where they are known already.

        Raises:
            PictureError: as for `probabilities`.
        """
        unsure = self.calibration.unsure(probabilities)
        return ~(unsure | self.calibration.no_digit(as_frames(images), scores))

    @overload
    def predict(self, picture: OnePicture, risk: Risk = None) -> Prediction: ...
    @overload
    def predict(self, picture: Batch, risk: Risk = None) -> list[Prediction]: ...
    @overload
    def predict(self, picture: NDArray[Any], risk: Risk = None) -> Any: ...
    def predict(
        self, picture: OnePicture | Batch | NDArray[Any], risk: Risk = None
    ) -> Prediction | list[Prediction]:
        """Open a picture, frame it, and say which digit it shows; for a batch, a list of answers.

        Args:
            picture: a path, bytes, an open file, a Pillow image, an array or 784 numbers; or a
                batch, a list of any of these or an array (N, 28, 28) or (N, 784). Which shape
                means what stands in `models/inputs.py`.
            risk: which share of the answers may be wrong, see `at_risk`; None takes the model's.

        Raises:
            PictureError: one cannot be opened, or it cannot be told what is meant.
            SettingsError: as for `at_risk`.
        """
        if risk is not None:
            return self.at_risk(risk).predict(picture)
        pictures, is_batch = pictures_in(picture)
        answers = self.answers([frame_picture(one, self.framing) for one in pictures])
        return answers if is_batch else answers[0]

    def answer(self, frame: Frame) -> Prediction:
        """The answer for one frame, or the reason why there is none: "no digit" or "unsure"."""
        return self.answers([frame])[0]

    def answers(self, frames: Sequence[Frame]) -> list[Prediction]:
        """The answer for each frame; many at once take a fraction of the time each."""
        if not frames:
            return []
        images = np.stack([frame.image for frame in frames])
        probabilities = self._probabilities(images)
        refusals = self.calibration.refusals(images, probabilities, self.class_names)
        answers = []
        for frame, row, refusal in zip(frames, probabilities, refusals, strict=True):
            reason = refusal if frame.reason is None else f"no digit: {frame.reason}"
            if self.calibration.answers_always and frame.image.any():
                reason = None
            label = int(row.argmax()) if reason is None else None
            answers.append(Prediction(label, row, reason, frame))
        return answers


def predictor(network: Network | Ensemble) -> Network | Ensemble:
    """What predicts the same with less work: batch normalisations folded into the weights."""
    return network.folded() if isinstance(network, Ensemble) else fold(network)


def float_network(model: Model, called: str) -> Network | Ensemble:
    """A model's network where it computes in floats, for what whole numbers are not made for.

    Raises:
        ModelError: it computes in whole numbers; `called` is the model's name.
    """
    if isinstance(model.network, IntegerNetwork):
        raise ModelError(
            f"{called} computes in whole numbers as a microcontroller does; it answers, and can do "
            "nothing else here.",
            "take a model in floats, such as cnn.",
        )
    return model.network


def network_in_words(network: AnyNetwork) -> str:
    """784-64-10, several joined by +; see nn/notation.py."""
    if isinstance(network, IntegerNetwork):
        return network.words
    members = network.networks if isinstance(network, Ensemble) else (network,)
    return " + ".join(in_words(member) for member in members)


def classify(network: AnyNetwork, images: NDArray[Any], batch_size: int = 512) -> FloatArray:
    """Logits (N, n_classes) for frames (N, 28, 28) or features (N, n).

    Memory is bounded by the batch size. A batch of 512 stays in the cache between the layers;
    4,096 take half as long again. A convolutional network works on a batch per core, since BLAS
    alone would not fill them. Batch normalisations are folded into the weights first.
    """
    if not isinstance(network, IntegerNetwork):
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
