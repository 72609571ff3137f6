"""Pages: what `digitnet read` makes of photographed, drawn and generated pages, and how fast.

    python -m benchmarks.pages MODEL [--line-model DIR] [--sheets FOLDER] [--fields 200]
                               [--first 900000] [--peers PYTHON] [--only comb boxes ...]

With --peers, RapidOCR (`pip install -r benchmarks/requirements.txt` for that Python) and Tesseract
(a program of the system's) read the photographed pages, too, each with the help that
`benchmarks/sides/ocr.py` tells of; digitnet runs once more, in a process of its own as they do.

The generated fields are those of seeds FIRST, FIRST + 1, ...; whoever tunes takes seeds below.
A field is six random digits by one hand taking care, on a page of random paper, light and ruling.
With --only, nothing but numbers of these kinds is read (`handwriting/number_fields.py`), as many
fields of each: those that are read exactly, those that are wrong and sure, and signs that are lost
without a word: read as nothing or as a digit, and not as a `?`.
Of each folder of photographed pages: how many are read exactly, and the share of characters right
by edit distance.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.records import keep_record
from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.number_fields import KINDS, draw_number_field
from digitnet.handwriting.pages import draw_field, draw_page
from digitnet.handwriting.signs import OTHER, SIGNS
from digitnet.models.box import LINES, in_box
from digitnet.models.folder import load_model
from digitnet.models.lines import LineModel, load_line_model
from digitnet.models.model import Model
from digitnet.reading.page import read_page
from digitnet.reading.reading import Reading
from digitnet.training.lines import edit_distance

ROOT = Path(__file__).resolve().parents[1]
SHEETS = ROOT.parent / "shared" / "sheets"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL", help="cnn or mlp, or a folder")
    parser.add_argument(
        "--line-model", default=in_box(LINES), metavar="DIR", help="or none: single digits only"
    )
    parser.add_argument("--sheets", type=Path, default=SHEETS, metavar="FOLDER")
    parser.add_argument("--fields", type=int, default=200)
    parser.add_argument("--first", type=int, default=900_000)
    parser.add_argument("--only", nargs="+", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--repeats", type=int, default=3, help="of what is timed")
    parser.add_argument("--peers", metavar="PYTHON", help="reads the same pages by other means")
    parser.add_argument("--record", action="store_true", help="keep the share in results/")
    args = parser.parse_args()
    model = load_model(args.model)
    lines = None if args.line_model == "none" else load_line_model(args.line_model)
    read = partial(_read, model, lines)
    if args.only:
        for kind in args.only:
            print(_tally(read, kind, args.first, args.fields), flush=True)
        return

    if not args.sheets.is_dir():
        print(f"skipped: the photographed pages, there is no {args.sheets}")
    shares: list[float] = []
    for folder in sorted(args.sheets.glob("*/labels.txt")):
        rows = [line.split("\t") for line in folder.read_text().splitlines()]
        said = {name: " ".join(read(folder.parent / name).lines) for name, _ in rows}
        right = sum(said[name] == text for name, text in rows)
        wrong = sum(_wrong(said[name], text) for name, text in rows)
        share = 1 - wrong / sum(len(text.replace(" ", "")) for _, text in rows)
        shares.append(max(share, 0.0))
        print(f"{folder.parent.name:<28}{right:>5} of {len(rows)}  characters {share:7.1%}")
        for name, text in rows:
            if said[name] != text:
                print(f"    {name}: {text} read as {said[name]!r}")
    if shares:
        print(f"{'mean over sources':<28}{'':>12}characters {np.mean(shares):7.1%}")

    if args.peers:
        _show_peers(args.peers, args.model, args.sheets)

    exact = lengths = digits = compared = 0
    for seed in range(args.first, args.first + args.fields):
        page = draw_field(np.random.default_rng(seed))
        text = page.lines[0]
        got = "|".join(read(page.picture).lines)
        exact += got == text
        if len(got) == len(text):
            lengths += 1
            digits += sum(a == b for a, b in zip(got, text, strict=True))
            compared += len(text)
    print(
        f"{'generated fields, exact':<28}{exact:>5} of {args.fields}  ({exact / args.fields:.1%})"
    )
    print(f"{'  six digits found':<28}{lengths:>5} of {args.fields}")
    print(f"{'  digits right in those':<28}{digits:>5} of {compared}  ({digits / compared:.2%})")

    if args.record:
        name = Path(args.model).name
        keep_record(
            f"pages-{name}",
            "generated six-digit fields, read exactly",
            args.fields,
            [exact / args.fields],
            part="pictures",
            what=name,
        )

    for path in sorted(args.sheets.glob("parker/*.jpg")):
        _say_seconds(path.name, args.repeats, partial(read, path))
    rng = np.random.default_rng(0)
    style = PageStyle(digit=100, gap=0.3, noise=0.02, shade=0.3)
    text = ["".join(map(str, rng.integers(0, 10, 10))) for _ in range(12)]
    page = draw_page(text, rng, style=style, size=(4032, 3024))
    _say_seconds("120 digits on 12 megapixels", args.repeats, partial(read, page.picture))


def _tally(read: Callable[[Any], Reading], kind: str, first: int, n: int) -> str:
    """What becomes of so many fields of a kind."""
    exact = sure = lost = of_signs = refused = 0
    for seed in range(first, first + n):
        page = draw_number_field(kind, np.random.default_rng(seed))
        text = page.lines[0].replace(" ", "")
        reading = read(page.picture)
        said = "".join(reading.lines).replace(" ", "")
        exact += said == text and len(reading.lines) == 1
        refused += not said
        is_sure = bool(said) and not any(reading.line_doubts)
        sure += is_sure and (said != text or len(reading.lines) > 1)
        of_signs += sum(one in SIGNS for one in text)
        if said:
            lost += max(0, sum(c in SIGNS for c in text) - sum(c in SIGNS + OTHER for c in said))
    return (
        f"{kind:<8}{exact:>5} of {n} exact, {sure} wrong and sure, {refused} refused, "
        f"{lost} of {of_signs} signs lost without a word"
    )


def _show_peers(python: str, model: str, sheets: Path) -> None:
    """The photographed pages by digitnet and by general readers of text, source by source."""
    folders = sorted(path.parent for path in sheets.glob("*/labels.txt"))
    labels = [(folder, *line.split("\t")) for folder in folders
              for line in (folder / "labels.txt").read_text().splitlines()]  # fmt: skip
    pictures = [str(folder / name) for folder, name, _ in labels]
    if not pictures:
        print(f"There are no photographed pages in {sheets}.")
        return
    wrong: dict[str, list[int]] = {}
    costs: dict[str, str] = {}
    for who in ("digitnet", "rapidocr", "tesseract"):
        own = who == "digitnet"
        command = [sys.executable if own else python, "-m", "benchmarks.sides.ocr"]
        command += [f"{who}:{model}" if own else who, *pictures]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            print(f"skipped: {who}: {done.stderr.strip().splitlines()[-1]}")
            continue
        *answers, last = (json.loads(line) for line in done.stdout.splitlines())
        wrong[who] = [_wrong(one["text"], text)
                      for (_, _, text), one in zip(labels, answers, strict=True)]  # fmt: skip
        seconds = [answer["seconds"] for answer in answers]
        costs[who] = f"{np.median(seconds):.2f} s, {max(seconds):.2f} s, {last['MiB']:.0f} MiB"
    print(f"{'characters right':<28}" + "".join(f"{who:>12}" for who in wrong))
    shares: dict[str, list[float]] = {who: [] for who in wrong}
    for folder in folders:
        here = [where == folder for where, _, _ in labels]
        length = sum(len(text.replace(" ", "")) for where, _, text in labels if where == folder)
        for who, counts in wrong.items():
            n = sum(count for count, is_here in zip(counts, here, strict=True) if is_here)
            shares[who].append(max(1 - n / length, 0.0))
        print(f"  {folder.name:<26}" + "".join(f"{shares[who][-1]:12.1%}" for who in wrong))
    print(
        f"  {'mean over sources':<26}" + "".join(f"{np.mean(shares[who]):12.1%}" for who in wrong)
    )
    for who, cost in costs.items():
        print(f"  {who}: {cost} (median and longest page, peak of memory)")
    for who in [one for one in wrong if one != "digitnet"]:
        pairs = list(zip(wrong.get("digitnet", []), wrong[who], labels, strict=False))
        behind = [f"{folder.name}/{name}" for ours, theirs, (folder, name, _) in pairs
                  if ours > theirs]  # fmt: skip
        ahead = sum(ours < theirs for ours, theirs, _ in pairs)
        print(f"  digitnet beside {who}: better on {ahead}, as good on "
              f"{len(pairs) - ahead - len(behind)}, worse on {len(behind)}"
              f"{': ' if behind else ''}{', '.join(behind)}")  # fmt: skip


def _read(model: Model, lines: LineModel | None, picture: Any) -> Reading:
    return read_page(model, picture, lines)


def _wrong(read: str, text: str) -> int:
    """Characters to put in, leave out or change; blanks do not count."""
    return edit_distance(read.replace(" ", ""), text.replace(" ", ""))


def _say_seconds(name: str, repeats: int, read: Callable[[], object]) -> None:
    """The least of some runs, by the clock and by the processor."""
    runs = []
    for _ in range(repeats):
        clock, processor = time.perf_counter(), time.process_time()
        read()
        runs.append((time.perf_counter() - clock, time.process_time() - processor))
    clock, processor = (min(run[k] for run in runs) for k in (0, 1))
    print(f"{name:<28}{clock:>6.2f} s  (processor {processor:.2f} s)")


if __name__ == "__main__":
    main()
