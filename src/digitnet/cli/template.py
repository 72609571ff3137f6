"""Template: `digitnet template BLANK`: a draft of a form's template, to be named by a person."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from digitnet.cli.output import say
from digitnet.errors import OutputError, SettingsError
from digitnet.files import replacing
from digitnet.imaging.decoders import PHOTOGRAPH, Decoders
from digitnet.imaging.printed_boxes import Place, find_places
from digitnet.text import shown

HEAD = """\
# A form for `digitnet read --template`. Give each field the name that its column shall have, take
# away the fields that nobody writes numbers into, and say what is known of the others:
#
#   length = 6                     # so many characters
#   pattern = "dd.dd.dddd"         # d for a digit, any other character for itself
#   allow = "0123456789.-"         # these characters alone
#   min = 0                        # a number of at least so much
#   max = 250                      # and at most
#   checksum = "luhn"              # a right check digit: luhn, isbn or iban:DE

# The blank form. What is printed on it is how other pictures are aligned to it.
picture = {picture}
"""
FIELD = """
[[field]]
name = "{name}"
box = [{left}, {top}, {right}, {bottom}]  # left, top, right, bottom, in the picture's pixels
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The blank form, and where the draft goes."""
    parser.add_argument("blank", metavar="BLANK", help="a picture of the form, nothing written")
    parser.add_argument(
        "--toml", default="form.toml", metavar="FILE", help="the draft (default: form.toml)"
    )
    parser.add_argument(
        "--out", metavar="PICTURE", help="draw the fields, so that one sees which is which"
    )


def run(args: argparse.Namespace) -> int:
    """Find the boxes, combs and lines of a form, and write a template of them."""
    target, blank = Path(args.toml), Path(args.blank)
    if target.suffix.lower() != ".toml":
        raise SettingsError(f"A template's name ends in .toml, {target} does not.")
    if os.path.lexists(target):
        raise OutputError(f"{target} is there already.", "give another name: {toml:FILE}.")
    named = _from_folder(blank, target)
    decoders = Decoders(PHOTOGRAPH)
    picture = decoders.open(str(blank))
    decoders.close()
    places = find_places(picture)
    if args.out is not None:
        from digitnet.plots.overlay import Caption, save_overlay

        if Path(args.out).exists() and blank.exists() and Path(args.out).samefile(blank):
            raise SettingsError("--out would overwrite the form itself: choose another name.")
        captions = [Caption(place.box, f"field{k}") for k, place in enumerate(places, 1)]
        save_overlay(picture, captions, args.out)
    with replacing(target) as temporary:
        temporary.write_text(_draft(named, places), encoding="utf-8")
    if not places:
        say(f"No boxes or lines to write on were found; {target} waits for fields of yours.")
        return 1
    n = f"{len(places)} field{'' if len(places) == 1 else 's'}"
    say(f"{n} in {target}: give each its name, and say what it may say.")
    return 0


def _from_folder(blank: Path, target: Path) -> str:
    """The blank form's picture as the template names it: beside it, or below."""
    try:
        return blank.resolve().relative_to(target.parent.resolve()).as_posix()
    except ValueError:
        raise SettingsError(
            f"{blank} does not lie in the folder of {target}, nor below it: put them together."
        ) from None


def _draft(picture: str, places: list[Place]) -> str:
    text = HEAD.format(picture=json.dumps(shown(picture), ensure_ascii=False))
    for number, (box, cells) in enumerate(places, 1):
        left, top, right, bottom = box
        text += FIELD.format(name=f"field{number}", left=left, top=top, right=right, bottom=bottom)
        if cells is not None:
            text += f"length = {cells}  # it has {cells} cells\n"
    return text
