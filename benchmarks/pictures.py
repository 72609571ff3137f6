"""Pictures: what becomes of real pictures, per source: right, wrong, unsure, no digit, likeliest.

    python -m benchmarks.pictures MODEL [MODEL ...] [--risk 0.5%] [--resized] [--misses]
        [--device]

A folder of pictures has a folder for each source; a picture's label is the first character of its
name. A picture without an answer (unsure, no digit) is not answered rightly. The mean is over
sources, each source counting the same. Below it the promise: which share of the answers may be
wrong, what is promised on the digits that the model was calibrated on, and what came out here. What
people bring to one source is not what was counted, so the promise is none for it.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.records import keep_record
from digitnet.cli.main import guarded
from digitnet.imaging.device_frame import device_frame
from digitnet.imaging.frame import SIDE
from digitnet.imaging.framing import FRAMINGS, Frame, frame_picture
from digitnet.imaging.pictures import open_picture
from digitnet.models.folder import load_model
from digitnet.models.model import Model, Prediction
from digitnet.models.risk import as_risk

BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "pictures"
MORE = BESIDE_THE_CHECKOUT.with_name("pictures-more")
FIRST = (BESIDE_THE_CHECKOUT, MORE)
COLUMNS = ("right", "wrong", "unsure", "no digit", "likeliest")
RISKS = (0.001, 0.005, 0.01, 0.02)
"""For which promise and outcome are compared."""

Framed = dict[str, list[tuple[int, Frame]]]


class Score(NamedTuple):
    """Counts of one source's pictures: see COLUMNS; and those that were not read rightly."""

    counts: np.ndarray
    misses: list[str]

    @property
    def n_answered(self) -> int:
        """Those that got an answer."""
        return int(self.counts[0] + self.counts[1])


def score(model: Model, pictures: list[tuple[int, Frame]]) -> Score:
    """What becomes of pictures with their labels."""
    answers = model.answers([frame for _, frame in pictures])
    counts, misses = np.zeros(len(COLUMNS), dtype=int), []
    for (label, _), answer in zip(pictures, answers, strict=True):
        counts[_column(label, answer)] += 1
        counts[-1] += int(answer.probabilities.argmax()) == label
        if answer.label != label:
            misses.append(f"{label}:{answer.reason or answer.label}")
    return Score(counts, misses)


def _column(label: int, answer: Prediction) -> int:
    if answer.label is not None:
        return int(answer.label != label)
    return 2 if (answer.reason or "").startswith("unsure") else 3


def framed(folders: list[Path], framing: str, device: bool = False) -> Framed:
    """Each source's pictures as frames with their labels; a folder that is missing is said."""
    frame = framed_on_a_device if device else partial(frame_picture, framing=framing)
    found: Framed = {}
    for folder in folders:
        if not folder.is_dir():
            print(f"{folder.name} is missing: its sources are left out.", file=sys.stderr)
            continue
        for source in sorted(path for path in folder.iterdir() if path.is_dir()):
            found[source.name] = [
                (int(path.name[0]), frame(open_picture(path)))
                for path in sorted(source.iterdir())
                if path.name[0].isdigit()
            ]
    return found


def framed_on_a_device(picture: np.ndarray) -> Frame:
    """The frame that a microcontroller makes of a picture."""
    image = device_frame(picture)
    blank = np.zeros((SIDE, SIDE), np.uint8)
    reason = "blank" if image is None else None
    return Frame(blank if image is None else image, "mnist", reason, "", (0, 0, 0, 0), {}, "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument(
        "--pictures", type=Path, nargs="+", default=list(FIRST), metavar="FOLDER",
        help="folders of sources (default: pictures and pictures-more beside the checkout)",
    )  # fmt: skip
    parser.add_argument("--risk", metavar="SHARE", help="as of digitnet predict")
    parser.add_argument("--resized", action="store_true", help="with pictures merely resized, too")
    parser.add_argument("--device", action="store_true", help="framed as a microcontroller does")
    parser.add_argument("--misses", action="store_true", help="list what was not read rightly")
    parser.add_argument("--record", action="store_true", help="keep the means in results/")
    args = parser.parse_args()
    if args.device and args.resized:
        parser.error("--device is a framing of its own: leave out --resized")
    risk = None if args.risk is None else as_risk(args.risk)
    both = args.resized or (args.record and not args.device)
    for framing in reversed(FRAMINGS) if both else FRAMINGS[:1]:
        sources = framed(args.pictures, framing, args.device)
        if not sources:
            sys.exit("There is no folder of pictures; name one with --pictures.")
        for name in args.models:
            model = replace(load_model(name), framing=framing)
            scores = _show(name, model if risk is None else model.at_risk(risk), sources)
            if args.record:
                _keep(name, "on a device" if args.device else framing, scores)
            if framing == FRAMINGS[0]:
                _show_promises(model, sources)
            if args.misses and framing == FRAMINGS[0]:
                for source, one in scores.items():
                    if one.misses:
                        print(f"{source} {name}: {'; '.join(one.misses)}")


def _show(name: str, model: Model, sources: Framed) -> dict[str, Score]:
    """A row for each source, in percent, and the mean over sources."""
    kept = model.calibration
    asked = "no risk" if kept.risk is None else f"risk {kept.risk:.2%}"
    print(
        f"\n{name}, framing {model.framing}, {asked}: answers above {kept.least_probability:.4f}, "
        f"novelty up to {kept.most_novelty:.1f}; percent of each source's pictures"
    )
    print(f"{'':<14}{'n':>5}" + "".join(f"{column:>11}" for column in COLUMNS))
    scores = {source: score(model, pictures) for source, pictures in sources.items()}
    for source, one in scores.items():
        cells = "".join(f"{x:>11.1f}" for x in 100 * one.counts / len(sources[source]))
        print(f"{source:<14}{len(sources[source]):>5}{cells}")
    means = "".join(f"{x:>11.2f}" for x in 100 * _means(scores, sources))
    print(f"{'mean':<14}{sum(map(len, sources.values())):>5}{means}")
    return scores


def _means(scores: dict[str, Score], sources: Framed) -> np.ndarray:
    """The mean over sources of each column, as shares."""
    shares = [one.counts / len(sources[source]) for source, one in scores.items()]
    return np.asarray(np.mean(shares, axis=0))


def _show_promises(model: Model, sources: Framed) -> None:
    """What is promised, and what came out, of all pictures and in the mean over sources."""
    if model.calibration.risks is None:
        print("This model promises nothing.")
        return
    print(
        f"{'asked':>6}{'promised':>10}{'answers above':>15}{'answered':>10}{'wrong of them':>15}"
        f"{'mean over sources':>19}{'answered rightly':>18}"
    )
    for risk in RISKS:
        asked = model.at_risk(risk)
        scores = {source: score(asked, pictures) for source, pictures in sources.items()}
        right, wrong = np.sum([one.counts[:2] for one in scores.values()], axis=0)
        n = sum(map(len, sources.values()))
        mean = np.mean([one.counts[1] / max(one.n_answered, 1) for one in scores.values()])
        print(
            f"{risk:>6.1%}{asked.calibration.promised:>10.2%}"
            f"{asked.calibration.least_probability:>15.4f}{(right + wrong) / n:>10.2%}"
            f"{wrong / max(right + wrong, 1):>15.2%}{mean:>19.2%}"
            f"{_means(scores, sources)[0]:>18.2%}"
        )


SUFFIXES = dict(zip((*FRAMINGS, "on a device"), ("", "-resized", "-device"), strict=True))


def _keep(name: str, framing: str, scores: dict[str, Score]) -> None:
    """The means as records."""
    sizes = {source: int(one.counts[:4].sum()) for source, one in scores.items()}
    label = Path(name).name + SUFFIXES[framing]
    for kind, column in (("likeliest digit", 4), ("answered rightly", 0)):
        mean = np.mean([one.counts[column] / sizes[source] for source, one in scores.items()])
        keep_record(
            f"pictures-{label}-{kind.split()[0]}",
            f"{len(scores)} sources of pictures, {kind}",
            0,
            [mean],
            part="pictures",
            what=f"{Path(name).name}, framing {framing}",
        )


if __name__ == "__main__":
    sys.exit(guarded(lambda: main() or 0))
