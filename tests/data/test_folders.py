"""Folders: conventions, natural order, and pictures that cannot be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digitnet.data.dataset import Dataset
from digitnet.data.label_names import label_in_name
from digitnet.data.labelling import label_folder
from digitnet.data.report import Report
from digitnet.data.sources import open_source
from digitnet.errors import DataError, SettingsError


def load(folder: Path, **options: object) -> tuple[Dataset, Report]:
    dataset = open_source(folder, **options)  # type: ignore[arg-type]
    return dataset, dataset.report


def paint(path: Path, shade: int = 0) -> Path:
    """A picture with a dark stroke on white; the shade makes it recognisable in `stretch`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("L", (28, 28), 255)
    draw = ImageDraw.Draw(image)
    draw.line([(10, 5), (17, 22)], fill=0, width=3)
    image.putpixel((0, 0), shade)
    image.save(path)
    return path


def paint_all(folder: Path, *names: str) -> Path:
    for shade, name in enumerate(names):
        paint(folder / name, shade)
    return folder


def shades(dataset: Dataset) -> list[int]:
    return [int(shade) for shade in dataset.images[:, 0, 0]]


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("9_001.png", 9, None),
        ("digi_9.png", 9, 9),
        ("007_9.png", None, 9),
        ("3_7.png", 3, 7),
        ("a5b.x2.png", 5, 2),
        ("12.png", None, None),
        ("notes.png", None, None),
        ("mp4.mp3", 4, 4),
        ("٣.png", None, None),
        ("-8.png", 8, 8),
    ],
)
def test_the_label_is_a_group_of_one_digit(name: str, first: int | None, last: int | None) -> None:
    assert label_in_name(name, "first") == first
    assert label_in_name(name, "last") == last


def test_one_sub_folder_per_class_in_natural_order(tmp_path: Path) -> None:
    paint_all(tmp_path, "3/p10.png", "3/p9.png", "7/x.png", "7/.hidden.png", "preview.png")
    (tmp_path / "3" / "notes.txt").write_text("no picture")
    (tmp_path / "4").mkdir()
    dataset, report = load(tmp_path, framing="stretch")
    assert dataset.labels.tolist() == [3, 3, 7]
    assert shades(dataset) == [1, 0, 2]
    assert dataset.class_names == tuple("0123456789")
    assert report == Report(
        str(tmp_path),
        {"3": 2, "7": 1},
        ("Labels: one sub-folder per class.",),
        ((str(tmp_path / "preview.png"), "lies beside the class folders."),),
        ("3/notes.txt", "7/.hidden.png"),
    )
    assert report.lines() == [
        f"3 digits from {tmp_path}; 1 skipped.",
        "Labels: one sub-folder per class.",
        "Of each class: 2 of 3, 1 of 7.",
        "Left alone: 3/notes.txt, 7/.hidden.png.",
        f"skipped {tmp_path / 'preview.png'}: lies beside the class folders.",
    ]


def test_the_label_first_in_the_name(tmp_path: Path) -> None:
    paint_all(tmp_path, "9_001.png", "0_002.png", "0_001.png")
    dataset, report = load(tmp_path, framing="stretch")
    assert dataset.labels.tolist() == [0, 0, 9]
    assert shades(dataset) == [2, 1, 0]
    assert "first digit group" in report.notes[0]


def test_the_label_last_in_the_name(tmp_path: Path) -> None:
    paint_all(tmp_path, "img12_9.png", "img2_0.png")
    dataset, report = load(tmp_path)
    assert dataset.labels.tolist() == [0, 9]
    assert "last digit group" in report.notes[0]


def test_where_both_conventions_agree_nothing_is_asked(tmp_path: Path) -> None:
    paint_all(tmp_path, "digi_2.png", "digi_0.png", "4_4.png")
    assert load(tmp_path)[0].labels.tolist() == [4, 0, 2]


def test_where_both_conventions_fit_and_differ_it_asks(tmp_path: Path) -> None:
    paint_all(tmp_path, "1_2.png", "3_3.png", "5_6.png")
    with pytest.raises(DataError, match=r'is 1_2\.png a 1 or a 2.*labels="first" or labels="last"'):
        load(tmp_path)
    assert load(tmp_path, labels="first")[0].labels.tolist() == [1, 3, 5]
    assert load(tmp_path, labels="last")[0].labels.tolist() == [2, 3, 6]


def test_a_name_without_a_label_is_named(tmp_path: Path) -> None:
    paint_all(tmp_path, "1_001.png", "2_001.png", "cat.png")
    with pytest.raises(DataError, match=r"cat\.png does not tell its label"):
        load(tmp_path)
    dataset, report = load(tmp_path, labels="first")
    assert dataset.labels.tolist() == [1, 2]
    assert report.skipped == ((str(tmp_path / "cat.png"), "has no label in its name."),)


def test_class_folders_and_labelled_pictures_together_are_ambiguous(tmp_path: Path) -> None:
    paint_all(tmp_path, "0/a.png", "1/a.png", "2_001.png", "3_001.png")
    with pytest.raises(DataError, match=r"both class folders and labelled pictures.*labels="):
        load(tmp_path)
    assert load(tmp_path, labels="folders")[0].labels.tolist() == [0, 1]
    assert load(tmp_path, labels="first")[0].labels.tolist() == [2, 3]


def test_a_picture_without_label_beside_class_folders_is_skipped_by_name(tmp_path: Path) -> None:
    paint_all(tmp_path, "0/a.png", "1/a.png", "preview.png")
    dataset, report = load(tmp_path)
    assert dataset.labels.tolist() == [0, 1]
    assert report.skipped == ((str(tmp_path / "preview.png"), "lies beside the class folders."),)


def test_the_same_number_of_each_class_one_after_another(tmp_path: Path) -> None:
    names = [f"digi_{i}.png" for i in (10, 9, 2, 1, 11, 12)]
    dataset, report = load(paint_all(tmp_path, *names), per_class=2, framing="stretch")
    assert shades(dataset) == [3, 2, 1, 0, 4, 5]  # digi_2 before digi_10
    assert dataset.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert report.notes[0].startswith("Labels: 2 pictures of each class one after another")


def test_an_unreadable_picture_keeps_its_place_among_the_runs(tmp_path: Path) -> None:
    paint_all(tmp_path, "a1.png", "a2.png", "a3.png", "a4.png")
    (tmp_path / "a2.png").write_bytes(b"")
    dataset, report = load(tmp_path, per_class=2)
    assert dataset.labels.tolist() == [0, 1, 1]
    assert [Path(path).name for path, _ in report.skipped] == ["a2.png"]


@pytest.mark.parametrize("per_class", [4, 5, 6, 100])
def test_runs_that_do_not_come_out_even(tmp_path: Path, per_class: int) -> None:
    paint_all(tmp_path, *(f"{i}.png" for i in range(6)))
    with pytest.raises(DataError, match="6 pictures do not make 2 to 10 classes"):
        load(tmp_path, per_class=per_class)


def test_more_than_ten_runs_are_refused(tmp_path: Path) -> None:
    paint_all(tmp_path, *(f"{i}.png" for i in range(11)))
    with pytest.raises(DataError, match="do not make 2 to 10"):
        load(tmp_path, per_class=1)


@pytest.mark.parametrize(
    "options",
    [{"labels": "middle"}, {"per_class": 0}, {"per_class": 2, "labels": "first"}, {"framing": "x"}],
)
def test_settings_that_make_no_sense(tmp_path: Path, options: dict[str, object]) -> None:
    paint_all(tmp_path, "1.png", "2.png")
    with pytest.raises(SettingsError):
        load(tmp_path, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "options", "says"),
    [
        ([], {}, "holds no pictures"),
        (["batch1/a.png", "batch2/b.png"], {}, "batch1, batch2 seem to be numbered"),
        (["scan_1.png", "scan_2.png", "scan_3.png"], {}, "may only be numbered"),
        (["c1.png", "c2.png"], {"labels": "file"}, "no file that says"),
        (["4_1a.png", "4_20.png"], {"labels": "first"}, "All 2 pictures .* are of class 4"),
        (["4/a.png", "4/b.png"], {}, "of class 4; add pictures of another digit"),
        (["4/a.png"], {"labels": "last"}, "no pictures beside its class folders"),
        (["4/a.png"], {"per_class": 1}, "leave `per_class` away"),
        (["4_1.png"], {"labels": "folders"}, "no pictures in sub-folders"),
        (["a.png"], {"labels": "first"}, "None of the 1 pictures .* can be used; a.png"),
    ],
)
def test_folders_that_cannot_be_taken(
    tmp_path: Path, names: list[str], options: dict[str, object], says: str
) -> None:
    with pytest.raises(DataError, match=says) as caught:
        load(paint_all(tmp_path, *names), **options)  # type: ignore[arg-type]
    assert str(tmp_path) in str(caught.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no source .*none"):
        load(tmp_path / "none")


def test_every_format_is_read_and_other_files_are_left_alone(tmp_path: Path) -> None:
    suffixes = ["png", "JPG", "jpeg", "bmp", "gif", "tif", "tiff", "webp", "ppm", "pgm"]
    paint_all(tmp_path, *(f"{i}_001.{suffix}" for i, suffix in enumerate(suffixes)))
    for name in ("9_001.txt", "Thumbs.db", ".DS_Store", ".9_001.png"):
        (tmp_path / name).write_bytes(b"not a picture")
    dataset, report = load(tmp_path)
    assert dataset.labels.tolist() == list(range(10))
    assert set(report.left_alone) == {"9_001.txt", "Thumbs.db", ".DS_Store", ".9_001.png"}
    assert report.skipped == ()


def test_unreadable_pictures_are_listed_with_the_reason_and_skipped(tmp_path: Path) -> None:
    paint_all(tmp_path, "0_1.png", "1_1.png", "2_1.png", "3_1.png")
    Image.new("L", (28, 28), 255).save(tmp_path / "4_1.png")
    Image.new("L", (1, 1)).save(tmp_path / "5_1.png")
    (tmp_path / "1_1.png").write_text("this is text")
    (tmp_path / "2_1.png").write_bytes(b"")
    (tmp_path / "3_1.png").write_bytes((tmp_path / "0_1.png").read_bytes()[:60])
    paint(tmp_path / "6_1.png")
    (tmp_path / "7_1.png").mkdir()
    dataset, report = load(tmp_path, labels="first")
    assert dataset.labels.tolist() == [0, 6]
    assert [Path(path).name for path, _ in report.skipped] == [f"{i}_1.png" for i in range(1, 6)]
    assert [str(tmp_path) in reason for _, reason in report.skipped] == [False] * 5
    assert "text" in report.skipped[0][1]
    assert "no digit" in report.skipped[3][1]
    assert report.counts == {"0": 1, "6": 1}
    assert "5 skipped" in report.sentence


def test_a_folder_of_nothing_but_unreadable_pictures(tmp_path: Path) -> None:
    for name in ("1.png", "2.png"):
        (tmp_path / name).write_text("text")
    with pytest.raises(DataError, match=r"None of the 2 pictures .*2\.png, one of them, is"):
        load(tmp_path)


def test_many_pictures_stay_in_order_and_progress_counts_each(tmp_path: Path) -> None:
    """More than one process is handed at once; one picture among them cannot be read."""
    names = [f"{i % 10}_{i:04}.png" for i in range(700)]
    for i, name in enumerate(names):
        Image.fromarray(np.full((5, 5), i % 251, np.uint8)).save(tmp_path / name)
    (tmp_path / "5_0005.png").write_text("odd")
    steps: list[tuple[int, int]] = []
    dataset, report = load(
        tmp_path,
        labels="first",
        framing="stretch",
        progress=lambda done, total: steps.append((done, total)),
    )
    expected = sorted((n for n in names if n != "5_0005.png"), key=lambda n: (n[0], n))
    assert shades(dataset) == [int(name[2:6]) % 251 for name in expected]
    assert steps == [(i, 700) for i in range(1, 701)]
    ((path, reason),) = report.skipped
    assert path == str(tmp_path / "5_0005.png")
    assert reason.startswith("is text")


def test_the_labelling_alone_opens_no_picture(tmp_path: Path) -> None:
    for name in ("1.png", "2.png"):
        (tmp_path / name).touch()
    assert label_folder(tmp_path).labels == ("1", "2")


def test_real_pictures(pictures_folder: Path) -> None:
    for folder in ("galtsbi", "guiem"):
        dataset, report = load(pictures_folder / folder)
        assert "first digit group" in report.notes[0]
        assert set(report.counts.values()) == {len(dataset) // 10}
        assert report.skipped == ()
