"""Labelling: class names of any kind, writers, parts, files of labels; running numbers never."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitnet.data.classes import IN_WORDS, number_meant, understand_labels
from digitnet.data.label_names import word_in_name
from digitnet.data.labelling import label_folder
from digitnet.errors import DataError


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def meant(folder: Path, **options: str) -> dict[str, str]:
    """Each picture's path below the folder, with the name of its class."""
    told = label_folder(folder, **options)  # type: ignore[arg-type]
    classes = understand_labels(told.labels, "here", grouped=told.grouped)
    return {
        path.relative_to(folder).as_posix(): classes.names[i]
        for path, i in zip(told.paths, classes.indices, strict=True)
    }


SPELLINGS: list[Callable[[int], str]] = [
    str,
    lambda d: IN_WORDS[d],
    lambda d: IN_WORDS[d].title(),
    lambda d: f"{d:02}",
    lambda d: f"{d:04}",
    lambda d: f"digit_{d}",
    lambda d: f"Class-{d}",
    lambda d: f"label {d}",
    lambda d: f"label={d}",
    lambda d: f"class_{IN_WORDS[d]}",
    lambda d: f"{d}_{IN_WORDS[d]}",
    lambda d: f"{d} ({IN_WORDS[d].title()})",
    lambda d: str(d or 10),
]


@given(spell=st.sampled_from(SPELLINGS), writer=st.sampled_from(["", "above", "between"]))
def test_folders_of_digits_in_any_spelling(
    tmp_path_factory: pytest.TempPathFactory, spell: Callable[[int], str], writer: str
) -> None:
    folder = tmp_path_factory.mktemp("spelt")
    expected = {}
    for digit in range(10):
        for person in ("anna", "w_02"):
            place = {"": ".", "above": f"{person}/.", "between": f"./{person}"}[writer]
            above, below = place.split("/") if "/" in place else (".", ".")
            path = Path(above) / spell(digit) / below / f"{person}_17.png"
            touch(folder, str(path))
            expected[path.as_posix()] = str(digit)
    assert meant(folder) == expected


def test_letters_words_and_mixtures_are_classes_by_their_names(tmp_path: Path) -> None:
    folder = touch(tmp_path, "A/1.png", "b/1.png", "apple/1.png", "3/1.png", "plus/2.png")
    assert meant(folder) == {name: name.split("/")[0] for name in meant(folder)}
    assert set(meant(folder).values()) == {"A", "b", "apple", "3", "plus"}


@pytest.mark.parametrize(
    "names", [("batch1", "batch2"), ("2024-05-01", "2024-05-02"), ("w1", "w2")]
)
def test_numbered_folders_are_no_classes_unless_it_is_said(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    folder = touch(tmp_path, *(f"{name}/a.png" for name in names))
    with pytest.raises(DataError, match=r"seem to be numbered.*labels=.folders"):
        label_folder(folder)
    assert set(meant(folder, labels="folders").values()) == set(names)


def test_writers_folders_with_labels_in_the_names(tmp_path: Path) -> None:
    folder = touch(
        tmp_path, *(f"w{w}/{d}_00{i}.png" for w in (1, 2) for d in (3, 7) for i in (1, 2))
    )
    assert all(label == name.split("/")[1][0] for name, label in meant(folder).items())


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("names", [("train", "test"), ("Training", "Testing"), ("train", "val")])
def test_parts_beneath(tmp_path: Path, names: tuple[str, str], part: str) -> None:
    folder = touch(tmp_path, *(f"{name}/{d}/{name}.png" for name in names for d in (0, 1)))
    told = label_folder(folder, part=part)
    assert told.part == names[part == "test"]
    assert {path.name for path in told.paths} == {f"{told.part}.png"}
    assert told.left_alone == (folder / names[part == "train"],)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.csv", "file,label\na.png,7\nb.png,3\nsub/c.png,7\n"),
        ("labels.csv", "filename;class;writer\na.png;7;x\nb.png;3;y\nsub/c.png;7;x\n"),
        ("metadata.tsv", "label\tfile_name\n7\ta.png\n3\tb.png\n7\tsub/c.png\n"),
        ("labels.txt", "a.png 7\nb.png 3\nsub/c.png 7\n"),
        ("truth.txt", "a 7\nb 3\nc 7\n"),
        ("l.json", json.dumps({"a.png": 7, "b.png": 3, "sub/c.png": 7})),
        ("l.json", json.dumps([{"image": "a.png", "label": "seven"}, {"image": "b.png", "label": 3},
                               {"image": "c.png", "label": "7"}])),
        ("metadata.jsonl", '{"file_name": "a.png", "label": 7}\n'
                           '{"file_name": "b.png", "label": 3}\n'
                           '{"file_name": "sub/c.png", "label": 7}\n'),
    ],
)  # fmt: skip
def test_a_file_of_labels_beside(tmp_path: Path, name: str, text: str) -> None:
    folder = touch(tmp_path, "a.png", "b.png", "sub/c.png")
    (folder / name).write_text(text)
    assert meant(folder) == {"a.png": "7", "b.png": "3", "sub/c.png": "7"}
    assert name in label_folder(folder).convention


def test_what_a_file_of_labels_leaves_out_or_adds_is_named(tmp_path: Path) -> None:
    folder = touch(tmp_path, "a.png", "b.png", "c.png")
    (folder / "labels.csv").write_text("a.png,1\nb.png,2\nd.png,3\n")
    told = label_folder(folder)
    assert [(path.name, reason) for path, reason in told.skipped] == [
        ("c.png", "does not stand in labels.csv."),
        ("d.png", "stands in labels.csv, but is not there."),
    ]
    (folder / "other.csv").write_text("a.png,1\nb.png,2\n")
    with pytest.raises(DataError, match=r"several files of labels, labels\.csv and other\.csv"):
        label_folder(folder)
    (folder / "other.csv").write_text("a.png,1\na.png,2\n")
    with pytest.raises(DataError, match=r"a\.png is labelled 1 and 2"):
        label_folder(folder)


def test_a_text_file_for_each_picture(tmp_path: Path) -> None:
    folder = touch(tmp_path, "scan_1.png", "scan_2.png", "scan_3.png")
    for i, label in enumerate("749", start=1):
        (folder / f"scan_{i}.txt").write_text(f"{label}\n")
    assert list(meant(folder).values()) == ["7", "4", "9"]
    (folder / "scan_3.txt").write_text("not one word")
    assert [path.name for path, _ in label_folder(folder).skipped] == ["scan_3.png"]


@pytest.mark.parametrize("name", ["scan_{}", "img{}", "page {}", "IMG-{}", "digi_{}"])
def test_running_numbers_in_names_are_no_labels(tmp_path: Path, name: str) -> None:
    folder = touch(tmp_path, *(f"{name.format(i)}.png" for i in range(1, 8)))
    with pytest.raises(DataError, match=r"may only be numbered.*labels="):
        label_folder(folder)
    assert list(meant(folder, labels="last").values()) == list("1234567")


@pytest.mark.parametrize("name", ["{}", "digit_{}", "class-{}"])
def test_a_name_that_says_it_is_the_digit_is_taken(tmp_path: Path, name: str) -> None:
    folder = touch(tmp_path, *(f"{name.format(i)}.png" for i in range(1, 8)))
    assert list(meant(folder).values()) == list("1234567")


def test_words_in_names() -> None:
    assert word_in_name("seven1.png") == word_in_name("x_SEVEN-3.png") == "seven"
    assert word_in_name("one_two.png") is None
    assert word_in_name("bone1.png") is None
    assert {number_meant(text) for text in ("3", "3.0", "+3", "03", "three", "digit_3")} == {3}
    assert {number_meant(text) for text in ("3.00e+00", "30e-1", "3_three", "b'3'")} == {3}
    assert number_meant("1.0e+01") == 10
    assert {number_meant(text) for text in ("3.5e+00", "-3e0", "3_four", "3_x")} == {None}
    assert {number_meant(text) for text in ("x3", "3.5", "", "-3", "threes")} == {None}


def test_sixteen_numbers_are_classes_and_strays_are_none() -> None:
    sixteen = [str(i % 16) for i in range(32)]
    classes = understand_labels(sixteen, "here")
    assert classes.names == tuple(map(str, range(16)))
    with pytest.raises(DataError, match="label 12 is outside"):
        understand_labels([*sixteen[:10], "12", "12"], "here")
    with pytest.raises(DataError, match="label 10 is outside"):
        understand_labels([str(i) for i in range(1, 30)], "here")  # each once: a running number
    with pytest.raises(DataError, match="unlike all others"):
        understand_labels([*sixteen[:10], "x"], "here")


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("form", ["top/{part}/{d}/{i}.png", "{d}/{part}/{i}.png"])
def test_parts_deeper_down_or_below_the_classes_are_not_mixed(
    tmp_path: Path, form: str, part: str
) -> None:
    names = {
        p: [form.format(part=p, d=d, i=i) for d in range(3) for i in range(k)]
        for p, k in (("train", 2), ("test", 1))
    }
    told = label_folder(touch(tmp_path, *names["train"], *names["test"]), part=part)
    assert sorted(p.relative_to(tmp_path).as_posix() for p in told.paths) == sorted(names[part])
    assert told.part == part
    assert told.left_alone


def test_writers_pictures_with_the_label_before_another_number(tmp_path: Path) -> None:
    names = [f"{w}/{d}_{d * 7 + 10:03}.png" for w in ("anna", "bob") for d in range(10)]
    assert meant(touch(tmp_path, *names)) == {name: name.split("/")[1][0] for name in names}


def test_pictures_that_are_numbered_within_words_are_of_those_classes(tmp_path: Path) -> None:
    names = [f"{c}/{i}.png" for c in ("cat", "dog") for i in range(10)]
    assert meant(touch(tmp_path, *names)) == {name: name[:3] for name in names}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.csv", "3,a.png\n5,b.png\n"),
        ("labels.csv", "file,label\n/home/me/digits/a.png,3\nC:\\me\\b.png,5\n"),
        ("labels.csv", "file,label\nA.PNG,3\nB.PNG,5\n"),
        ("labels.json", '{"3": ["a.png"], "5": ["b.png"]}'),
    ],
)
def test_files_of_labels_as_others_write_them(tmp_path: Path, name: str, text: str) -> None:
    touch(tmp_path, "a.png", "b.png")
    (tmp_path / name).write_text(text)
    assert meant(tmp_path) == {"a.png": "3", "b.png": "5"}


def test_a_listed_name_that_may_be_two_pictures_is_neither(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png", "B.png")
    (tmp_path / "labels.csv").write_text("a.png,3\nb.PNG,5\n")
    told = label_folder(tmp_path)
    assert [p.name for p in told.paths] == ["a.png"]
    assert len(told.skipped) == 3


def test_a_file_of_labels_beside_the_folder_of_a_part(tmp_path: Path) -> None:
    touch(tmp_path, "train/a.png", "train/b.png", "test/c.png")
    (tmp_path / "train.csv").write_text("file,label\na.png,3\nb.png,5\n")
    assert meant(tmp_path) == {"train/a.png": "3", "train/b.png": "5"}


def test_a_text_file_named_after_the_whole_picture(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png")
    (tmp_path / "a.png.txt").write_text("3")
    (tmp_path / "b.png.txt").write_text("5")
    assert meant(tmp_path) == {"a.png": "3", "b.png": "5"}


@pytest.mark.parametrize(
    "name", ["train.csv", "mnist_train.CSV", "digits.npz", "d.mat", "d.csv.gz"]
)
def test_a_folder_of_tables_names_them(tmp_path: Path, name: str) -> None:
    for there in (name, "notes.md"):
        (tmp_path / there).write_text("1,2")
    if name == "digits.npz":
        (tmp_path / "test.npz").write_text("1,2")
    with pytest.raises(DataError, match=rf"holds no pictures, but {name}.*; give the file that"):
        label_folder(tmp_path)
