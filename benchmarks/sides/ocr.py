"""OCR: what a general reader of text makes of pages, as JSON lines; run by the peers' Python.

    python -m benchmarks.sides.ocr rapidocr|tesseract PICTURE ...

A line for each picture: what was read, in reading order, and the seconds it took with the reader
loaded; then one with the peak of memory in MiB, of Tesseract's processes for Tesseract.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

WORDS = ("--psm", "6", "-c", "tessedit_char_whitelist=0123456789.,-/:")
"""Of Tesseract: one block of lines, and the characters that it may find."""


def main() -> None:
    which, *pictures = sys.argv[1:]
    read = _rapidocr() if which == "rapidocr" else _tesseract
    for picture in pictures:
        begin = time.perf_counter()
        text = read(picture)
        seconds = time.perf_counter() - begin
        print(json.dumps({"picture": picture, "text": text, "seconds": seconds}), flush=True)
    who = resource.RUSAGE_SELF if which == "rapidocr" else resource.RUSAGE_CHILDREN
    print(json.dumps({"MiB": resource.getrusage(who).ru_maxrss / 1024}))


def _rapidocr() -> Callable[[str], str]:
    from rapidocr_onnxruntime import RapidOCR  # type: ignore[import-not-found, unused-ignore]

    engine = RapidOCR()

    def read(picture: str) -> str:
        found, _ = engine(picture)
        return " ".join(text for _, text, _ in found or [])

    return read


def _tesseract(picture: str) -> str:
    command = ["tesseract", picture, "-", *WORDS]
    return " ".join(subprocess.run(command, capture_output=True, text=True).stdout.split())


if __name__ == "__main__":
    main()
