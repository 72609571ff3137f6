"""OCR: what digitnet and general readers of text make of pages, as JSON lines.

    python -m benchmarks.sides.ocr digitnet[:MODEL]|rapidocr|tesseract PICTURE ...

A line for each picture: what was read, in reading order, and the seconds from the file to the text
with the reader loaded; then one with the peak of memory in MiB, of its processes for Tesseract.
The general readers get every help that a careful user would give: the picture upright as its EXIF
says, a small one enlarged, with paper around it, the words sorted into rows, and letters that look
like digits taken for those.
"""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

WORDS = ("--psm", "6", "-c", "tessedit_char_whitelist=0123456789.,-/:")
"""Of Tesseract: one block of lines, and the characters that it may find."""
SMALL = 640
"""Pixels of the longer side, below which a picture is enlarged for the general readers."""
AROUND = 0.25
"""Of that side: the paper put around such a picture."""
LOOKS_LIKE = str.maketrans("OoQDlISGBgZ", "00001156892")
"""Letters for digits."""
SIGNS = "0123456789.,-/:"


def main() -> None:
    which, *pictures = sys.argv[1:]
    read = _digitnet(which) if which.startswith("digitnet") else READERS[which]()
    for picture in pictures:
        begin = time.perf_counter()
        text = read(picture)
        seconds = time.perf_counter() - begin
        print(json.dumps({"picture": picture, "text": text, "seconds": seconds}), flush=True)
    who = resource.RUSAGE_CHILDREN if which == "tesseract" else resource.RUSAGE_SELF
    print(json.dumps({"MiB": resource.getrusage(who).ru_maxrss / 1024}))


def _digitnet(which: str) -> Callable[[str], str]:
    from digitnet.models.box import LINES, in_box
    from digitnet.models.folder import load_model
    from digitnet.models.lines import load_line_model
    from digitnet.reading.page import read_page

    model = load_model(which.partition(":")[2] or "cnn")
    lines = load_line_model(in_box(LINES))
    return lambda picture: " ".join(read_page(model, picture, lines).lines)


def _rapidocr() -> Callable[[str], str]:
    import numpy as np
    from rapidocr_onnxruntime import RapidOCR  # type: ignore[import-not-found, unused-ignore]

    engine = RapidOCR()

    def read(picture: str) -> str:
        found, _ = engine(np.ascontiguousarray(np.asarray(_prepared(picture))[:, :, ::-1]))
        words = [(text, np.asarray(box, float)) for box, text, _ in found or []]
        return _digits(" ".join(text for text, _ in _in_reading_order(words)))

    return read


def _tesseract() -> Callable[[str], str]:
    def read(picture: str) -> str:
        packed = io.BytesIO()
        _prepared(picture).save(packed, "PPM")
        command = ["tesseract", "stdin", "-", *WORDS]
        done = subprocess.run(command, input=packed.getvalue(), capture_output=True)
        return " ".join(done.stdout.decode().split())

    return read


READERS = {"rapidocr": _rapidocr, "tesseract": _tesseract}


def _prepared(path: str) -> Image.Image:
    """A picture as a general reader likes it: upright, not small, with paper around it."""
    import numpy as np
    from PIL import Image, ImageOps

    with Image.open(path) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    times = round(SMALL / max(picture.size))
    if times < 2:
        return picture
    size = picture.width * times, picture.height * times
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    pixels = np.asarray(picture)
    edges = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    paper = tuple(int(v) for v in np.median(edges, axis=0))
    return ImageOps.expand(picture, round(AROUND * max(size)), paper)


def _in_reading_order(words: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Words with their corners (4, 2), row by row: those of a row overlap by half their height."""
    rows: list[list[tuple[str, Any]]] = []
    for word in sorted(words, key=lambda one: one[1][:, 1].mean()):
        top, bottom = word[1][:, 1].min(), word[1][:, 1].max()
        last = rows[-1][-1][1] if rows else None
        if last is not None and last[:, 1].max() - top > (bottom - top) / 2:
            rows[-1].append(word)
        else:
            rows.append([word])
    return [word for row in rows for word in sorted(row, key=lambda one: one[1][:, 0].min())]


def _digits(text: str) -> str:
    return "".join(one for one in text.translate(LOOKS_LIKE) if one in SIGNS + " ")


if __name__ == "__main__":
    main()
