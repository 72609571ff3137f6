"""Formats: files as MATLAB, HDF5, LIBSVM and Weka have them, and those that nothing here reads."""

from __future__ import annotations

import bz2
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from digitnet.data import sources
from digitnet.data.dataset import Dataset
from digitnet.data.sources import NOT_READ, PICKLES
from digitnet.data.synthetic import synthesize
from digitnet.errors import DataError
from digitnet.handwriting.hands import Hand, careful
from digitnet.models.folder import load_model
from digitnet.models.plausibility import open_source
from support.helpers import assert_one_sentence, digitnet

RNG = np.random.default_rng(3)
DRAWN = synthesize(40, RNG, hand=careful(Hand.sample(RNG, 1)))
IMAGES, LABELS = DRAWN.images, DRAWN.labels
SMALL = np.stack([cv2.resize(x[3:25, 3:25], (16, 16)) for x in IMAGES])


def n_read(dataset: Dataset) -> int:
    """How many digits the model `cnn` reads as labelled."""
    read = load_model("cnn").probabilities(dataset.images).argmax(axis=1)
    return int((read == dataset.labels).sum())


def emnist_mat(path: Path, labels: NDArray[np.integer], mapping: list[list[int]]) -> Path:
    """As EMNIST is published for MATLAB: structs in structs, rows for columns."""
    scipy = pytest.importorskip("scipy.io")
    flat = IMAGES.transpose(0, 2, 1).reshape(40, 784)

    def part(n: int) -> dict[str, Any]:
        writers = np.arange(n)[:, None]
        return {"images": flat[:n], "labels": labels[:n, None].astype(np.uint8), "writers": writers}

    both = {"train": part(40), "test": part(12), "mapping": np.array(mapping, np.uint8)}
    scipy.savemat(path, {"dataset": both}, do_compression=True)
    return path


def test_emnists_mat_files_are_read_upright(tmp_path: Path) -> None:
    path = emnist_mat(tmp_path / "emnist-digits.mat", LABELS, [[k, 48 + k] for k in range(10)])
    for part, n in (("train", 40), ("test", 12)):
        for opened in (open_source, sources.open_source):
            dataset = opened(path, part=part)
            np.testing.assert_array_equal(dataset.images, IMAGES[:n])
            assert dataset.labels.tolist() == LABELS[:n].tolist()
            assert dataset.class_names == tuple("0123456789")
            notes = " ".join(dataset.report.notes)
            assert "dataset.train.images" in notes or part == "test"
            assert notes.count("turned right") == 1
    codes = [[k, 64 + k, 96 + k] for k in range(1, 27)]
    letters = open_source(emnist_mat(tmp_path / "emnist-letters.mat", LABELS + 1, codes))
    assert [letters.class_names[k] for k in letters.labels] == ["ABCDEFGHIJ"[k] for k in LABELS]


def test_what_a_mat_file_unpacks_to_is_counted_within_structs_too(tmp_path: Path) -> None:
    path = emnist_mat(tmp_path / "d.mat", LABELS, [[k, 48 + k] for k in range(10)])
    assert path.stat().st_size < 30_000
    with pytest.raises(DataError, match="more than the 20,000 bytes"):
        open_source(path, most_bytes=20_000)
    assert len(open_source(path, most_bytes=60_000)) == 40


def test_usps_h5_has_groups_for_its_parts(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "usps.h5"
    with h5py.File(path, "w") as file:
        for part, n in (("train", 40), ("test", 12)):
            file[f"{part}/data"] = (SMALL[:n].reshape(n, 256) / 255).astype(np.float32)
            file[f"{part}/target"] = LABELS[:n]
    for part, n in (("train", 40), ("test", 12)):
        dataset = open_source(path, part=part)
        assert dataset.labels.tolist() == LABELS[:n].tolist()
        assert n_read(dataset) >= 0.95 * n
    with pytest.raises(DataError, match=r"`train\.data` has 40,960 bytes, more than the 40,000"):
        open_source(path, most_bytes=40_000)
    with h5py.File(path, "w") as file:
        file["model_weights/dense/kernel"] = np.ones((3, 3))
    with pytest.raises(DataError, match=r"no array `images`.*model_weights\.dense\.kernel"):
        open_source(path)
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(300))
    with pytest.raises(DataError, match=r"usps\.h5 is damaged or no \.h5 file"):
        open_source(path)


def test_what_an_h5_file_links_to_is_not_read(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["images"], file["labels"] = IMAGES, LABELS
    with h5py.File(tmp_path / "d.h5", "w") as file:
        for name in ("images", "labels"):
            file[name] = h5py.ExternalLink("other.h5", name)
    with pytest.raises(DataError, match="it has: nothing"):
        open_source(tmp_path / "d.h5")


def libsvm(images: NDArray[np.uint8], labels: list[Any], first: int, top: float) -> str:
    """Pixels that are 0 are left out; those of mnist.scale go to 1."""
    lines = []
    for image, label in zip(images, labels, strict=True):
        pairs = [f"{j + first}:{v / 255 * top:g}" for j, v in enumerate(image.ravel()) if v]
        lines.append(" ".join([str(label), *pairs]))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", ["mnist.scale", "mnist.t.bz2", "d.libsvm", "d.txt", "d.svm"])
@pytest.mark.parametrize("top", [255, 1])
def test_libsvms_text_is_read(tmp_path: Path, name: str, top: float) -> None:
    text = libsvm(IMAGES, LABELS.tolist(), 1, top).encode()
    (tmp_path / name).write_bytes(bz2.compress(text) if name.endswith("bz2") else text)
    dataset = open_source(tmp_path / name)
    assert np.abs(dataset.images.astype(int) - IMAGES).max() <= (top == 1)
    assert dataset.labels.tolist() == LABELS.tolist()


def test_libsvms_text_of_a_few_digits_has_mnists_side(tmp_path: Path) -> None:
    """Their last pixels are 0 and left out; the highest index tells no side by itself."""
    text = libsvm(IMAGES[:3], [f"{k}.0" for k in LABELS[:3]], 0, 255)
    (tmp_path / "d.libsvm").write_text("0 0:0 1:0\n" + text)
    dataset = sources.open_source(tmp_path / "d.libsvm")
    np.testing.assert_array_equal(dataset.images[1:], IMAGES[:3])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("3 4:5 six:7", r"line 2: '3 4:5 six:7' is not a label with index:value pairs"),
        ("3 4:5 785:7", "highest index is 785, the pixels of no square image"),
        ("3 4:5 99999999999999:7", "highest index is 99999999999999"),
    ],
)
def test_libsvms_text_that_cannot_be_meant(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "d.libsvm").write_text(f"1 3:4 5:6\n{line}\n")
    with pytest.raises(DataError, match=says):
        open_source(tmp_path / "d.libsvm")


def arff(end: str = "\n") -> str:
    """As OpenML keeps MNIST: comments, attributes in any case, the class last."""
    lines = ["% MNIST", "%", "@RELATION mnist_784", ""]
    lines += [f"@attribute pixel{i} real" for i in range(1, 785)]
    lines += ["@ATTRIBUTE 'class' {0,1,2,3,4,5,6,7,8,9}", "", "@data"]
    for image, label in zip(IMAGES, LABELS, strict=True):
        lines.append(",".join(map(str, image.ravel())) + f",'{label}'")
    return end.join(lines)


@pytest.mark.parametrize("name", ["mnist_784.arff", "mnist.ARFF.txt"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_openmls_arff_is_a_table(tmp_path: Path, name: str, end: str) -> None:
    (tmp_path / name).write_text(arff(end), newline="")
    dataset = open_source(tmp_path / name)
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert dataset.labels.tolist() == LABELS.tolist()
    assert dataset.names is not None
    assert dataset.names[0] == "line 792"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace("@data", "@date"), "has no @data"),
        (lambda text: text.replace("@data\n", "@data\n{0 3, 5 6}\n"), "sparse ARFF"),
        (lambda text: text.replace("pixel9 real", ""), "line 13: the attribute has no"),
        (lambda text: text[:-9], "line 831: the row has 78"),
        (lambda text: text.replace("@data\n0", "@data\n?"), r"line 792: pixel 0 is '\?'"),
    ],
)
def test_an_arff_that_is_damaged(tmp_path: Path, change: Callable[[str], str], says: str) -> None:
    (tmp_path / "d.arff").write_text(change(arff()))
    with pytest.raises(DataError, match=says):
        open_source(tmp_path / "d.arff")


@pytest.mark.parametrize("ending", [*NOT_READ, ".tar.gz", ".XLSX"])
def test_a_file_that_nothing_reads_is_refused_with_what_to_do(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"digits{ending}").write_bytes(b"anything")
    with pytest.raises(DataError, match=r"is not read, a \.\w+ file; (convert|save|unpack) it"):
        open_source(tmp_path / f"digits{ending}")


@pytest.mark.parametrize("name", ["d.xlsx", "d.pkl", "d.json", "d.rds", "d.tfrecord", "d.feather"])
def test_predict_says_the_same_of_a_file_that_nothing_reads(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"anything")
    ending = name[1:]
    line = PICKLES.get(ending) or NOT_READ[ending]
    assert_one_sentence(digitnet("predict", name, cwd=tmp_path), name, line)
