"""CSV: any table of digits comes back whatever way it is written, and each fault has its line."""

from __future__ import annotations

import gzip
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from digitnet.data.classes import IN_WORDS
from digitnet.data.found import MOST_BYTES
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
    for asked in (None, "1"):
        with pytest.raises(DataError, match=r"d.csv, line 3: the label 11 is outside"):
            open_source(path, label_column=asked)


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
        ((HEADER + "\n").encode() + b"\xff\n", "line 2: the row has 1 values"),
        ((HEADER + "\n").encode() + b"\x81\n", "not a text file"),
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
    assert MOST_BYTES == 3 * 2**29


@pytest.mark.parametrize("mark", ["#", "%", "# "])
@pytest.mark.parametrize("separator", [",", " "])
@pytest.mark.parametrize("above", ["", "{mark} made by hand, 3 of them\n", "{mark} {header}\n"])
def test_lines_of_comment_are_no_rows_and_a_header_may_be_one(
    tmp_path: Path, mark: str, separator: str, above: str
) -> None:
    lines = [row.replace(",", separator) for row in rows(IMAGES, LABELS)]
    header = HEADER.replace(",", separator)
    text = above.format(mark=mark, header=header) + "\n".join(lines) + f"\n{mark} the end\n"
    (tmp_path / "d.txt").write_text(text)
    dataset = open_source(tmp_path / "d.txt")
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert dataset.labels.tolist() == LABELS.tolist()
    assert dataset.names is not None
    assert dataset.names[0] == f"line {1 + bool(above)}"


def test_a_header_behind_a_comment_mark_names_the_label(tmp_path: Path) -> None:
    lines = [",".join([*row.split(",")[1:], row[0]]) for row in rows(IMAGES, LABELS)]
    header = "# " + HEADER.removeprefix("label,") + ",digit"
    (tmp_path / "d.csv").write_text("\n".join(["# by hand", header, *lines]))
    dataset = open_source(tmp_path / "d.csv")
    assert dataset.labels.tolist() == LABELS.tolist()
    assert dataset.report.notes == ("The label is column 785 of 785, `digit`.",)


def test_lines_are_counted_with_excels_line_of_the_separator(tmp_path: Path) -> None:
    lines = [row.replace(",", ";") for row in change(5, "?")]
    (tmp_path / "d.csv").write_text("\n".join(["sep=;", HEADER.replace(",", ";"), *lines]))
    with pytest.raises(DataError, match=r"line 5: pixel 4 is '\?'"):
        open_source(tmp_path / "d.csv")


@pytest.mark.parametrize("spell", ["{:.18e}", "{:.6e}", "b'{}'", "\"b'{}'\""])
def test_labels_as_other_programs_write_them(tmp_path: Path, spell: str) -> None:
    lines = [spell.format(int(row[0])) + row[1:] for row in rows(IMAGES, LABELS)]
    (tmp_path / "d.csv").write_text("\n".join([HEADER, *lines]))
    assert open_source(tmp_path / "d.csv").labels.tolist() == LABELS.tolist()


def test_a_comma_within_quotes_is_a_decimal_point(tmp_path: Path) -> None:
    lines = []
    for row in rows(IMAGES, LABELS):
        label, *pixels = row.split(",")
        lines.append(
            ",".join([label, *(f'"{int(p) / 255:.4f}"'.replace(".", ",") for p in pixels)])
        )
    (tmp_path / "d.csv").write_text("\n".join([HEADER, *lines]))
    dataset = open_source(tmp_path / "d.csv")
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert dataset.report.notes == ("Commas within quotes in it are taken as decimal points.",)


def test_numbers_of_rows_in_any_order_are_no_labels(tmp_path: Path) -> None:
    images, labels = np.tile(IMAGES, (3, 1, 1))[:11], np.tile(LABELS, 3)[:11]
    order = np.random.default_rng(0).permutation(11)
    lines = [f"{i},{row}" for i, row in zip(order, rows(images, labels), strict=True)]
    (tmp_path / "d.csv").write_text("\n".join(lines))
    dataset = open_source(tmp_path / "d.csv")
    assert dataset.labels.tolist() == labels.tolist()
    np.testing.assert_array_equal(dataset.images, images)


@pytest.mark.parametrize("last", [False, True])
def test_many_classes_by_number_are_found_without_a_header(tmp_path: Path, last: bool) -> None:
    labels = np.random.default_rng(0).permutation(np.arange(52) % 26 + 1)
    lines = rows(np.tile(IMAGES, (13, 1, 1)), labels)
    if last:
        lines = [",".join([*row.split(",")[1:], row.split(",")[0]]) for row in lines]
    (tmp_path / "d.csv").write_text("\n".join(lines))
    dataset = open_source(tmp_path / "d.csv")
    assert dataset.class_names == tuple(map(str, range(1, 27)))
    assert (dataset.labels + 1).tolist() == labels.tolist()


def test_a_table_in_windows_own_letters_is_read(tmp_path: Path) -> None:
    labels = ["f\xfcnf", "acht", "f\xfcnf", "acht"]
    lines = [label + row[1:] for label, row in zip(labels, rows(IMAGES, LABELS), strict=True)]
    (tmp_path / "d.csv").write_bytes("\n".join([HEADER, *lines]).encode("cp1252"))
    assert open_source(tmp_path / "d.csv").class_names == ("acht", "f\xfcnf")


def test_a_row_of_few_measurements_is_no_image(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = [",".join(f"{v:.3f}" for v in rng.random(49)) + f",{i % 3}" for i in range(30)]
    (tmp_path / "d.csv").write_text("\n".join(lines))
    with pytest.raises(DataError, match="50 values, which are not the pixels of a square image"):
        open_source(tmp_path / "d.csv")


@pytest.mark.parametrize("inside", ["train.csv", "deeper/TRAIN.CSV"])
def test_a_zip_is_named_after_what_is_in_it(tmp_path: Path, inside: str) -> None:
    with zipfile.ZipFile(tmp_path / "digits.zip", "w") as archive:
        archive.writestr(inside, "\n".join(rows(IMAGES, LABELS)))
        archive.writestr("__MACOSX/._train.csv", "x")
        archive.writestr("deeper/.DS_Store", "x")
    assert open_source(tmp_path / "digits.zip").labels.tolist() == LABELS.tolist()
    with zipfile.ZipFile(tmp_path / "digits.zip", "a") as archive:
        archive.writestr("test.csv", "x")
    with pytest.raises(DataError, match=rf"holds 2 files, not one \({inside}, test.csv\); unpack"):
        open_source(tmp_path / "digits.zip")


def test_an_address_is_to_be_downloaded(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"https://example\.org/d\.csv is an address; download it"):
        open_source("https://example.org/d.csv")


@pytest.mark.parametrize("n", [2, 20, 21, 30])
def test_the_separator_is_not_told_from_a_line_that_is_no_row(tmp_path: Path, n: int) -> None:
    lines = rows(np.tile(IMAGES, (8, 1, 1))[:n], np.tile(LABELS, 8)[:n])
    (tmp_path / "d.csv").write_text("\n".join([*lines, "END OF FILE"]))
    with pytest.raises(DataError, match=rf"line {n + 1}: the row has 1 values, not 785"):
        open_source(tmp_path / "d.csv")


def test_a_first_row_that_became_a_header_is_left_out_and_said_so(tmp_path: Path) -> None:
    lines = rows(IMAGES, LABELS)
    seen: dict[str, int] = {}
    header = []
    for value in lines[0].split(","):
        header.append(f"{value}.{seen[value]}" if value in seen else value)
        seen[value] = seen.get(value, 0) + 1
    (tmp_path / "d.csv").write_text("\n".join([",".join(header), *lines[1:]]))
    dataset = open_source(tmp_path / "d.csv")
    assert dataset.labels.tolist() == LABELS[1:].tolist()
    assert "once taken for a header" in dataset.report.notes[0]


def test_a_header_of_more_columns_than_the_rows_is_said(tmp_path: Path) -> None:
    """Found by fuzzing: the columns that it named beyond the rows were looked at."""
    path = tmp_path / "digits.csv"
    path.write_text("\n".join([HEADER + ",a,b", *rows(IMAGES, LABELS)]))
    with pytest.raises(DataError, match="the header names 787 columns and the first row has 785"):
        open_source(path)


@pytest.mark.parametrize("middle", ["\r", '"' + "1" * 140_000 + '"'])
def test_a_line_that_is_no_row_is_said(tmp_path: Path, middle: str) -> None:
    """Found by fuzzing: a carriage return within a line, a field of more than 128 KiB."""
    path = tmp_path / "digits.csv"
    lines = rows(IMAGES, LABELS)
    lines[1] = f"1,{middle},{lines[1]}"
    path.write_bytes("\n".join([HEADER, *lines]).encode())
    with pytest.raises(DataError, match="has a line that is no row of a table"):
        open_source(path)


HOT = [[str(int(label == k)) for label in SPREAD] for k in range(10)]
HOT_NAMES = {
    "none": None,
    "label_0": [f"label_{k}" for k in range(10)],
    "0.0": [f"digit_{k}.0" for k in range(10)],
    "words": [f"is_{word}" for word in IN_WORDS],
    "numbered on": [f"c{k}" for k in range(784, 794)],
}


@pytest.mark.parametrize("names", sorted(HOT_NAMES))
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("index", [False, True])
def test_one_hot_labels_are_no_pixels(tmp_path: Path, names: str, first: bool, index: bool) -> None:
    hot, called, pixels = HOT, HOT_NAMES[names], [f"pixel{i}" for i in range(784)]
    columns = [*hot, *PIXELS] if first else [*PIXELS, *hot]
    header = [] if called is None else [*called, *pixels] if first else [*pixels, *called]
    if index:
        columns.insert(0, np.arange(24))
        header = header and ["id", *header]
    path = tmp_path / "d.csv"
    path.write_text(table(*columns, header=",".join(header) + "\n" if header else ""))
    dataset = open_source(path)
    np.testing.assert_array_equal(dataset.images, BLANK_EDGE)
    assert dataset.labels.tolist() == SPREAD.tolist()
    start = 1 + index + (0 if first else 784)
    said = f"The label is one-hot, columns {start} to {start + 9} of {len(columns)}."
    assert said in dataset.report.notes
    images, _, report = open_unlabelled(path, label_column="none")
    np.testing.assert_array_equal(images, BLANK_EDGE)
    assert any("were left out" in note for note in report.notes)


def test_one_hot_columns_in_another_order_are_told_by_their_names(tmp_path: Path) -> None:
    header = ",".join([*(f"p{i}" for i in range(784)), *(f"y_{k}" for k in range(9, -1, -1))])
    path = tmp_path / "d.csv"
    path.write_text(table(*PIXELS, *HOT[::-1], header=header + "\n"))
    assert open_source(path).labels.tolist() == SPREAD.tolist()
    header = ",".join([*(f"p{i}" for i in range(784)), *(f"label_{c}" for c in "JIHGFEDCBA")])
    path.write_text(table(*PIXELS, *HOT[::-1], header=header + "\n"))
    dataset = open_source(path)
    assert [dataset.class_names[i] for i in dataset.labels] == ["ABCDEFGHIJ"[i] for i in SPREAD]


@pytest.mark.parametrize("value", ["1", "0.5", "x", ""])
def test_a_row_whose_one_hot_label_is_none_is_named(tmp_path: Path, value: str) -> None:
    hot = [list(column) for column in HOT]
    hot[(int(SPREAD[5]) + 1) % 10][5] = value
    path = tmp_path / "d.csv"
    path.write_text(table(*PIXELS, *hot))
    with pytest.raises(DataError, match=r"line 6: (the one-hot label|column \d+ is)"):
        open_source(path)


def test_a_label_beside_one_hot_columns_is_taken_and_these_are_left_out(tmp_path: Path) -> None:
    names = ["label", *(f"p{i}" for i in range(784)), *(f"label_{k}" for k in range(10))]
    path = tmp_path / "d.csv"
    path.write_text(table(SPREAD, *PIXELS, *HOT, header=",".join(names) + "\n"))
    for asked in (None, "label"):
        dataset = open_source(path, label_column=asked)
        assert dataset.labels.tolist() == SPREAD.tolist()
        np.testing.assert_array_equal(dataset.images, BLANK_EDGE)
    two = ",".join([*names[1:785], "label_0", "label_1"]) + "\n"
    path.write_text(table(*PIXELS, HOT[3], [str(1 - int(v)) for v in HOT[3]], header=two))
    with pytest.raises(DataError, match="it may be label_0 or label_1"):
        open_source(path)


IRIS = [[f"{v:.1f}" for v in row] for row in np.random.default_rng(5).uniform(0, 7, (784, 4))]


@pytest.mark.parametrize("n", [100, 144, 150, 784])
@pytest.mark.parametrize("species", [["setosa", "virginica"], ["0", "1", "2"], []])
@pytest.mark.parametrize("header", ["", "sepal_length,sepal_width,petal_length,petal_width"])
def test_a_table_of_measurements_is_no_table_of_digits(
    tmp_path: Path, n: int, species: list[str], header: str
) -> None:
    """Nor does it lie on its side, however many rows it has."""
    lines = [",".join([*row, *species[i % 2 : i % 2 + 1]]) for i, row in enumerate(IRIS[:n])]
    if header:
        lines.insert(0, header + ",species" * bool(species))
    path = tmp_path / "iris.csv"
    path.write_text("\n".join(lines))
    for read in (open_source, open_unlabelled):
        with pytest.raises(DataError, match=r"the row has [45] values|measurements|is no number"):
            read(path)


def test_a_table_with_texts_is_no_table_of_digits(tmp_path: Path) -> None:
    header = "PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked"
    row = '{},{},3,"Braund, Mr. Owen",male,22,1,0,A/5 21171,7.25,,S'
    lines = [header, *(row.format(i, i % 2) for i in range(100))]
    (tmp_path / "titanic.csv").write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"the row has 12 values, which are no pixels"):
        open_source(tmp_path / "titanic.csv")


@pytest.mark.parametrize("missing", ["?", "NA", "N/A", "NaN", "null", "None", "<NA>"])
def test_what_stands_for_a_missing_label_is_no_class(tmp_path: Path, missing: str) -> None:
    told = [missing if label == 3 else str(label) for label in SPREAD]
    at = 2 + told.index(missing)
    path = tmp_path / "d.csv"
    path.write_text(table(told, *PIXELS, header=HEADER + "\n"))
    with pytest.raises(DataError, match=rf"line {at}: the label is '{re.escape(missing)}'"):
        open_source(path)
    path.write_text(table(["?", "!"] * 12, *PIXELS, header=HEADER + "\n"))
    assert open_source(path).class_names == ("!", "?")  # signs may be classes


@pytest.mark.parametrize(
    "line", ["{},{},Training", '{},"{}"', '{};"[{}]"', '{},"[{}]",a.png', "{}\t{}", "{},{}"]
)
@pytest.mark.parametrize("joint", [" ", ", "])
def test_pixels_in_one_column_are_refused_with_what_to_do(
    tmp_path: Path, line: str, joint: str
) -> None:
    if joint == ", " and '"' not in line:
        return
    header = "label,pixels,usage\n"
    lines = [line.format(5, joint.join(map(str, image.ravel()))) for image in IMAGES]
    for above in ("", header):
        (tmp_path / "d.csv").write_text(above + "\n".join(lines))
        with pytest.raises(DataError, match=r"has all pixels .* in one column.*numpy\.savez"):
            open_source(tmp_path / "d.csv")
