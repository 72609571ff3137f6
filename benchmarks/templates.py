"""Templates: how many fields of made forms are read right, and which of them a person must see.

    python -m benchmarks.templates MODEL [--n 40] [--layouts 8] [--first 700000] [--drawn]
                                   [--foreign 20] [--keep FOLDER]

Forms of ten fields each (combs, boxes, lines; dates, amounts, numbers with Luhn's check digit),
every other one scanned and every other one photographed on a table. They are filled in with
MNIST's training digits and drawn hands, with --drawn by drawn hands alone. Another form's pictures
are given too, of which none may be read. --keep FOLDER keeps the pictures.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from digitnet.data.mnist import has_mnist
from digitnet.data.sources import open_source
from digitnet.handwriting.form_pages import KINDS, BlankForm, draw_blank_form, fill_form
from digitnet.handwriting.glyphs import LineGlyphs
from digitnet.models.folder import load_model
from digitnet.models.lines import line_model_beside
from digitnet.reading.alignment import AlignmentError
from digitnet.reading.alignment import BlankForm as Printed
from digitnet.reading.fields import Field
from digitnet.reading.form import STATUSES, FieldReading, read_form
from digitnet.reading.template import CONSTRAINTS, Template, TemplateField

OF_EACH = 1500
"""MNIST's digits of each class that are written with."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", metavar="MODEL", help="cnn or mlp, or a folder")
    parser.add_argument("--n", type=int, default=40, help="forms")
    parser.add_argument("--layouts", type=int, default=8, help="blank forms they are filled from")
    parser.add_argument("--first", type=int, default=700_000, help="the first seed")
    parser.add_argument("--drawn", action="store_true", help="drawn hands alone")
    parser.add_argument("--foreign", type=int, default=20, help="pictures of other forms")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the pictures here")
    args = parser.parse_args()
    model = load_model(args.model)
    line_model = line_model_beside(model.class_names)
    assert line_model is not None, "a model of the ten digits"
    glyphs = _glyphs(args.first, drawn=args.drawn or not has_mnist())
    layouts = min(args.layouts, args.n)
    blanks = [draw_blank_form(np.random.default_rng(args.first + k)) for k in range(layouts)]
    templates = [_template(blank) for blank in blanks]
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    refused = foreign = taken = 0
    seconds = []
    for k in range(args.n):
        rng = np.random.default_rng([args.first, k])
        photo = k % 2 == 1
        form = fill_form(blanks[k % layouts], rng, glyphs, photo=photo)
        if args.keep is not None:
            _keep(args.keep, f"{k}", form.picture)
        begun = time.process_time()
        try:
            reading = read_form(model, line_model, form.picture, templates[k % layouts])
        except AlignmentError as error:
            refused += 1
            print(f"form {k}: {error}")
            continue
        seconds.append(time.process_time() - begun)
        for field in reading.fields:
            value = form.values[field.name]
            (right if field.value == value else wrong)[field.status] += 1
            for line in _told(k, field, value):
                print(line)
        if layouts > 1 and foreign < args.foreign:
            foreign += 1
            try:
                read_form(model, line_model, form.picture, templates[(k + 1) % layouts])
                taken += 1
            except AlignmentError:
                pass
    n = right.total() + wrong.total()
    flagged = ("look", "unreadable")
    sure, sure_right = (
        sum(c[s] for s in STATUSES if s not in flagged) for c in (right + wrong, right)
    )
    print(f"{'forms refused':<28}{refused:>6} of {args.n}")
    print(f"{'other forms taken':<28}{taken:>6} of {foreign}")
    for status in STATUSES:
        print(f"{status:<28}{right[status]:>6} of {right[status] + wrong[status]} right")
    print(f"{'all fields right':<28}{right.total():>6} of {n}  ({right.total() / max(n, 1):.2%})")
    share = sure_right / max(sure, 1)
    print(f"{'right of those not flagged':<28}{sure_right:>6} of {sure}  ({share:.2%})")
    print(f"{'to be looked at':<28}{n - sure:>6} of {n}  ({(n - sure) / max(n, 1):.2%})")
    print(f"{'processor seconds a form':<28}{np.median(seconds):>6.2f}")


def _told(form: int, field: FieldReading, value: str) -> Iterator[str]:
    """A line for each field that is read wrong and not flagged."""
    if field.value != value and field.status in ("ok", "empty"):
        read = f"{field.value!r} ({field.status}, {field.confidence})"
        yield f"form {form}: {field.name} {value!r} read as {read}"


def _glyphs(seed: int, *, drawn: bool) -> LineGlyphs:
    """What the forms are filled in with."""
    rng = np.random.default_rng(seed)
    if drawn:
        return LineGlyphs.make(rng, n_writers=100)
    digits = open_source("mnist", part="train")
    labels = [np.flatnonzero(digits.labels == label) for label in range(10)]
    images = [digits.images[rng.permutation(each)[:OF_EACH]].reshape(-1, 28, 28) for each in labels]
    return LineGlyphs.make(rng, images, n_writers=100)


def _template(blank: BlankForm) -> Template:
    """The template that somebody would write for a made form."""
    fields = []
    for name, box in blank.boxes.items():
        says = {CONSTRAINTS[word][0]: value for word, value in KINDS[name].constraints.items()}
        fields.append(TemplateField(name, box, Field(**says)))  # type: ignore[arg-type]
    return Template(Printed.of(blank.picture), tuple(fields))


def _keep(folder: Path, name: str, picture: np.ndarray) -> None:
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(folder / f"{name}.png")


if __name__ == "__main__":
    main()
