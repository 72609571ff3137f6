"""MNIST: found, downloaded, broken off and resumed, from a mirror of our own on this machine."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from digitnet.data.idx import load_idx_folder
from digitnet.data.mnist import CHECKSUMS, MIRRORS, cache_folder, download_mnist, find_mnist
from digitnet.errors import DataError, OutputError

NOISE = np.random.default_rng(0)
IMAGES = NOISE.integers(0, 256, (200, 28, 28), np.uint8)
LABELS = NOISE.integers(0, 10, 200, np.uint8)
IMAGES_IDX = b"\0\0\x08\x03" + np.array(IMAGES.shape, ">u4").tobytes() + IMAGES.tobytes()
LABELS_IDX = b"\0\0\x08\x01" + np.array([200], ">u4").tobytes() + LABELS.tobytes()
UNPACKED = {name: IMAGES_IDX if "images" in name else LABELS_IDX for name in CHECKSUMS}
SUMS = {name: hashlib.md5(data).hexdigest() for name, data in UNPACKED.items()}
BIG = "train-images-idx3-ubyte.gz"


class Mirror:
    """A web server that can break off, forget Range, and send the wrong bytes."""

    def __init__(self) -> None:
        self.files = {f"{name}.gz": gzip.compress(data) for name, data in UNPACKED.items()}
        self.break_after: list[int] = []  # bytes to send of the next answers for BIG
        self.knows_range = True
        self.tells_length = True
        self.requests: list[tuple[str, str | None, int]] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/mnist/"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        name = handler.path.rsplit("/", 1)[1]
        wanted = handler.headers.get("Range")
        data = self.files.get(name)
        start = int(wanted[6:-1]) if wanted and self.knows_range else 0
        status = 404 if data is None else 416 if start >= len(data) else 206 if start else 200
        self.requests.append((name, wanted, status))
        handler.send_response(status)
        if data is None or status == 416:
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        if status == 206:
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if self.tells_length:
            handler.send_header("Content-Length", str(len(data) - start))
        handler.end_headers()
        stop = start + self.break_after.pop(0) if name == BIG and self.break_after else len(data)
        handler.wfile.write(data[start:stop])

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    mirror = Mirror()
    yield mirror
    mirror.close()


@pytest.fixture
def second() -> Iterator[Mirror]:
    mirror = Mirror()
    yield mirror
    mirror.close()


def check_whole(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{n}.gz" for n in SUMS)
    np.testing.assert_array_equal(load_idx_folder(folder, "train").images, IMAGES)
    np.testing.assert_array_equal(load_idx_folder(folder, "test").labels, LABELS)


def test_a_whole_download_reports_its_progress_and_is_not_repeated(
    tmp_path: Path, mirror: Mirror
) -> None:
    steps: list[tuple[int, int]] = []
    folder = download_mnist(
        tmp_path / "new" / "folder",
        mirrors=[mirror.url],
        checksums=SUMS,
        progress=lambda done, total: steps.append((done, total)),
    )
    check_whole(folder)
    sizes = [len(mirror.files[f"{name}.gz"]) for name in SUMS]
    assert [total for done, total in steps if done == total] == sizes
    assert all(0 < done <= total for done, total in steps)
    assert len(mirror.requests) == 4
    download_mnist(folder, mirrors=[mirror.url], checksums=SUMS)
    assert len(mirror.requests) == 4


def test_a_damaged_file_in_the_cache_is_fetched_anew(tmp_path: Path, mirror: Mirror) -> None:
    download_mnist(tmp_path, mirrors=[mirror.url], checksums=SUMS)
    (tmp_path / BIG).write_bytes(mirror.files[BIG][:1000])
    download_mnist(tmp_path, mirrors=[mirror.url], checksums=SUMS)
    check_whole(tmp_path)
    assert mirror.requests[4:] == [(BIG, None, 200)]


def test_a_broken_download_goes_on_where_it_broke_off(tmp_path: Path, mirror: Mirror) -> None:
    mirror.break_after = [40_000, 50_000]
    download_mnist(tmp_path, mirrors=[mirror.url], checksums=SUMS)
    check_whole(tmp_path)
    ranges = [wanted for name, wanted, _ in mirror.requests if name == BIG]
    assert ranges == [None, "bytes=40000-", "bytes=90000-"]


def test_a_later_call_goes_on_too_and_no_half_file_has_the_final_name(
    tmp_path: Path, mirror: Mirror
) -> None:
    mirror.break_after = [10_000, 10_000, 10_000]
    with pytest.raises(DataError, match="broke off after 30,000 of"):
        download_mnist(tmp_path, mirrors=[mirror.url], checksums=SUMS)
    assert [path.name for path in tmp_path.iterdir()] == [f"{BIG}.part"]
    download_mnist(tmp_path, mirrors=[mirror.url], checksums=SUMS)
    check_whole(tmp_path)
    assert (BIG, "bytes=30000-", 206) in mirror.requests


def test_a_killed_download_is_continued(tmp_path: Path, mirror: Mirror) -> None:
    class Killed(BaseException):
        pass

    def kill(done: int, total: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        download_mnist(tmp_path, mirrors=[mirror.url], checksums=SUMS, progress=kill)
    assert [path.name for path in tmp_path.iterdir()] == [f"{BIG}.part"]
    download_mnist(tmp_path, mirrors=[mirror.url], checksums=SUMS)
    check_whole(tmp_path)
    assert mirror.requests[1][2] == 206


def test_a_server_without_range_starts_anew(tmp_path: Path, mirror: Mirror) -> None:
    mirror.knows_range = False
    mirror.break_after = [40_000]
    steps: list[tuple[int, int]] = []
    download_mnist(
        tmp_path,
        mirrors=[mirror.url],
        checksums=SUMS,
        progress=lambda done, total: steps.append((done, total)),
    )
    check_whole(tmp_path)
    assert mirror.requests[:2] == [(BIG, None, 200), (BIG, "bytes=40000-", 200)]
    assert len(mirror.requests) == 5
    sizes = {len(data) for data in mirror.files.values()}
    assert {total for _, total in steps} == {done for done, total in steps if done == total}
    assert {total for _, total in steps} == sizes


@pytest.mark.parametrize("sound", [True, False])
def test_a_part_that_is_already_whole_or_is_litter(
    tmp_path: Path, mirror: Mirror, sound: bool
) -> None:
    whole = mirror.files[BIG]
    (tmp_path / f"{BIG}.part").write_bytes(whole if sound else whole[::-1] + b"more")
    download_mnist(tmp_path, mirrors=[mirror.url], checksums=SUMS)
    check_whole(tmp_path)
    assert mirror.requests[0] == (BIG, f"bytes={len(whole) + 4 * (not sound)}-", 416)
    assert (mirror.requests[1] == (BIG, None, 200)) is not sound


def test_half_a_file_of_another_packing_does_not_spoil_the_download(
    tmp_path: Path, mirror: Mirror
) -> None:
    (tmp_path / f"{BIG}.part").write_bytes(gzip.compress(IMAGES_IDX, 0)[:50_000])
    download_mnist(tmp_path, mirrors=[mirror.url], checksums=SUMS)
    check_whole(tmp_path)


def test_a_wrong_checksum_leads_to_the_next_mirror(
    tmp_path: Path, mirror: Mirror, second: Mirror
) -> None:
    mirror.files[BIG] = gzip.compress(IMAGES_IDX[:-1] + b"\0\0")
    mirror.files["t10k-labels-idx1-ubyte.gz"] = b"<html>Please log in</html>"
    del mirror.files["train-labels-idx1-ubyte.gz"]
    download_mnist(tmp_path, mirrors=[mirror.url, second.url], checksums=SUMS)
    check_whole(tmp_path)
    assert len(second.requests) == 3
    assert len(mirror.requests) == 4  # none is asked twice for the same wrong bytes


@pytest.mark.parametrize("tells_length", [True, False])
def test_a_mirror_that_sends_far_too_much_is_left(
    tmp_path: Path,
    mirror: Mirror,
    second: Mirror,
    monkeypatch: pytest.MonkeyPatch,
    tells_length: bool,
) -> None:
    most = len(second.files[BIG])
    monkeypatch.setattr("digitnet.data.mnist.MAX_FILE", most)
    mirror.tells_length = tells_length
    mirror.files[BIG] = bytes(10 * most)
    steps: list[int] = []
    download_mnist(
        tmp_path,
        mirrors=[mirror.url, second.url],
        checksums=SUMS,
        progress=lambda done, total: steps.append(done),
    )
    check_whole(tmp_path)
    assert max(steps) <= most
    assert [name for name, _, _ in mirror.requests].count(BIG) == 1


def test_a_wrong_checksum_everywhere_leaves_nothing_behind(tmp_path: Path, mirror: Mirror) -> None:
    with pytest.raises(DataError, match="wrong checksum"):
        download_mnist(tmp_path, mirrors=[mirror.url], checksums=dict.fromkeys(SUMS, "0" * 32))
    assert list(tmp_path.iterdir()) == []


def test_offline_one_sentence_names_the_alternatives(tmp_path: Path, mirror: Mirror) -> None:
    mirror.close()
    dead = [mirror.url, "http://127.0.0.1:1/", "not an address"]
    with pytest.raises(DataError) as caught:
        download_mnist(tmp_path, mirrors=dead, checksums=SUMS, timeout=2)
    sentence = str(caught.value)
    for alternative in ("go online", "DIGITNET_MNIST", "folder", "`synthetic`"):
        assert alternative in sentence
    assert "\n" not in sentence
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_cannot_take_the_download(tmp_path: Path, mirror: Mirror) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        download_mnist(tmp_path / "file", mirrors=[mirror.url], checksums=SUMS)
    assert (tmp_path / "file").read_text() == "mine"
    assert mirror.requests == []


def test_the_cache_the_variable_and_the_named_folder(
    tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path / "cache")
    monkeypatch.delenv("DIGITNET_MNIST", raising=False)
    assert find_mnist() is None
    assert download_mnist(mirrors=[mirror.url], checksums=SUMS) == cache_folder()
    assert find_mnist() == cache_folder() == tmp_path / "cache" / "mnist"
    (cache_folder() / BIG).rename(tmp_path / BIG)
    assert find_mnist() is None  # not whole any more
    monkeypatch.setenv("DIGITNET_MNIST", str(tmp_path))
    assert find_mnist() == tmp_path
    assert find_mnist(cache_folder()) == cache_folder()
    with pytest.raises(DataError, match="nowhere has none of MNIST's"):
        find_mnist(tmp_path / "nowhere")
    monkeypatch.setenv("DIGITNET_MNIST", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="which DIGITNET_MNIST names, has none"):
        find_mnist()


def test_the_published_checksums_are_those_of_the_real_files(mnist_folder: Path) -> None:
    assert len(MIRRORS) > 1
    for name, checksum in CHECKSUMS.items():
        plain = mnist_folder / name
        data = (
            plain.read_bytes()
            if plain.exists()
            else gzip.decompress((mnist_folder / f"{name}.gz").read_bytes())
        )
        assert hashlib.md5(data).hexdigest() == checksum
