"""Cases: inputs in the shapes people have them, each with its right answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitnet.data.dataset import Dataset
from digitnet.errors import DataError
from digitnet.models.folder import load_model
from digitnet.models.plausibility import open_source
from support.helpers import digitnet


def n_right(dataset: Dataset) -> int:
    """How many digits the model `cnn` reads as labelled."""
    model = load_model("cnn")
    probabilities = model.probabilities(dataset.in_classes(model.class_names).images)
    return int((probabilities.argmax(axis=1) == dataset.labels).sum())


TEN, TWENTY = [1] * 10, [2] * 10
ROWS: list[tuple[str, list[int] | int, str]] = [
    ("csv/reference.csv", TWENTY, ""),
    ("csv/label_last_openml.csv", TWENTY, "column 785 of 785, `class`"),
    ("csv/index_column.csv", TWENTY, "Column 1 of 786 counts the rows"),
    ("csv/semicolon.csv", TWENTY, ""),
    ("csv/tab.tsv", TWENTY, ""),
    ("csv/float_0_255.csv", TEN, ""),
    ("csv/float_0_1.csv", TEN, ""),
    ("csv/ten_for_zero.csv", TWENTY, "10 is taken as the digit 0"),
    ("csv/transposed.csv", TWENTY, "transposed"),
    ("csv/train.csv.gz", TWENTY, ""),
    ("csv/train.csv.zip", TWENTY, ""),
    ("npz/reference.npz", 200, ""),
    ("npz/X_y.npz", 200, "`X` and the labels `y`"),
    ("npz/nhwc.npz", 200, ""),
    ("npz/float_0_255.npz", 100, ""),
    ("npz/usps_16x16_labels_1_to_10.npz", 200, "10 is taken as the digit 0"),
    ("npz/transposed.npz", 200, "transposed"),
    ("idx/emnist", TWENTY, "EMNIST"),
    ("idx/emnist_renamed", 200, "transposed"),
    ("idx/torchvision_root", TWENTY, ""),
    ("idx/packed_twice", TWENTY, ""),
    ("folders/words", TWENTY, ""),
    ("folders/padded", TWENTY, ""),
    ("folders/digit_k", TWENTY, ""),
    ("folders/words_in_names", TWENTY, "written out"),
    ("folders/ten_for_zero", TWENTY, "10 is taken as the digit 0"),
    ("folders/jfif", TEN, ""),
    ("folders/pgm", TEN, ""),
]


@pytest.mark.parametrize(("name", "counts", "says"), ROWS, ids=[row[0] for row in ROWS])
def test_digits_are_counted_and_read_rightly(
    cases_folder: Path, name: str, counts: list[int] | int, says: str
) -> None:
    dataset = open_source(cases_folder / name, part="test")
    if isinstance(counts, list):
        assert dataset.counts().tolist() == counts
    else:
        assert len(dataset) == counts
    assert n_right(dataset) == len(dataset)
    assert says in "\n".join(dataset.report.notes)
    assert dataset.report.skipped == ()


@pytest.mark.parametrize(("part", "n"), [("test", 50), ("train", 150)])
def test_keras_file_has_two_parts(cases_folder: Path, part: str, n: int) -> None:
    dataset = open_source(cases_folder / "npz" / "keras_mnist.npz", part=part)
    assert len(dataset) == n_right(dataset) == n


@pytest.mark.parametrize("part", ["train", "test"])
def test_a_split_folder_is_usable_from_its_top(cases_folder: Path, part: str) -> None:
    dataset = open_source(cases_folder / "folders" / "split", part=part)
    assert dataset.counts().tolist() == TEN
    assert all(f"/{part}/" in name for name in dataset.names or ())
    assert n_right(dataset) == 10


def test_letters_and_digits_with_letters_keep_their_classes(cases_folder: Path) -> None:
    letters = open_source(cases_folder / "csv" / "letters.csv")
    assert letters.class_names == tuple("ABCDEFGHIJ")
    assert letters.counts().tolist() == TWENTY
    both = open_source(cases_folder / "folders" / "digits_and_letters")
    assert both.class_names == tuple("0123456789ABCDEF")
    assert both.counts().tolist() == [2] * 16
    for dataset, odd in ((letters, "A, B, C, D, E"), (both, "A, B, C, D, E, F")):
        with pytest.raises(DataError, match=odd):
            n_right(dataset)


@pytest.mark.parametrize("name", ["csv/letters.csv", "folders/digits_and_letters"])
def test_more_and_other_classes_go_the_whole_way(
    cases_folder: Path, tmp_path: Path, name: str
) -> None:
    """Trained, saved, measured, drawn; and measured with a digit model it is refused."""
    source, out = cases_folder / name, tmp_path / "model"
    words = ("train", source, "--out", out, "--hidden", "16", "--epochs", "2")
    done = digitnet(*words, "--validation", "0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = digitnet(
        "evaluate", source, "--model", out, "--report", tmp_path / "report", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "\n    J " in done.stdout or "\n    F " in done.stdout
    assert (tmp_path / "report" / "confusion_matrix.png").stat().st_size > 1000
    assert load_model(str(out)).network.n_out == len(open_source(source).class_names)
    refused = digitnet("evaluate", source, "--model", "mlp", cwd=tmp_path)
    assert refused.returncode == 2
    assert "A, B, C" in refused.stderr


def test_as_is_leaves_what_lies_wrong(cases_folder: Path) -> None:
    path = cases_folder / "npz" / "transposed.npz"
    right = open_source(path)
    left = open_source(path, as_is=True)
    np.testing.assert_array_equal(left.images.transpose(0, 2, 1), right.images)
    np.testing.assert_array_equal(open_source(path, transpose=True).images, right.images)
