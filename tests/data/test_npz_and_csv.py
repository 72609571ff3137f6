"""Archives and tables: what an .npz and a .csv may hold, and how each fault is named."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from digitnet.data.csv import load_csv
from digitnet.data.npz import load_npz
from digitnet.errors import DataError

IMAGES = (np.arange(4 * 784) % 251).astype(np.uint8).reshape(4, 28, 28)
LABELS = np.array([3, 1, 4, 1])
HEADER = "label," + ",".join(f"pixel{i}" for i in range(784))


def save(path: Path, **arrays: object) -> Path:
    np.savez_compressed(path, **{"images": IMAGES, "labels": LABELS, **arrays})  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize(
    "images",
    [
        IMAGES,
        IMAGES.reshape(4, 784),
        IMAGES.astype(np.int64),
        IMAGES / 255,
        np.float32(IMAGES / 255),
    ],
    ids=["bytes", "flat", "int64", "float64", "float32"],
)
def test_every_accepted_form_of_an_npz_gives_the_same_bytes(tmp_path: Path, images) -> None:
    dataset = load_npz(save(tmp_path / "digits.npz", images=images))
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert dataset.labels.tolist() == LABELS.tolist()
    assert dataset.images.dtype == np.uint8


def test_floats_are_rounded_not_cut_off(tmp_path: Path) -> None:
    images = np.zeros((1, 28, 28))
    images[0, 0, :4] = 0.998, 0.9985, 0.001, 0.003
    dataset = load_npz(save(tmp_path / "d.npz", images=images, labels=LABELS[:1]))
    assert dataset.images[0, 0, :4].tolist() == [254, 255, 0, 1]


def holed(value: float) -> NDArray[np.float64]:
    images = np.zeros((4, 28, 28))
    images[2, 5, 5] = value
    return images


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"images": holed(np.nan)}, "image 2 has the pixel value nan"),
        ({"images": holed(np.inf)}, "image 2 has the pixel value inf"),
        ({"images": holed(1.5)}, "image 2 .* 1.5; floats must lie between 0 and 1"),
        ({"images": holed(-0.1)}, "image 2 .* -0.1"),
        ({"images": holed(256).astype(int)}, "image 2 .* 256; whole numbers"),
        ({"images": holed(-1).astype(int)}, "image 2 .* -1"),
        ({"images": IMAGES.astype(bool)}, "is of type bool"),
        ({"images": IMAGES.astype("U3")}, "is of type <U3"),
        ({"images": IMAGES.astype(complex)}, "is of type complex128"),
        ({"images": IMAGES[:, :27]}, "shape .4, 27, 28."),
        ({"images": np.uint8(3)}, "has shape ..;"),
        ({"images": IMAGES.astype(object)}, "`images` holds pickled objects"),
        ({"labels": LABELS.astype(object)}, "`labels` holds pickled objects"),
        ({"labels": LABELS[:3]}, "4 images but 3 labels"),
        ({"labels": LABELS * 4}, "label 12 of image 0 is outside"),
        ({"labels": LABELS - 2}, "label -1 of image 1 is outside"),
        ({"labels": LABELS / 2}, "`labels` is of type float64"),
        ({"labels": np.eye(10, dtype=int)[LABELS]}, "labels must be .N,."),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, "no image in it"),
    ],
)
def test_an_npz_that_does_not_fit(tmp_path: Path, arrays: dict[str, object], says: str) -> None:
    path = save(tmp_path / "digits.npz", **arrays)
    with pytest.raises(DataError, match=says) as caught:
        load_npz(path)
    assert str(path) in str(caught.value)


def test_an_npz_without_a_key_says_what_it_has(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=IMAGES, labels=LABELS)
    with pytest.raises(DataError, match=r"no array `images` \(it has: x, labels\)"):
        load_npz(tmp_path / "d.npz")


def test_files_that_are_no_npz(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    with pytest.raises(DataError, match="does not exist"):
        load_npz(path)
    np.save(tmp_path / "bare.npy", IMAGES)
    for data in (b"", b"text", b"PK\x03\x04", (tmp_path / "bare.npy").read_bytes()):
        path.write_bytes(data)
        with pytest.raises(DataError, match="savez"):
            load_npz(path)
    with pytest.raises(DataError):
        load_npz(tmp_path)


def test_an_array_too_large_for_memory_is_refused(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (10**13, 28, 28)}
    )
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as file:
        file.writestr("images.npy", header.getvalue())
    with pytest.raises(DataError, match="`images`"):
        load_npz(tmp_path / "d.npz")


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_mutated_npz_gives_a_dataset_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    file = io.BytesIO()
    packed = data.draw(st.booleans())
    (np.savez_compressed if packed else np.savez)(file, images=IMAGES[:1], labels=LABELS[:1])
    mutated = bytearray(file.getvalue())
    # Most of the file is pixels: aim at the headers half of the time.
    places = st.one_of(
        st.integers(0, len(mutated) - 1),
        st.integers(0, 200),
        st.integers(len(mutated) - 600, len(mutated) - 1),
    )
    for _ in range(data.draw(st.integers(1, 3))):
        mutated[data.draw(places)] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "mutated.npz"
    path.write_bytes(mutated)
    try:
        load_npz(path)
    except DataError as error:
        assert str(path) in str(error)  # noqa: PT017


def rows(images: NDArray[np.uint8], labels: NDArray[np.integer]) -> list[str]:
    return [
        ",".join(map(str, [label, *image.ravel()]))
        for image, label in zip(images, labels, strict=True)
    ]


@settings(max_examples=30, deadline=None)
@given(
    images=hnp.arrays(np.uint8, st.tuples(st.integers(1, 3), st.just(28), st.just(28))),
    header=st.sampled_from(["", HEADER + "\n", HEADER.replace("label", "class") + "\n"]),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
    blank=st.booleans(),
)
def test_any_table_comes_back(
    tmp_path_factory: pytest.TempPathFactory, images, header: str, end: str, mark: str, blank: bool
) -> None:
    labels = np.arange(len(images)) * 3 % 10
    text = mark + header + "\n".join(rows(images, labels)) + "\n" * (1 + blank)
    path = tmp_path_factory.getbasetemp() / "digits.csv"
    path.write_text(text.replace("\n", end), encoding="utf-8", newline="")
    dataset = load_csv(path)
    np.testing.assert_array_equal(dataset.images, images)
    assert dataset.labels.tolist() == labels.tolist()


def test_quoted_values_and_a_header_of_numbers_are_understood(tmp_path: Path) -> None:
    row = rows(IMAGES[:1], LABELS[:1])[0]
    path = tmp_path / "d.csv"
    path.write_text('"' + row.replace(",", '","') + '"\n')
    np.testing.assert_array_equal(load_csv(path).images, IMAGES[:1])
    path.write_text("label," + ",".join(map(str, range(784))) + "\n" + row)
    np.testing.assert_array_equal(load_csv(path).images, IMAGES[:1])


def change(column: int, value: str) -> list[str]:
    """Four good rows, of which the third has one value changed."""
    lines = rows(IMAGES, LABELS)
    fields = lines[2].split(",")
    fields[column] = value
    lines[2] = ",".join(fields)
    return lines


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        (0, "x", "the label is 'x'"),
        (0, "10", "the label is '10'"),
        (0, "-1", "the label is '-1'"),
        (0, "", "the label is ''"),
        (1, "256", "pixel 0 is '256'; it must be a whole number from 0 to 255"),
        (784, "-3", "pixel 783 is '-3'"),
        (9, "0.5", "pixel 8 is '0.5'"),
        (9, "nan", "pixel 8 is 'nan'"),
        (9, "٣", "pixel 8 is '٣'"),
        (9, "9" * 5000, "pixel 8 is '99999999999999999999'"),
        (9, "1,2", "the row has 786 values, not 785"),
    ],
)
@pytest.mark.parametrize("header", [0, 1])
def test_a_bad_value_is_named_by_its_line(
    tmp_path: Path, header: int, column: int, value: str, says: str
) -> None:
    path = tmp_path / "d.csv"
    path.write_text("\n".join([HEADER] * header + change(column, value)), encoding="utf-8")
    with pytest.raises(DataError, match=f"d.csv, line {3 + header}: {says}"):
        load_csv(path)


def test_blank_lines_are_counted_in_the_line_number(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("\n\n" + "\n\n".join(change(5, "?")))
    with pytest.raises(DataError, match=r"line 7: pixel 4 is '\?'"):
        load_csv(tmp_path / "d.csv")


def test_a_bad_first_row_is_no_header(tmp_path: Path) -> None:
    lines = rows(IMAGES, LABELS)
    (tmp_path / "d.csv").write_text("x" + lines[0][1:] + "\n" + lines[1])
    with pytest.raises(DataError, match="line 1: the label is 'x'"):
        load_csv(tmp_path / "d.csv")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no row"),
        ("\n\n", "has no row"),
        (HEADER, "has no row"),
        ("1,2,3\n", "line 1: the row has 3 values"),
        (HEADER + "\n" + "0," * 783 + "0\n", "line 2: the row has 784 values.*train.csv"),
        ("\n".join(rows(IMAGES, LABELS)) + "\n5,6\n", "line 5: the row has 2 values"),
        ("hello\nworld\n", "line 2: the row has 1 values"),
        ("\x00" * 50, "line 1|no row"),
        (b"\xff\xfe\x00\x89PNG", "not a text file"),
        ((HEADER + "\n").encode() + b"\xff\n", "not a text file"),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, text: str | bytes, says: str) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=says) as caught:
        load_csv(path)
    assert str(path) in str(caught.value)


def test_a_missing_table_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        load_csv(tmp_path / "none.csv")
    with pytest.raises(DataError, match="cannot be read"):
        load_csv(tmp_path)
