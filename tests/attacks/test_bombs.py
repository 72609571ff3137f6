"""Bombs: small files that unpack to gigabytes are refused while little of them is unpacked."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from attacks.conftest import SHARE, Attack
from digitnet.data.found import MOST_BYTES
from digitnet.data.sources import open_source
from digitnet.errors import DataError
from support.helpers import as_idx, bars

resource = pytest.importorskip("resource", reason="needs limits of memory, as Unix has them")

LIMITED = r"""
import re, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, 6 * 2**30))
from digitnet.cli.main import main
code = main(sys.argv[1:])
# ru_maxrss may be that of the process that began this one
print("peak", int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]) // 1024)
sys.exit(code)
"""
CHUNK = 2**22


def _bomb(path: Path, n: int) -> None:
    """A file that unpacks to n zeros, or blanks where text is expected."""
    inside = path.name.rpartition(".")[0]
    piece = (b" " if ".csv" in path.name else b"\0") * CHUNK
    if path.suffix == ".gz":
        with gzip.open(path, "wb", 1) as file:
            for _ in range(n // CHUNK):
                file.write(piece)
    elif path.suffix == ".bz2":
        with bz2.open(path, "wb") as file:
            for _ in range(n // CHUNK):
                file.write(piece)
    elif path.suffix == ".xz":
        with lzma.open(path, "wb", preset=0) as file:
            for _ in range(n // CHUNK):
                file.write(piece)
    else:
        archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        with archive, archive.open(inside, "w", force_zip64=True) as file:
            for _ in range(n // CHUNK):
                file.write(piece)


def _npz_bomb(path: Path, n: int) -> None:
    """An archive whose one array has n bytes."""
    head = io.BytesIO()
    shape = {"descr": "|u1", "fortran_order": False, "shape": (n // 784, 28, 28)}
    np.lib.format.write_array_header_1_0(head, shape)
    archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with archive, archive.open("images.npy", "w", force_zip64=True) as file:
        file.write(head.getvalue())
        for _ in range(n // CHUNK + 1):
            file.write(b"\0" * CHUNK)


@pytest.mark.promise("sources unpack within a budget")
@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zip", "a.csv.xz", "a.npz"])
def test_a_bomb(name: str, tmp_path: Path, attack: Attack) -> None:
    """In a full run against the budget that nobody asked for, else against a smaller one."""
    path = tmp_path / name
    budget = MOST_BYTES if SHARE == 1 else 2**26
    (_npz_bomb if name == "a.npz" else _bomb)(path, budget + 2**25)
    assert path.stat().st_size < 2**24
    asked = [] if SHARE == 1 else ["--most-bytes", str(budget)]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, "evaluate", str(path), "--model", "mlp", *asked],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "--most-bytes" in done.stderr
    peak = int(done.stdout.split("peak ")[1])
    assert peak < 2 * budget // 2**20 + 500, f"{peak} MiB"
    attack.tried()


@pytest.mark.promise("sources unpack within a budget")
def test_the_budget_is_the_callers(
    tmp_path: Path, rng: np.random.Generator, attack: Attack
) -> None:
    """To the byte, for every kind that is unpacked or read."""
    digits = bars(20, rng)
    images, labels = as_idx(digits.images), as_idx(digits.labels)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(images)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels)
    table = np.column_stack([digits.labels, digits.images.reshape(20, -1)])
    text = io.StringIO()
    np.savetxt(text, table, "%d", ",")
    for name, packed in (
        ("a.csv", bytes),
        ("a.csv.gz", gzip.compress),
        ("a.csv.xz", lzma.compress),
    ):
        (tmp_path / name).write_bytes(packed(text.getvalue().encode()))
        sure = len(text.getvalue())
        assert len(open_source(tmp_path / name, most_bytes=sure)) == 20
        with pytest.raises(DataError, match="most_bytes"):
            open_source(tmp_path / name, most_bytes=sure - 1)
        attack.tried()
    whole = tmp_path / "train-images-idx3-ubyte"
    assert len(open_source(whole, most_bytes=digits.images.nbytes)) == 20
    with pytest.raises(DataError):
        open_source(whole, most_bytes=digits.images.nbytes - 1)
    np.savez_compressed(tmp_path / "a.npz", images=digits.images, labels=digits.labels)
    both = 2 * 128 + digits.images.nbytes + digits.labels.nbytes
    assert len(open_source(tmp_path / "a.npz", most_bytes=both)) == 20
    with pytest.raises(DataError, match="most_bytes"):
        open_source(tmp_path / "a.npz", most_bytes=both - 1)
    attack.tried(2)
