"""MNIST: found where the user keeps it or in the cache, else downloaded, resumed and checked."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from digitnet.data.found import MOST_BYTES, Found, Options, Part
from digitnet.data.idx import find_idx, has_idx, read_idx_folder
from digitnet.errors import DataError, OutputError
from digitnet.files import open_regular

Progress = Callable[[int, int], None]

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
# MD5 of the unpacked files: mirrors pack them differently, the content is one and the same.
CHECKSUMS: Mapping[str, str] = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
VARIABLE = "DIGITNET_MNIST"
MAX_FILE = 2**26  # the largest of the four has 10 MB; a mirror that sends 64 is not MNIST's
_TRIES = 3
_CHUNK = 2**16


class _MirrorError(Exception):
    """A mirror did not give the file; the next one may."""


def cache_folder() -> Path:
    """The folder of the user's cache that keeps the downloaded files."""
    from platformdirs import user_cache_path

    return user_cache_path("digitnet", appauthor=False) / "mnist"


def find_mnist(named: str | Path | None = None) -> Path | None:
    """The folder that has MNIST: the one named, else $DIGITNET_MNIST, else the cache.

    Returns:
        the folder, or None when nothing is named and the cache is not complete.

    Raises:
        DataError: the folder named, or in the variable, has none of MNIST's files.
    """
    variable = os.environ.get(VARIABLE)
    folder = Path(named) if named else Path(variable) if variable else None
    if folder is not None:
        if not has_idx(folder):
            origin = "" if named else f", which {VARIABLE} names,"
            raise DataError(
                f"{folder}{origin} has none of MNIST's four IDX files; "
                "put them there, or name another folder."
            )
        beside_others = folder / "MNIST" / "raw"  # torchvision's root may hold other sets, too
        return beside_others if has_idx(beside_others) else folder
    cache = cache_folder()
    parts: tuple[Part, ...] = ("train", "test")
    complete = all(find_idx(cache, part, kind) for part in parts for kind in ("images", "labels"))
    return cache if complete else None


def read_mnist(word: str, options: Options) -> Found:
    """The source `mnist`: read from where it is, or downloaded first.

    Raises:
        DataError, OutputError: as `find_mnist` and `download_mnist`.
    """
    folder = find_mnist() or download_mnist(progress=options.progress)
    found = read_idx_folder(folder, options)
    # A folder that the variable names may hold anything; MNIST's labels are MNIST.
    labels = np.asarray(found.labels).astype(np.uint8).tobytes()
    header = b"\0\0\x08\x01" + len(labels).to_bytes(4, "big")
    digest = hashlib.md5(header + labels, usedforsecurity=False).hexdigest()
    found.trusted = digest in CHECKSUMS.values()
    return found


def has_mnist() -> bool:
    """Whether MNIST is on this machine."""
    try:
        return find_mnist() is not None
    except DataError:  # the folder that the environment names has none of it
        return False


def download_mnist(
    folder: str | Path | None = None,
    *,
    mirrors: Sequence[str] = MIRRORS,
    checksums: Mapping[str, str] = CHECKSUMS,
    progress: Progress | None = None,
    timeout: float = 20.0,
) -> Path:
    """Fetch MNIST's four gzipped files; those that are there and sound are left alone.

    Each file grows under the name `*.gz.part`, which a later call continues, and gets its own
    name only when its unpacked bytes have the right MD5.

    Args:
        folder: where to; the cache unless told otherwise.
        mirrors: addresses of folders, tried in turn.
        checksums: the files without `.gz`, each with the MD5 of its unpacked bytes.
        progress: called with (bytes done, bytes in all or 0 if unknown) of the file at hand; the
            files come one after another.
        timeout: seconds of silence after which a mirror is given up.

    Returns:
        the folder.

    Raises:
        DataError: no mirror gave a file with the right checksum.
        OutputError: the folder cannot be written.
    """
    folder = cache_folder() if folder is None else Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, checksum in checksums.items():
            target = folder / f"{name}.gz"
            if not (target.is_file() and _unpacked_md5(target) == checksum):
                _fetch(target, checksum, mirrors, progress, timeout)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written ({error.strerror or error}); "
            f"free some space, or let {VARIABLE} name a folder that has MNIST."
        ) from error
    return folder


def _fetch(
    target: Path,
    checksum: str,
    mirrors: Sequence[str],
    progress: Progress | None,
    timeout: float,
) -> None:
    """Bring one file to its final name from the first mirror that has it whole and right."""
    part = target.with_name(f"{target.name}.part")
    reasons = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{target.name}"
        for _ in range(_TRIES):
            begun = part.stat().st_size if part.exists() else 0
            try:
                _continue(url, part, progress, timeout)
            except _MirrorError as error:
                reasons.append(f"{url}: {error}")
                if part.exists() and part.stat().st_size > begun:
                    continue  # broken off, but it went on: worth another request
                break
            if _unpacked_md5(part) == checksum:
                part.replace(target)
                return
            part.unlink()
            reasons.append(f"{url}: wrong checksum")
            if not begun:
                break  # if it had been continued, what lay there may have been the wrong half
    raise DataError(
        f"MNIST's {target.name} could not be downloaded ({reasons[-1] if reasons else 'no mirror'})"
        f"; go online, let {VARIABLE} name a folder that has the four files, give such a folder "
        "as the source, or take the source `synthetic`, which needs no download."
    )


def _continue(url: str, part: Path, progress: Progress | None, timeout: float) -> None:
    """Append to `part` what it lacks of the file at `url`, or write it anew.

    Asks for the missing bytes with a Range header (RFC 9110, section 14). A server that answers
    200 sends all of them, so `part` starts anew; 416 means there is nothing after what we have,
    which the checksum then judges.
    """
    import http.client
    import urllib.error
    import urllib.request

    begun = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "digitnet", "Accept-Encoding": "identity"}
    if begun:
        headers["Range"] = f"bytes={begun}-"
    try:
        request = urllib.request.Request(url, headers=headers)
        response = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and begun:
                return
        raise _MirrorError(f"answered {error.code} {error.reason}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise _MirrorError(str(getattr(error, "reason", error))) from error
    with response:
        continued = response.status == 206
        if continued and not response.headers.get("Content-Range", "").startswith(
            f"bytes {begun}-"
        ):
            raise _MirrorError("sent another range than was asked for")
        done = begun if continued else 0
        length = response.headers.get("Content-Length", "")
        total = done + int(length) if length.isdecimal() else 0
        with part.open("ab" if continued else "wb") as file:
            while True:
                try:
                    chunk = response.read1(_CHUNK)
                except (OSError, http.client.HTTPException) as error:
                    raise _MirrorError(f"broke off after {done:,} bytes") from error
                if not chunk:
                    break
                done += len(chunk)
                if done > MAX_FILE:
                    file.truncate(0)
                    raise _MirrorError(
                        f"sent more than {MAX_FILE:,} bytes, which is not MNIST's file"
                    )
                file.write(chunk)
                if progress:
                    progress(done, total)
            file.flush()
            os.fsync(file.fileno())
    if total and done < total:
        raise _MirrorError(f"broke off after {done:,} of {total:,} bytes")


def _unpacked_md5(path: Path) -> str | None:
    """MD5 of what a gzip file holds, as hex; None if it is not a whole gzip file."""
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with open_regular(path, MOST_BYTES) as file:
            stream = gzip.GzipFile(fileobj=file)
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return None
    return digest.hexdigest()
