"""CSV: any table of digits comes back whatever way it is written, and each fault has its line."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from digitnet.data.classes import IN_WORDS
from digitnet.data.found import MAX_BYTES
from digitnet.data.sources import open_source, open_unlabelled
from digitnet.data.unpack import unpacked
from digitnet.errors import DataError, SettingsError

IMAGES = (np.arange(4 * 784) % 251).astype(np.uint8).reshape(4, 28, 28)
IMAGES[:, :3] = 0
IMAGES[:, -3:] = 0
LABELS = np.array([3, 1, 4, 1])
HEADER = "label," + ",".join(f"pixel{i}" for i in range(784))


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
    images[:, 0, 0], images[:, -1, -1], images[:, 5, 5] = 0, 0, 255
    images[:, 0] = images[:, -1] = images[:, :, 0] = images[:, :, -1] = 0
    labels = np.arange(1, 1 + len(images)) * 3 % 10
    text = mark + header + "\n".join(rows(images, labels)) + "\n" * (1 + blank)
    path = tmp_path_factory.getbasetemp() / "digits.csv"
    path.write_text(text.replace("\n", end), encoding="utf-8", newline="")
    dataset = open_source(path)
    np.testing.assert_array_equal(dataset.images, images)
    assert dataset.labels.tolist() == labels.tolist()


def test_quoted_values_and_a_header_of_numbers_are_understood(tmp_path: Path) -> None:
    row = rows(IMAGES[:1], LABELS[:1])[0]
    path = tmp_path / "d.csv"
    path.write_text('"' + row.replace(",", '","') + '"\n')
    np.testing.assert_array_equal(open_source(path).images, IMAGES[:1])
    path.write_text("label," + ",".join(map(str, range(784))) + "\n" + row)
    np.testing.assert_array_equal(open_source(path).images, IMAGES[:1])


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
        (0, "-1", "the label is '-1'"),
        (0, "", "the label is ''"),
        (1, "256", "has the pixel value 256.0; whole numbers must lie between 0 and 255"),
        (784, "-3", "has the pixel value -3"),
        (9, "", "pixel 8 is ''"),
        (9, "nan", "has the pixel value nan"),
        (9, "٣", "pixel 8 is '٣'"),
        (9, "9" * 5000, "has the pixel value inf"),
        (9, "1,2", "the row has 786 values, not 785"),
    ],
)
@pytest.mark.parametrize("header", [0, 1])
def test_a_bad_value_is_named_by_its_line(
    tmp_path: Path, header: int, column: int, value: str, says: str
) -> None:
    path = tmp_path / "d.csv"
    path.write_text("\n".join([HEADER] * header + change(column, value)), encoding="utf-8")
    with pytest.raises(DataError, match=f"d.csv, line {3 + header}:? {says}"):
        open_source(path)


def test_a_label_that_is_no_digit_is_named_where_the_column_is_known(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("\n".join([HEADER, *change(0, "11")]), encoding="utf-8")
    with pytest.raises(DataError, match=r"d.csv, line 4: the label 11 is outside"):
        open_source(path)
    path.write_text("\n".join(change(0, "11")), encoding="utf-8")
    with pytest.raises(DataError, match=r"cannot be told which column .*label_column"):
        open_source(path)
    with pytest.raises(DataError, match=r"d.csv, line 3: the label 11 is outside"):
        open_source(path, label_column="1")


def test_blank_lines_are_counted_in_the_line_number(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("\n\n" + "\n\n".join(change(5, "?")))
    with pytest.raises(DataError, match=r"line 7: pixel 4 is '\?'"):
        open_source(tmp_path / "d.csv")


def test_a_bad_first_row_is_no_header(tmp_path: Path) -> None:
    lines = rows(IMAGES, LABELS)
    (tmp_path / "d.csv").write_text("\n".join(["x" + lines[0][1:], *lines[1:]]))
    with pytest.raises(DataError, match="line 1: the label is 'x'"):
        open_source(tmp_path / "d.csv")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no row"),
        ("\n\n", "has no row"),
        (HEADER, "has no row"),
        ("1,2,3\n", "line 1: the row has 3 values"),
        (",".join(["p"] * 784) + "\n" + "0," * 783 + "0\n", "has no labels"),
        ("\n".join(rows(IMAGES, LABELS)) + "\n5,6\n", "line 5: the row has 2 values"),
        ("hello\nworld\n", "line 2: the row has 1 values"),
        ("\x00" * 50, "not a text file"),
        (b"\xff\xfe\x00\x89PNG", "not a text file"),
        ((HEADER + "\n").encode() + b"\xff\n", "not a text file"),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, text: str | bytes, says: str) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=says) as caught:
        open_source(path)
    assert str(path) in str(caught.value)


def test_a_missing_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no source"):
        open_source(tmp_path / "none.csv")


BLANK_EDGE = np.zeros((24, 28, 28), np.uint8)
BLANK_EDGE[:, 4:24, 4:24] = (np.arange(24 * 400) * 37 % 256).reshape(24, 20, 20)
SPREAD = (np.arange(24) * 7 + 3) % 10
FORMS = {
    "digits": lambda label: str(label),
    "floats": lambda label: f"{label}.0",
    "words": lambda label: IN_WORDS[label],
    "padded": lambda label: f"{label:02}",
    "ten for zero": lambda label: str(label or 10),
    "letters": lambda label: "ABCDEFGHIJ"[label],
    "quoted": lambda label: f'"{label}"',
}


@settings(max_examples=40, deadline=None)
@given(
    mark=st.sampled_from([",", ";", "\t", " ", "|", ", "]),
    form=st.sampled_from(sorted(FORMS)),
    name=st.sampled_from(["label", "Class", "TARGET", "y", "digit", "letter_shown", ""]),
    place=st.sampled_from([0, 300, 784]),
    index=st.sampled_from(["", "id", "Unnamed: 0", "running"]),
    values=st.sampled_from(["bytes", "floats", "0 to 1", "decimal commas"]),
    trailing=st.booleans(),
    packed=st.sampled_from(["", ".gz", ".zip"]),
)
def test_any_way_to_write_a_table(
    tmp_path_factory: pytest.TempPathFactory,
    mark: str, form: str, name: str, place: int, index: str, values: str, trailing: bool,
    packed: str,
) -> None:  # fmt: skip
    """Whatever the marks, the label's place and name, an index, the numbers: the same digits."""
    if values == "decimal commas" and mark.strip() == ",":
        mark = ";"
    if mark == " ":
        name = name and name.split()[0]
        index = "" if index == "Unnamed: 0" else index
        trailing = False
    write = {
        "bytes": str,
        "floats": lambda v: f"{v}.0",
        "0 to 1": lambda v: f"{v / 255:.5f}",
        "decimal commas": lambda v: f"{v / 255:.5f}".replace(".", ","),
    }[values]
    lines = []
    if name:
        names = [f"pixel{i}" for i in range(784)]
        names.insert(place, name)
        called = "" if index == "running" and mark != " " else "id"
        lines.append(mark.join(([called] if index else []) + names))
    for i, (image, label) in enumerate(zip(BLANK_EDGE, SPREAD, strict=True)):
        fields = [write(int(v)) for v in image.ravel()]
        fields.insert(place, FORMS[form](int(label)))
        if index:
            fields.insert(0, str(1000 + i))
        lines.append(mark.join(fields) + (mark.strip(" ") if trailing else ""))
    data = "\r\n".join(lines).encode()
    path = tmp_path_factory.getbasetemp() / f"table.csv{packed}"
    if packed == ".gz":
        data = gzip.compress(data)
    path.write_bytes(data)
    if packed == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("folder/table.csv", data)
    dataset = open_source(path)
    np.testing.assert_array_equal(dataset.images, BLANK_EDGE)
    letters = form == "letters"
    assert dataset.class_names == tuple("ABCDEFGHIJ" if letters else "0123456789")
    assert dataset.labels.tolist() == SPREAD.tolist()
    assert any("left out" in note for note in dataset.report.notes) == bool(index)
    assert any("10 is taken" in note for note in dataset.report.notes) == (form == "ten for zero")


def table(*columns: NDArray[np.integer] | list[str], header: str = "") -> str:
    lines = zip(*([str(v) for v in column] for column in columns), strict=True)
    return header + "\n".join(",".join(line) for line in lines)


PIXELS = list(BLANK_EDGE.reshape(24, 784).T)


@pytest.mark.parametrize("end", [0, 784])
def test_a_running_number_is_no_label(tmp_path: Path, end: int) -> None:
    columns = [*PIXELS]
    columns.insert(end, np.arange(24))
    path = tmp_path / "d.csv"
    path.write_text(table(*columns))
    with pytest.raises(DataError, match="has no labels"):
        open_source(path)
    images, rows_, report = open_unlabelled(path)
    assert rows_.tolist() == list(range(1, 25))
    np.testing.assert_array_equal(images, BLANK_EDGE)
    assert "counts the rows" in report.notes[0]
    ten = [column[:10] for column in columns]  # 0 to 9: an index, or one digit of each class
    path.write_text(table(*ten))
    with pytest.raises(DataError, match="has no labels"):
        open_source(path)
    assert open_source(path, label_column=str(end + 1)).labels.tolist() == list(range(10))


def test_a_column_of_pixels_is_no_label_without_being_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text(table(*PIXELS))
    with pytest.raises(DataError, match="has no labels"):
        open_source(path)
    path.write_text(table(SPREAD, *PIXELS[:-1], SPREAD))  # both ends could be
    with pytest.raises(DataError, match="cannot be told which column holds the labels"):
        open_source(path)
    dataset = open_source(path, label_column="785")
    assert dataset.labels.tolist() == SPREAD.tolist()
    with pytest.raises(SettingsError, match="no column 'lable'"):
        open_source(path, label_column="lable")


def test_two_names_that_could_be_the_label_are_asked_about(tmp_path: Path) -> None:
    header = "label,target," + ",".join(f"p{i}" for i in range(784)) + "\n"
    path = tmp_path / "d.csv"
    path.write_text(table(SPREAD, SPREAD[::-1], *PIXELS, header=header))
    with pytest.raises(DataError, match=r"may be label or target.*label_column"):
        open_source(path)
    assert open_source(path, label_column="Target").labels.tolist() == SPREAD[::-1].tolist()


@pytest.mark.parametrize("named", [False, True])
def test_a_table_on_its_side_is_turned(tmp_path: Path, named: bool) -> None:
    rows_ = np.column_stack([SPREAD, *PIXELS]).T
    names = ["label", *(f"pixel{i}" for i in range(784))]
    path = tmp_path / "d.csv"
    lines = [
        ",".join([name] * named + [str(v) for v in row])
        for name, row in zip(names, rows_, strict=True)
    ]
    path.write_text("\n".join(lines))
    dataset = open_source(path)
    np.testing.assert_array_equal(dataset.images, BLANK_EDGE)
    assert dataset.labels.tolist() == SPREAD.tolist()
    assert "on its side" in dataset.report.notes[0]


def test_a_headerless_row_of_the_letter_y_is_no_header(tmp_path: Path) -> None:
    letters = ["y", "z"] * 12
    path = tmp_path / "d.csv"
    path.write_text(table(letters, *PIXELS))
    dataset = open_source(path)
    assert len(dataset) == 24
    assert dataset.class_names == ("y", "z")


def test_excels_and_other_programs_first_lines(tmp_path: Path) -> None:
    path = tmp_path / "d.txt"
    text = table(SPREAD, *PIXELS).replace(",", "\t")
    path.write_bytes(text.encode("utf-16"))
    assert open_source(path).labels.tolist() == SPREAD.tolist()
    path.write_text("sep=;\n" + text.replace("\t", ";"))
    assert open_source(path).labels.tolist() == SPREAD.tolist()


def test_a_fault_far_down_is_named_by_its_line(tmp_path: Path) -> None:
    lines = table(SPREAD, *PIXELS).splitlines() * 200
    lines[4000] = lines[4000].replace(",", ",x", 9)
    path = tmp_path / "d.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"d\.csv, line 4001: pixel 0 is 'x0'"):
        open_source(path)
    lines[4000] = "5,6"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"d\.csv, line 4001: the row has 2 values, not 785"):
        open_source(path)


def test_more_than_the_budget_is_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / "d.csv.gz").write_bytes(gzip.compress(bytes(3000)))
    with pytest.raises(DataError, match=r"more than the 2,000 bytes"):
        unpacked(tmp_path / "d.csv.gz", 2000)
    assert len(unpacked(tmp_path / "d.csv.gz", 3000)) == 3000
    assert MAX_BYTES == 4 * 2**30
