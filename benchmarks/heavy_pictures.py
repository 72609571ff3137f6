"""Heavy pictures: seconds and memory that hostile and huge files of at most 20 MB cost.

python -m benchmarks.heavy_pictures                       every file, every way, some minutes
python -m benchmarks.heavy_pictures --only scans strips --ways server
python -m benchmarks.heavy_pictures --pixels 1000000      the same kinds of files, smaller

Each file goes to `digitnet predict`, `digitnet read` and `digitnet predict --explain`, each a
process of its own whose start is part of its time, and to a running server, whose processes'
memory is added up. Linux only.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.web_load import Server

WAYS = ("predict", "read", "explain", "server")
MOST_BYTES = 20_000_000
BAND = 64
"""Rows of a picture that are drawn at a time."""


class Sizes:
    """What the files are made of.

    Args:
        pixels: of the large ones.
    """

    def __init__(self, pixels: int) -> None:
        self.pixels = pixels
        self.side = int(pixels**0.5)

    def paper(self) -> NDArray[np.uint8]:
        """(side, side): a 7 of even ink on paper in uneven light, with some grain in a corner."""
        side = self.side
        light = np.linspace(240, 200, side).astype(np.uint8)
        picture = np.repeat(light[:, None], side, axis=1)
        grain = np.random.default_rng(0).integers(0, 6, (side // 8, side // 8), dtype=np.uint8)
        picture[: side // 8, : side // 8] -= grain
        pen = side // 20
        picture[side // 4 : side // 4 + pen, side // 3 : 2 * side // 3] = 30
        for row in range(side // 4, 3 * side // 4):
            left = 2 * side // 3 - (row - side // 4) // 3 - pen
            picture[row, left : left + pen] = 30
        return picture

    def colour(self, channels: int) -> NDArray[np.uint8]:
        """(side, side, channels), the last of four half transparent."""
        grey = self.paper()
        picture = np.stack([grey] * channels, axis=2)
        picture[..., 1] -= 5
        if channels == 4:
            picture[: self.side // 2, :, 3] = 128
        return picture


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def png(width: int, height: int, rows: Callable[[], Any], depth: int, colour: int) -> bytes:
    """A PNG of raw rows, each with its filter byte in front, by chunks of the specification."""
    packer = zlib.compressobj(6)
    data = b"".join(packer.compress(row) for row in rows()) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))
        for kind, part in ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    )


def deep_png(sizes: Sizes) -> bytes:
    """16 bits, RGB and alpha: 8 bytes a pixel."""
    colour = sizes.colour(4)

    def rows() -> Any:
        for top in range(0, sizes.side, BAND):
            wide = colour[top : top + BAND].astype(">u2") * 257
            for row in wide:
                yield b"\0" + row.tobytes()

    return png(sizes.side, sizes.side, rows, 16, 6)


def bomb(sizes: Sizes) -> bytes:
    """One bit a pixel, all alike."""
    width = sizes.side // 8 * 8
    return png(width, sizes.side, lambda: [bytes(1 + width // 8)] * sizes.side, 1, 0)


def narrow(sizes: Sizes) -> bytes:
    """Two pixels wide."""
    n = sizes.pixels // 2
    return png(2, n, lambda: [b"\0\xff\xff" * 10_000] * (n // 10_000), 8, 0)


def wide(sizes: Sizes) -> bytes:
    """As wide as a picture may be."""
    width = min(65_535, sizes.pixels // 2)
    height = sizes.pixels // width
    return png(width, height, lambda: [b"\0" + bytes([200]) * width] * height, 8, 0)


def noise_png(sizes: Sizes) -> bytes:
    """As much noise as fits into 20 MB."""
    side = min(sizes.side, int((MOST_BYTES * 0.98) ** 0.5))
    grain = np.random.default_rng(0).integers(0, 256, (side, side), dtype=np.uint8)
    return written(Image.fromarray(grain), "PNG", compress_level=1)


def noise_jpeg(sizes: Sizes) -> bytes:
    """A grainy photograph, its colours as fine as its light."""
    side = sizes.side
    colour = sizes.colour(3)
    rng = np.random.default_rng(0)
    for top in range(0, side, BAND):
        band = colour[top : top + BAND]
        band -= rng.integers(0, 16, band.shape, dtype=np.uint8)
    return written(Image.fromarray(colour), "JPEG", quality=55, subsampling=0)


def repeated_scans(data: bytes, n: int) -> bytes:
    """A progressive JPEG whose last scan comes n times more."""
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * n + data[-2:]


def progressive(sizes: Sizes) -> bytes:
    return written(Image.fromarray(sizes.paper()), "JPEG", quality=75, progressive=True)


def scans(sizes: Sizes) -> bytes:
    grey = np.arange(64 * 64, dtype=np.uint32).reshape(64, 64).astype(np.uint8)
    return repeated_scans(written(Image.fromarray(grey), "JPEG", progressive=True), 8_000)


def some_scans(sizes: Sizes) -> bytes:
    """No more scans than a file may have, of a large picture."""
    colour = Image.fromarray(sizes.colour(3))
    data = written(colour, "JPEG", quality=10, progressive=True)
    last = data.rindex(b"\xff\xda")
    n = min(50, (MOST_BYTES - len(data)) // max(1, len(data) - last))
    return repeated_scans(data, n)


def strips(sizes: Sizes) -> bytes:
    """A TIFF of five million strips."""
    n, start = 5_000_000, 8 + 2 + 9 * 12 + 4
    fields = [(256, 4, 1, 40), (257, 4, 1, 40), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
              (273, 4, n, start), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, n, start)]  # fmt: skip
    ifd = b"".join(struct.pack("<HHLL", *field) for field in fields)
    head = struct.pack("<2sHLH", b"II", 42, 8, len(fields))
    return head + ifd + bytes(4) + struct.pack("<L", 8) * n


def floats(sizes: Sizes) -> bytes:
    values = sizes.paper().astype(np.float32) / 255
    return written(Image.fromarray(values), "TIFF", compression="tiff_deflate")


def palette(sizes: Sizes) -> Image.Image:
    image = Image.fromarray(sizes.paper() // 2).convert("P")
    image.putpalette(
        [value for index in range(256) for value in (index, index, min(255, 2 * index))]
    )
    return image


def words(sizes: Sizes) -> bytes:
    """A PGM in words: digits and blanks."""
    side = min(sizes.side, int((MOST_BYTES / 2.1) ** 0.5))
    return b"P2 %d %d 9\n" % (side, side) + b"9 " * side * side


def paths(sizes: Sizes) -> bytes:
    """A PDF of one page with two million curves."""
    n = sizes.pixels // 25
    content = zlib.compress(b"0 0 m 9 700 500 2 600 800 c S\n" * n, 9)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(content), content),
    ]
    data, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        len(data),
    )
    return data + b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, table) + trailer


def from_array(kind: str, channels: int, mode: str | None = None, **options: Any) -> Any:
    def make(sizes: Sizes) -> bytes:
        image = Image.fromarray(sizes.paper() if channels == 1 else sizes.colour(channels))
        if mode == "CMYK":
            image = Image.frombytes("CMYK", image.size, image.tobytes())
        return written(image, kind, **options)

    return make


FILES: dict[str, Callable[[Sizes], bytes]] = {
    "rgb.png": from_array("PNG", 3),
    "rgba.png": from_array("PNG", 4),
    "rgba-16.png": deep_png,
    "grey-16.png": lambda s: written(Image.fromarray(s.paper().astype(np.uint16) * 257), "PNG"),
    "palette.png": lambda s: written(palette(s), "PNG", transparency=bytes(range(256))),
    "bomb.png": bomb,
    "noise.png": noise_png,
    "narrow.png": narrow,
    "wide.png": wide,
    "noise.jpg": noise_jpeg,
    "cmyk.jpg": from_array("JPEG", 4, "CMYK", quality=60),
    "progressive.jpg": progressive,
    "scans.jpg": scans,
    "some-scans.jpg": some_scans,
    "strips.tif": strips,
    "float.tif": floats,
    "cmyk.tif": from_array("TIFF", 4, "CMYK", compression="tiff_lzw"),
    "palette.tif": lambda s: written(palette(s), "TIFF", compression="tiff_lzw"),
    "rgb.tif": from_array("TIFF", 3, compression="tiff_deflate"),
    "grey.gif": from_array("GIF", 1),
    "words.pgm": words,
    "rgba.webp": lambda s: written(
        Image.fromarray(Sizes(min(s.pixels, 16_000 * 3_000)).colour(4)), "WEBP", method=0
    ),
    "grey.avif": from_array("AVIF", 1, speed=10),
    "paths.pdf": paths,
}


def children(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            with suppress(OSError):
                found += [int(word) for word in task.read_text().split()]
    return found


def mebibytes(pids: list[int]) -> dict[int, float]:
    """Resident memory of each that is there."""
    found = {}
    for pid in pids:
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
        found[pid] = pages * resource.getpagesize() / 2**20
    return found


class Watch:
    """The most memory of a process and those below it, together, looked at every 5 ms."""

    def __init__(self, pid: int) -> None:
        self.most = 0.0
        self._pid, self._ended = pid, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(0.005):
            self.most = max(self.most, sum(mebibytes(children(self._pid)).values()))

    def end(self) -> float:
        """Look no more; the most that was seen, in MiB."""
        self._ended.set()
        self._thread.join()
        return self.most


def by_command(path: Path, way: str, folder: str) -> tuple[float, float, float, str]:
    """Seconds, seconds of processor time, MiB, and the first line of the answer."""
    words = [sys.executable, "-m", "digitnet", "read" if way == "read" else "predict", str(path)]
    words += ["--model", "mlp"]
    if way == "explain":
        words += ["--explain", str(Path(folder) / "explained")]
    started = time.monotonic()
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    )
    watch = Watch(process.pid)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out, said = process.communicate()
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    line = (out if process.returncode == 0 else said).strip().splitlines()[0 if out else -1]
    return seconds, worked, watch.end(), " ".join(line.split())


def by_server(server: Server, path: Path) -> tuple[float, float, float, str]:
    """The same of a POST; the memory is that above the server's own at rest."""

    def worked() -> float:
        ticks = 0
        for pid in children(server.process.pid):
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(word) for word in words[11:15])
        return ticks / os.sysconf("SC_CLK_TCK")

    content = path.read_bytes()
    with httpx.Client(base_url=server.address, timeout=300, trust_env=False) as web:
        watch, before, started = Watch(server.process.pid), worked(), time.monotonic()
        answer = web.post("/api/predict?model=mlp", content=content)
        seconds = time.monotonic() - started
    got = answer.json()
    said = got["error"] if "error" in got else f"{got['answers'][0]['label']}"
    return seconds, worked() - before, watch.end(), f"{answer.status_code} {said}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pixels", type=int, default=49_980_000, metavar="N")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="files whose names hold it")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--keep", metavar="DIR", help="where the files are made, and left")
    args = parser.parse_args()
    sizes = Sizes(args.pixels)
    names = [n for n in FILES if not args.only or any(word in n for word in args.only)]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(args.keep or folder)
        server = Server(folder) if "server" in args.ways else None
        print(f"{'':<18}{'MB':>6}  {'way':<8}{'s':>7}{'CPU s':>7}{'MiB':>7}  answer")
        try:
            for name in names:
                path = place / name
                if not path.exists():
                    path.write_bytes(FILES[name](sizes))
                size = path.stat().st_size / 1e6
                for way in args.ways:
                    if server is not None and way == "server":
                        row = by_server(server, path)
                    else:
                        row = by_command(path, way, folder)
                    seconds, worked, most, said = row
                    said = said.replace(f"{place}/", "")[:70]
                    figures = f"{seconds:>7.2f}{worked:>7.2f}{most:>7.0f}"
                    print(f"{name:<18}{size:>6.1f}  {way:<8}{figures}  {said}", flush=True)
        finally:
            if server is not None:
                server.end()


if __name__ == "__main__":
    main()
