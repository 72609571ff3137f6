"""Lines: training of a network that reads whole lines, on lines made as it goes.

Lines are made by a second process while the first one learns. They come in lots: those of a lot
are put in order of their widths and cut into batches, so that little ground is learnt from. What
a lot holds depends on the seed and the lot's number alone: a resumed training goes on with the
lines that it would have had.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset
from digitnet.errors import ModelError, SettingsError, TrainingDivergedError
from digitnet.files import read_arrays, replacing
from digitnet.handwriting.glyphs import LineGlyphs
from digitnet.handwriting.lines import Line, draw_lines
from digitnet.imaging.arrays import Bytes
from digitnet.imaging.line_frame import LINE_HEIGHT
from digitnet.models.lines import CHARACTERS, LineModel
from digitnet.nn.ctc import LineLabels, ctc_loss, greedy
from digitnet.nn.layer import FloatArray
from digitnet.nn.line_network import WIDTHS, LineNetwork, as_batch
from digitnet.nn.optimizers import Adam
from digitnet.nn.schedules import OneCycle
from digitnet.threads import one_blas_thread
from digitnet.training.checkpoints import MOST_BYTES
from digitnet.training.data_parallel import DataParallel
from digitnet.training.page_rows import CutRow, PageRows

LOT = 8
"""Batches made at a time."""
AHEAD = 3
"""Lots made before they are asked for."""
HELD_OUT = 12
"""Of so many digits and writers one is kept for validation."""
CUT_SHARE = 0.15
"""Of the lines of a lot, how many are rows cut out of made pages, where there are any."""
Batch = tuple[FloatArray, LineLabels, int]


@dataclass(frozen=True)
class LineSettings:
    """How lines are learnt.

    Attributes:
        steps: of the whole training.
        minutes: by when it ends, whatever the steps; the learning rate falls by the clock then,
            and the training does not repeat itself to the bit. 0 is no such end.
        batch_size: lines a step.
        learning_rate: the highest, of Adam.
        average: how much of the weights' moving average a step keeps.
        grade: how hard the lines are, see `draw_lines`.
        n_writers: hands that are drawn for them.
        page_rows: rows cut out of made pages that are learnt beside them, if there is a way to.
        widths: channels of the network's layers.
        validation_lines: made once, of digits and hands that are not learnt from.
        validate_every: steps.
        seed: of everything.
    """

    steps: int = 12000
    minutes: float = 0.0
    batch_size: int = 32
    learning_rate: float = 4e-3
    average: float = 0.998
    grade: float = 1.0
    n_writers: int = 600
    page_rows: int = 3000
    widths: tuple[int, ...] = WIDTHS
    validation_lines: int = 1000
    validate_every: int = 500
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "n_writers", "validation_lines", "validate_every"):
            if getattr(self, name) < 1:
                raise SettingsError(f"The setting {name} is at least 1, not {getattr(self, name)}.")
        if self.page_rows < 0:
            raise SettingsError(f"The setting page_rows is at least 0, not {self.page_rows}.")
        if self.minutes < 0 or not self.learning_rate > 0 or not 0 <= self.average < 1:
            raise SettingsError(
                "Minutes are at least 0, a learning rate is above 0 and an average in [0, 1)."
            )


@dataclass(frozen=True)
class LineScore:
    """How well lines were read.

    Attributes:
        step: after how many steps.
        loss: the mean over the steps since the validation before.
        characters: share of characters right, 1 - edit distance / length.
        lines: share of lines that are right to the last character.
        seconds: of training so far.
    """

    step: int
    loss: float
    characters: float
    lines: float
    seconds: float


@dataclass
class LineRun:
    """A training and where it stands.

    Attributes:
        settings: see LineSettings.
        digits: the digits that lines are made of; none if all is drawn.
        state_file: where `checkpoint` writes.
        cut: cuts rows out of made pages; None where lines alone are learnt from.
    """

    settings: LineSettings
    digits: Dataset | None
    state_file: Path
    cut: CutRow | None = None
    step: int = 0
    seconds: float = 0.0
    dropped: int = 0
    loss: float = 0.0
    scores: list[LineScore] = field(default_factory=list)

    def __post_init__(self) -> None:
        s = self.settings
        self.network = LineNetwork(LINE_HEIGHT, len(CHARACTERS) + 1, s.widths)
        self.network.initialize(np.random.default_rng([s.seed, 0]))
        self.average = self.network.vector.copy()
        self._optimizer = Adam()
        self._state = self._optimizer.start(self.network.vector)
        self._losses: list[float] = []

    def events(self, say: Callable[[str], None] = lambda _: None) -> Iterator[LineScore | None]:
        """Train to the end: a score where there was a validation, None after any other step.

        Args:
            say: is told what goes on before the first step.

        Raises:
            TrainingDivergedError: the loss is no number any more.
        """
        s = self.settings
        say("drawing the hands")
        learnt, held_out = glyph_sources(self.digits)
        rng = np.random.default_rng([s.seed, 1])
        validation = draw_lines(
            s.validation_lines,
            rng,
            digits=LineGlyphs.make(rng, held_out, n_writers=max(1, s.n_writers // HELD_OUT)),
            grade=s.grade,
        )
        schedule = OneCycle(0.1)
        parallel = DataParallel(self.network, halves=True)
        batches = _batches(s, learnt, self.cut, self.step)
        started = time.monotonic() - self.seconds
        try:
            with one_blas_thread():
                while (progress := self.progress) < 1.0:
                    x, labels, dropped = next(batches)
                    rate = s.learning_rate * schedule.factor(progress)
                    loss, _ = parallel.loss_and_gradient(
                        x,
                        labels,
                        np.random.default_rng([s.seed, 2, self.step]),
                        loss_function=ctc_loss,
                    )
                    self._move(parallel.gradient, rate)
                    self.dropped += dropped
                    self._losses.append(loss)
                    self.loss = float(np.mean(self._losses[-100:]))
                    self.step += 1
                    self.seconds = time.monotonic() - started
                    if not np.isfinite(loss):
                        raise TrainingDivergedError(
                            f"The loss is {loss} at step {self.step}.", "lower {learning_rate}."
                        )
                    if self.step % s.validate_every == 0 or self.progress >= 1.0:
                        yield self._validate(validation)
                    else:
                        yield None
        finally:
            batches.close()
            parallel.close()

    @property
    def progress(self) -> float:
        """Share of the training that is done, 0 to 1."""
        by_steps = self.step / self.settings.steps
        if not self.settings.minutes:
            return min(1.0, by_steps)
        return min(1.0, max(by_steps, self.seconds / (60.0 * self.settings.minutes)))

    def model(self) -> LineModel:
        """The average of the weights so far, as a model."""
        s = self.settings
        network = LineNetwork(LINE_HEIGHT, len(CHARACTERS) + 1, s.widths)
        network.vector[...] = self.average
        record = {
            "settings": asdict(s),
            "digits": "drawn hands only" if self.digits is None else self.digits.source,
            "steps": self.step,
            "seconds": round(self.seconds, 1),
            "scores": [asdict(score) for score in self.scores],
        }
        return LineModel(network, training=json.loads(json.dumps(record)))

    def start_from(self, model: LineModel) -> None:
        """Take over what a model has learnt, before the first step.

        Raises:
            SettingsError: it has other layers or other characters.
        """
        other = model.network
        mine = self.network
        if (other.widths, other.height, model.characters) != (mine.widths, mine.height, CHARACTERS):
            raise SettingsError(
                "The model to start from has other layers or characters than what is trained.",
                "train without {start}.",
            )
        mine.vector[...] = other.vector
        self.average[...] = other.vector

    def checkpoint(self) -> None:
        """Write all that the next step depends on.

        Raises:
            OutputError: the place cannot be written to.
        """
        head = {
            "settings": asdict(self.settings),
            "step": self.step,
            "seconds": self.seconds,
            "dropped": self.dropped,
            "scores": [asdict(score) for score in self.scores],
        }
        arrays: dict[str, NDArray[Any]] = {
            "vector": self.network.vector,
            "average": self.average,
            **{f"optimizer.{name}": array for name, array in self._state.items()},
            "head": np.frombuffer(json.dumps(head).encode(), np.uint8),
        }
        with replacing(self.state_file) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub takes a name for a flag

    def resume(self) -> None:
        """Bring a run that has not begun to where its checkpoint stands.

        Raises:
            ModelError: the checkpoint is damaged, or of other settings.
        """
        anew = "train again without {resume}."
        path = self.state_file
        try:
            arrays = read_arrays(path, MOST_BYTES)
            head = json.loads(arrays.pop("head").tobytes())
            made_with = json.loads(json.dumps(asdict(self.settings)))
            free = ("steps", "minutes", "validate_every")
            if any(v != made_with[k] for k, v in head["settings"].items() if k not in free):
                raise ModelError(f"{path} is of a training with other settings.", anew)
            targets = {"vector": self.network.vector, "average": self.average}
            targets |= {f"optimizer.{name}": array for name, array in self._state.items()}
            for name, target in targets.items():
                target[...] = arrays[name]
            self.step, self.seconds = int(head["step"]), float(head["seconds"])
            self.dropped = int(head["dropped"])
            self.scores = [LineScore(**score) for score in head["scores"]]
        except FileNotFoundError as error:
            raise ModelError(f"There is no interrupted training at {path}.", anew) from error
        except ModelError:
            raise
        except Exception as error:  # over damaged bytes numpy.load raises a dozen kinds
            raise ModelError(f"{path} is damaged and cannot be resumed from.", anew) from error

    def _move(self, gradient: FloatArray, rate: float) -> None:
        """One step of the optimiser, and of the average."""
        self.network.absorb_statistics(gradient)
        norm = float(np.linalg.norm(gradient))
        if norm > 5.0:  # the first steps' texts are very unlikely
            gradient *= 5.0 / norm
        self._optimizer.step(self.network.vector, gradient, self._state, rate)
        keep = min(self.settings.average, (1.0 + self.step) / (10.0 + self.step))
        self.average *= keep
        self.average += (1.0 - keep) * self.network.vector

    def _validate(self, lines: Sequence[Line]) -> LineScore:
        characters, whole = score_lines(self.model(), lines)
        loss = float(np.mean(self._losses))
        self._losses.clear()
        score = LineScore(self.step, loss, characters, whole, self.seconds)
        self.scores.append(score)
        return score


def glyph_sources(
    digits: Dataset | None,
) -> tuple[tuple[NDArray[np.uint8], ...], tuple[NDArray[np.uint8], ...]]:
    """Frames (n, 28, 28) of each digit to learn from, and those held out; empty without digits.

    Raises:
        SettingsError: the digits have other classes, or one of them is hardly there.
    """
    if digits is None:
        return (), ()
    if digits.class_names != tuple("0123456789"):
        raise SettingsError(f"Lines are made of the ten digits; {digits.source} has others.")
    each = [digits.images[digits.labels == k] for k in range(10)]
    if min(len(images) for images in each) < HELD_OUT:
        raise SettingsError(
            f"Lines need at least {HELD_OUT} pictures of each digit; {digits.source} has fewer."
        )
    held_out = tuple(images[::HELD_OUT] for images in each)
    return tuple(np.delete(i, np.s_[::HELD_OUT], axis=0) for i in each), held_out


def score_lines(model: LineModel, lines: Sequence[Line]) -> tuple[float, float]:
    """(share of characters right, 1 - edit distance / length; share of lines wholly right)."""
    errors = whole = 0
    order = sorted(range(len(lines)), key=lambda i: lines[i].image.shape[1])
    for first in range(0, len(order), 32):
        part = [lines[i] for i in order[first : first + 32]]
        x, columns = as_batch([line.image for line in part])
        for line, logits, n in zip(part, model.network.forward(x), columns, strict=True):
            wrong = edit_distance(model.text_of(greedy(logits[:n]).classes), line.text)
            errors += wrong
            whole += wrong == 0
    total = sum(len(line.text) for line in lines)
    return 1.0 - errors / max(1, total), whole / max(1, len(lines))


def edit_distance(a: str, b: str) -> int:
    """Least insertions, deletions and substitutions from a to b (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def make_lot(
    settings: LineSettings, glyphs: LineGlyphs, number: int, rows: PageRows | None = None
) -> list[list[tuple[Bytes, str]]]:
    """The batches of one lot, in an order of chance; the same number gives the same lines.

    Args:
        settings: how many, and how hard.
        glyphs: that lines are made of.
        number: of the lot.
        rows: cut out of made pages; of the lot's lines they are `CUT_SHARE`.
    """
    rng = np.random.default_rng([settings.seed, 3, number])
    size = settings.batch_size
    n_cut = round(CUT_SHARE * LOT * size) if rows is not None else 0
    made = draw_lines(LOT * size - n_cut, rng, digits=glyphs, grade=settings.grade)
    lines = [(line.image, line.text) for line in made]
    if rows is not None:
        lines += [rows.draw(rng) for _ in range(n_cut)]
    lines.sort(key=lambda line: line[0].shape[1])
    return [lines[k * size : (k + 1) * size] for k in rng.permutation(LOT)]


_glyphs: LineGlyphs | None = None  # of the process that makes lines
_rows: PageRows | None = None


def _prepare(
    settings: LineSettings, images: tuple[NDArray[np.uint8], ...], cut: CutRow | None
) -> None:
    """What the process that makes lines begins with."""
    import signal

    global _glyphs, _rows
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that learns
    cv2.setNumThreads(1)
    rng = np.random.default_rng([settings.seed, 4])
    _glyphs = LineGlyphs.make(rng, images, n_writers=settings.n_writers)
    if cut is not None and settings.page_rows:
        _rows = PageRows(cut, settings.page_rows, settings.seed)


def _lot(settings: LineSettings, number: int) -> list[list[tuple[Bytes, str]]]:
    assert _glyphs is not None
    return make_lot(settings, _glyphs, number, _rows)


def _batches(
    settings: LineSettings, images: tuple[NDArray[np.uint8], ...], cut: CutRow | None, first: int
) -> Generator[Batch]:
    """Batches from number `first` on, with how many lines of each were too short for their text."""
    from loky import ProcessPoolExecutor

    classes = {character: k for k, character in enumerate(CHARACTERS, 1)}
    maker = ProcessPoolExecutor(1, initializer=_prepare, initargs=(settings, images, cut))
    try:
        number, skip = divmod(first, LOT)
        coming = deque(maker.submit(_lot, settings, number + k) for k in range(AHEAD))
        number += AHEAD
        while True:
            lot = coming.popleft().result()
            coming.append(maker.submit(_lot, settings, number))
            number += 1
            for batch in lot[skip:]:
                x, columns = as_batch([image for image, _ in batch])
                labels = LineLabels.of([[classes[c] for c in text] for _, text in batch], columns)
                fits = labels.fits()
                yield x[fits], labels[fits], int(np.count_nonzero(~fits))
            skip = 0
    finally:
        maker.shutdown(wait=True, kill_workers=True)
