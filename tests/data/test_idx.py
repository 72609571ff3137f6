"""IDX: a round trip of any bytes, and every way such a file can be wrong."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from digitnet.data.found import Part
from digitnet.data.idx import find_idx, load_idx_folder, read_idx
from digitnet.data.mnist import find_mnist
from digitnet.data.sources import open_source
from digitnet.errors import DataError


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


IMAGES = np.arange(3 * 784, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)
LABELS = np.array([7, 0, 9], np.uint8)
GOOD = idx_bytes(IMAGES)
PACKED = gzip.compress(GOOD, mtime=0)  # without the clock: the tests are named by the bytes


def write_folder(folder: Path, prefix: str = "train", **changed: bytes | None) -> Path:
    """A whole IDX folder; `images` and `labels` replace the bytes of a file, None leaves it out."""
    folder.mkdir(exist_ok=True)
    for kind, ending, array in (("images", "idx3", IMAGES), ("labels", "idx1", LABELS)):
        data = changed.get(kind, idx_bytes(array))
        if data is not None:
            (folder / f"{prefix}-{kind}-{ending}-ubyte").write_bytes(data)
    return folder


def test_the_bytes_of_a_worked_example(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(bytes.fromhex("00 00 08 01 00 00 00 03 05 00 04"))
    assert read_idx(path).tolist() == [5, 0, 4]


@settings(max_examples=50, deadline=None)
@given(
    array=hnp.arrays(
        np.uint8,
        st.one_of(
            hnp.array_shapes(min_dims=1, max_dims=1, max_side=40),
            hnp.array_shapes(min_dims=3, max_dims=3, max_side=9),
        ),
    ),
    zipped=st.booleans(),
)
def test_any_array_comes_back(
    tmp_path_factory: pytest.TempPathFactory, array: NDArray[np.uint8], zipped: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip.gz"  # the name does not decide
    path.write_bytes(gzip.compress(idx_bytes(array)) if zipped else idx_bytes(array))
    np.testing.assert_array_equal(read_idx(path), array)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\0\0", "not an IDX file"),
        (b"<!DOCTYPE html>", "not an IDX file"),
        (GOOD.replace(b"\0\0\x08", b"\0\0\x0d", 1), "not an IDX file"),
        (b"\0\0\x08\x02" + GOOD[4:], "2 axes"),
        (GOOD[:9], "truncated within its header"),
        (GOOD[:-1], "is truncated: its header promises 2,352 bytes"),
        (GOOD[:16], "only 0 follow"),
        (GOOD + b"\0", "too long"),
        (b"\0\0\x08\x03" + b"\xff" * 12 + GOOD[16:], "more than the 1,610,612,736"),
        (PACKED[:-20], "damaged gzip"),
        (PACKED[:10], "damaged gzip"),
        (PACKED + b"litter", "damaged gzip"),
        (gzip.compress(GOOD[:-1], mtime=0), "truncated"),
        (gzip.compress(GOOD + b"\0", mtime=0), "too long"),
        (gzip.compress(b"", mtime=0), "is empty"),
    ],
)
def test_a_bad_file_is_named_with_its_trouble(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(data)
    with pytest.raises(DataError, match=says) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def test_a_wrong_checksum_inside_the_gzip_is_seen(tmp_path: Path) -> None:
    data = bytearray(PACKED)
    data[-6] ^= 1  # in the CRC
    (tmp_path / "f").write_bytes(data)
    with pytest.raises(DataError, match="damaged gzip"):
        read_idx(tmp_path / "f")


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_missing_file_and_a_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError):
        read_idx(tmp_path / name)


def test_a_gzip_bomb_is_not_unpacked_beyond_its_header(tmp_path: Path) -> None:
    import tracemalloc

    header = struct.pack(">HBBIII", 0, 8, 3, 10, 28, 28)
    (tmp_path / "bomb").write_bytes(gzip.compress(header + bytes(100_000_000), 1))
    tracemalloc.start()
    with pytest.raises(DataError, match="too long"):
        read_idx(tmp_path / "bomb")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


@settings(max_examples=300, deadline=None)
@given(data=st.data(), zipped=st.booleans())
def test_mutated_bytes_give_an_array_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, zipped: bool
) -> None:
    mutated = bytearray(gzip.compress(GOOD, mtime=0) if zipped else GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(mutated)))
    path = tmp_path_factory.getbasetemp() / "mutated"
    path.write_bytes(mutated[:cut] if data.draw(st.booleans()) else mutated)
    try:
        assert read_idx(path).dtype == np.uint8
    except DataError as error:
        assert str(path) in str(error)  # noqa: PT017


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("joint", ["-", "."])
@pytest.mark.parametrize(("part", "prefix"), [("train", "train"), ("test", "t10k")])
def test_every_usual_name_is_found(tmp_path: Path, zipped: bool, joint: str, part, prefix) -> None:
    suffix, pack = (".gz", gzip.compress) if zipped else ("", bytes)
    for kind, ending, array in (("images", "idx3", IMAGES), ("labels", "idx1", LABELS)):
        name = f"{prefix}-{kind}{joint}{ending}-ubyte{suffix}"
        (tmp_path / name).write_bytes(pack(idx_bytes(array)))
    dataset = load_idx_folder(tmp_path, part)
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert dataset.labels.tolist() == [7, 0, 9]
    assert find_idx(tmp_path, "test" if part == "train" else "train", "images") is None


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"images": None}, "has no train-images-idx3-ubyte"),
        ({"labels": None}, "has no train-labels-idx1-ubyte"),
        ({"labels": idx_bytes(LABELS[:2])}, "3 images but .* has 2 labels"),
        ({"labels": GOOD}, "holds images where labels should be"),
        ({"labels": idx_bytes(LABELS + 3)}, "label 10 of image 0 is outside"),
        ({"images": idx_bytes(IMAGES[:, :20].copy())}, "must be .N, 28, 28."),
        ({"images": idx_bytes(LABELS)}, "not .N, 28, 28."),
        ({"images": idx_bytes(IMAGES[:0]), "labels": idx_bytes(LABELS[:0])}, "no image in it"),
    ],
)
def test_a_folder_that_does_not_fit_together(
    tmp_path: Path, changed: dict[str, bytes | None], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        load_idx_folder(write_folder(tmp_path / "idx", **changed))


def test_mnist_itself(mnist_folder: Path) -> None:
    test = load_idx_folder(mnist_folder, "test")
    assert len(test) == 10_000
    assert test.counts().tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert int(test.images.max()) == 255
    assert int(test.images[:, 0, 0].max()) == 0


EMNIST_SETS = ("emnist-digits", "emnist-letters", "emnist-mnist")


def emnist(folder: Path) -> Path:
    """Three of EMNIST's sets, each with its two parts; of each, other digits come first."""
    folder.mkdir()
    for shift, name in enumerate(EMNIST_SETS):
        for part in ("train", "test"):
            images, labels = np.roll(IMAGES, shift, axis=0), np.roll(LABELS, shift) % 5 + 1
            start = f"{name}-{part}"
            (folder / f"{start}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(images)))
            (folder / f"{start}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx_bytes(labels)))
    return folder


@pytest.mark.parametrize("part", ["train", "test"])
def test_several_sets_in_one_folder_are_asked_about_and_never_mixed(
    tmp_path: Path, part: Part
) -> None:
    folder = emnist(tmp_path / "emnist")
    with pytest.raises(DataError) as caught:
        open_source(folder, part=part)
    for name in EMNIST_SETS:
        assert f"{name}-{part}-images-idx3-ubyte.gz" in str(caught.value)
    for shift, name in enumerate(EMNIST_SETS):
        dataset = open_source(folder / f"{name}-{part}-images-idx3-ubyte.gz")
        upright = np.roll(IMAGES, shift, axis=0).transpose(0, 2, 1)
        np.testing.assert_array_equal(dataset.images, upright)
        told = np.array(dataset.class_names)[dataset.labels]
        numbers = np.roll(LABELS, shift) % 5 + 1
        letters = name == "emnist-letters"
        assert told.tolist() == ["-ABCDE"[n] if letters else str(n) for n in numbers]
    with pytest.raises(DataError, match="give that one"):
        open_source(folder / "emnist-digits-train-labels-idx1-ubyte.gz")


def test_several_folders_of_idx_files_are_asked_about(tmp_path: Path) -> None:
    """As torchvision keeps them under one root; the word `mnist` means the one called so."""
    for name in ("MNIST", "FashionMNIST"):
        (tmp_path / name).mkdir()
        write_folder(tmp_path / name / "raw")
    with pytest.raises(DataError, match=r"folders of IDX files: FashionMNIST/raw, MNIST/raw; give"):
        open_source(tmp_path)
    assert len(open_source(tmp_path / "FashionMNIST")) == 3
    assert find_mnist(tmp_path) == tmp_path / "MNIST" / "raw"
