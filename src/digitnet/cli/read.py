"""Read: `digitnet read SHEET ...`: the lines of digits on a page, and a picture that shows them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from digitnet.cli.main import as_option
from digitnet.cli.models import add_model_option
from digitnet.errors import PictureError, SettingsError
from digitnet.imaging.pictures import open_picture
from digitnet.models.folder import load_model
from digitnet.plots.overlay import Caption, save_overlay
from digitnet.reading.page import read_page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Pages, the model, and how to answer."""
    parser.add_argument("sheets", nargs="+", metavar="SHEET", help="a picture with several digits")
    add_model_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object per sheet")
    parser.add_argument(
        "--out", metavar="PICTURE", help="draw the sheet with boxes and readings (one sheet only)"
    )


def run(args: argparse.Namespace) -> int:
    """Read each page; exit code 1 if some could not be read, 2 if none could."""
    if args.out is not None and len(args.sheets) > 1:
        raise SettingsError("--out draws one sheet: give one, or read them one by one.")
    if args.out is not None and _same_file(args.out, args.sheets[0]):
        raise SettingsError("--out would overwrite the sheet itself: choose another name.")
    model = load_model(args.model)
    failed = 0
    for path in args.sheets:
        try:
            picture = open_picture(path)
            reading = read_page(model, picture)
        except PictureError as error:
            failed += 1
            reason = error.worded(as_option)
            if args.json:
                print(json.dumps({"path": path, "lines": [], "digits": [], "reason": reason}))
            else:
                print(f"digitnet: {reason}", file=sys.stderr)
            continue
        if args.json:
            print(json.dumps({"path": path, **reading.as_dict()}))
        else:
            if len(args.sheets) > 1:
                print(f"{path}:")
            print("\n".join(reading.lines) or f"-  {reading.reason}")
        if args.out is not None:
            captions = [Caption(d.box, model.class_names[d.label], d.sure) for d in reading.digits]
            save_overlay(picture, captions, args.out)
    return 0 if failed == 0 else 2 if failed == len(args.sheets) else 1


def _same_file(a: str, b: str) -> bool:
    try:
        return Path(a).samefile(b)
    except OSError:  # one of them does not exist
        return False
