"""Fuzz: mutated picture files through opening and framing; only our own error may come out.

    python -m benchmarks.fuzz_pictures [-n 100000] [--seed 0]

Small valid files of every format and mode are damaged (bytes flipped, overwritten, cut out,
doubled, moved between files, sizes in the header changed) and opened; what opens is framed. The
table counts per format what became of them, and the slowest file. Exit code 1 if anything but
PictureError came out, or anything took over two seconds.
"""

from __future__ import annotations

import argparse
import io
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice

import numpy as np
from PIL import Image

from digitnet.errors import PictureError
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.pictures import open_picture

LIMIT = 2.0
"""Seconds of processor time that opening and framing one file may take."""


def seeds(rng: np.random.Generator) -> dict[str, list[bytes]]:
    """Valid small files by format: modes, palettes, alpha, 16 bits, EXIF, several pictures."""
    grey = np.full((40, 36), 220, np.uint8)
    grey[8:30, 15:20] = 30
    grey = (grey + rng.normal(0, 4, grey.shape)).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(grey)
    exif = Image.Exif()
    exif[274] = 6
    two = {"save_all": True, "append_images": [image.convert("RGB").rotate(90)]}
    wide = Image.fromarray(grey.astype(np.uint16) * 257)
    plans: dict[str, list[tuple[Image.Image, dict[str, object]]]] = {
        "PNG": [(image.convert(m), {}) for m in ("1", "L", "P", "RGB", "RGBA", "LA")]
        + [(wide, {}), (image, {"exif": exif}), (image.convert("RGB"), two)],
        "JPEG": [(image, {}), (image.convert("RGB"), {"progressive": True}),
                 (image.convert("CMYK"), {}), (image.convert("RGB"), {"exif": exif})],
        "MPO": [(image.convert("RGB"), two)],
        "BMP": [(image.convert(m), {}) for m in ("1", "L", "P", "RGB")],
        "GIF": [(image.convert("P"), {}), (image.convert("P"), {"interlace": 1}),
                (image.convert("RGB"), two)],
        "TIFF": [(image.convert(m), {}) for m in ("1", "L", "RGB", "CMYK", "F")]
        + [(wide, {}), (image, {"compression": "tiff_lzw"}), (image, {"compression": "jpeg"}),
           (image, {"compression": "tiff_deflate", "exif": exif})],
        "WEBP": [(image.convert("RGB"), {}), (image.convert("RGBA"), {"lossless": True}),
                 (image.convert("RGB"), {"exif": exif})],
    }  # fmt: skip
    files: dict[str, list[bytes]] = {}
    for kind, variants in plans.items():
        for picture, options in variants:
            file = io.BytesIO()
            picture.save(file, kind, **options)
            files.setdefault(kind, []).append(file.getvalue())
    return files


def mutate(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """Damage a file in one to six places."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 7))):
        if not out:
            break
        head = rng.random() < 0.4  # headers break more interestingly than pixels
        place = int(rng.integers(0, min(len(out), 64) if head else len(out)))
        length = int(rng.integers(1, 17))
        way = int(rng.integers(0, 7))
        if way == 0:
            out[place] ^= 1 << int(rng.integers(0, 8))
        elif way == 1:
            out[place : place + length] = rng.bytes(length)
        elif way == 2:
            del out[place : place + length]
        elif way == 3:
            out[place:place] = out[place : place + length]
        elif way == 4:
            start = int(rng.integers(0, len(other)))
            out[place : place + length] = other[start : start + length]
        elif way == 5:
            value = int(rng.choice([0, 1, 255, 256, 65535, 2**31 - 1, 2**32 - 1]))
            order = "big" if rng.random() < 0.5 else "little"
            out[place : place + 4] = value.to_bytes(4, order)
        else:
            del out[place:]
    return bytes(out)


def mend_png(data: bytes) -> bytes:
    """Make the checksums of a PNG's chunks right again, so that damage gets past them."""
    out, place = bytearray(data), 8
    while place + 12 <= len(out):
        end = place + 8 + int.from_bytes(out[place : place + 4], "big")
        if end + 4 > len(out):
            break
        out[end : end + 4] = zlib.crc32(out[place + 4 : end]).to_bytes(4, "big")
        place = end + 4
    return bytes(out)


def damaged(rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """Damaged files without end, each with its format; every format in its turn."""
    files = seeds(rng)
    every = [data for group in files.values() for data in group]
    while True:
        for kind, group in files.items():
            data = group[int(rng.integers(len(group)))]
            mutated = mutate(data, every[int(rng.integers(len(every)))], rng)
            if kind == "PNG" and rng.random() < 0.7:
                mutated = mend_png(mutated)
            yield kind, mutated


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=100_000, help="how many files")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    slowest: defaultdict[str, float] = defaultdict(float)
    failures: list[str] = []
    for number, (kind, mutated) in enumerate(islice(damaged(rng), arguments.n)):
        started = time.process_time()
        try:
            picture = open_picture(mutated)
            frame = frame_picture(picture)
            outcome = "framed" if frame.reason is None else "no digit"
        except PictureError as error:
            outcome = "refused"
            if "\n" in str(error):
                failures.append(f"{kind} {number}: more than one line: {error}")
        except Exception as error:
            outcome = "wrong error"
            failures.append(f"{kind} {number}: {type(error).__name__}: {error}")
        seconds = time.process_time() - started
        slowest[kind] = max(slowest[kind], seconds)
        if seconds > LIMIT:
            failures.append(f"{kind} {number}: {seconds:.1f} s")
        counts[kind][outcome] += 1
    outcomes = ("framed", "no digit", "refused", "wrong error")
    print(f"{'format':<8}" + "".join(f"{name:>12}" for name in outcomes) + f"{'slowest':>11}")
    for kind in counts:
        row = "".join(f"{counts[kind][name]:>12,}" for name in outcomes)
        print(f"{kind:<8}{row}{slowest[kind] * 1000:>8.0f} ms")
    for failure in failures[:20]:
        print(failure)
    raise SystemExit(1 if failures else 0)


if __name__ == "__main__":
    main()
