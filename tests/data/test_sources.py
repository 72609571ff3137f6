"""Sources: every SOURCE word leads to its reader, and a wrong one is told what it may be."""

from __future__ import annotations

import gzip
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitnet.cli.source_options import LIST_OF_SOURCES
from digitnet.data.report import Report
from digitnet.data.sources import SOURCES, Source, accepted, find_source, open_source
from digitnet.errors import DataError, SettingsError
from support.helpers import as_idx

IMAGES = np.arange(5 * 784, dtype=np.uint32).astype(np.uint8).reshape(5, 28, 28)
LABELS = np.array([3, 1, 4, 1, 5])


def write_idx(folder: Path) -> Path:
    """A train part of five digits and a test part of the first two, the latter gzipped."""
    folder.mkdir()
    for prefix, n, suffix, pack in (("train", 5, "", bytes), ("t10k", 2, ".gz", gzip.compress)):
        images, labels = as_idx(IMAGES[:n]), as_idx(LABELS[:n])
        (folder / f"{prefix}-images-idx3-ubyte{suffix}").write_bytes(pack(images))
        (folder / f"{prefix}-labels-idx1-ubyte{suffix}").write_bytes(pack(labels))
    return folder


def test_an_idx_folder_has_two_parts(tmp_path: Path) -> None:
    folder = write_idx(tmp_path / "idx")
    dataset = open_source(str(folder))
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert dataset.report.sentence == f"5 digits from {folder} (train part)."
    assert len(open_source(folder, part="test")) == 2


def test_the_word_mnist_takes_the_folder_of_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGITNET_MNIST", str(write_idx(tmp_path / "idx")))
    assert open_source("mnist").labels.tolist() == LABELS.tolist()
    assert open_source("mnist", part="test").labels.tolist() == [3, 1]


def test_a_folder_called_mnist_is_reached_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_idx(tmp_path / "mnist")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITNET_MNIST", str(tmp_path / "elsewhere"))
    assert len(open_source("./mnist")) == 5
    assert len(open_source(Path("mnist"))) == 5
    with pytest.raises(DataError, match="elsewhere"):
        open_source("mnist")


def test_synthetic_digits_are_seeded_and_the_test_part_is_new() -> None:
    def draw(word: str, seed: int = 0, part: str = "train") -> str:
        dataset = open_source(word, n_synthetic=20, seed=seed, part=part)  # type: ignore[arg-type]
        assert dataset.report.sentence.startswith(f"20 digits from {word}")
        return dataset.fingerprint()

    words = ("synthetic", "rare-forms", "forms")
    for word in words:
        assert draw(word) == draw(word)
    ways = ((0, "train"), (1, "train"), (0, "test"), (1, "test"))
    assert len({draw(word, *way) for word in words for way in ways}) == 12


def test_an_archive_and_a_table_hold_the_same_digits(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", images=IMAGES, labels=LABELS)
    (tmp_path / "d.npz").rename(tmp_path / "D.NPZ")
    rows = [
        ",".join(map(str, [label, *image.ravel()]))
        for image, label in zip(IMAGES, LABELS, strict=True)
    ]
    (tmp_path / "d.csv").write_text("\n".join(rows))
    archive = open_source(tmp_path / "D.NPZ", as_is=True)
    table = open_source(tmp_path / "d.csv", as_is=True, label_column="1")
    assert archive.fingerprint() == table.fingerprint()
    assert table.report.sentence == f"5 digits from {tmp_path / 'd.csv'}."


def test_a_folder_of_pictures_hands_its_report_on(tmp_path: Path) -> None:
    for name in ("0_1.png", "1_2.png"):
        image = Image.new("L", (28, 28), 255)
        image.paste(0, (12, 6, 15, 22))
        image.save(tmp_path / name)
    (tmp_path / "2_1.png").write_text("text")
    steps: list[tuple[int, int]] = []
    dataset = open_source(
        tmp_path, labels="first", progress=lambda done, total: steps.append((done, total))
    )
    report = dataset.report
    assert dataset.labels.tolist() == [0, 1]
    assert dataset.images[0].max() == 255  # framed: ink bright
    assert dataset.images[0, 0, 0] == 0
    assert [Path(path).name for path, _ in report.skipped] == ["2_1.png"]
    assert report.notes[0].startswith("Labels: the label is the first digit")
    assert steps == [(1, 3), (2, 3), (3, 3)]
    stretched = open_source(tmp_path, labels="first", framing="stretch")
    assert stretched.images[0, 0, 0] == 255


@pytest.mark.parametrize("name", ["nothing", "mnist.doc", "train-images"])
def test_an_unknown_source_is_told_what_it_may_be(tmp_path: Path, name: str) -> None:
    if name != "nothing":
        (tmp_path / name).write_bytes(b"\0\0\x08\x01\0\0\0\x01\x05")
    with pytest.raises(DataError) as caught:
        open_source(str(tmp_path / name))
    sentence = str(caught.value)
    assert name in sentence
    for kind in (
        "`synthetic`",
        "`rare-forms`",
        "`forms`",
        "`mnist`",
        "IDX",
        "pictures",
        ".npz",
        ".csv",
    ):
        assert kind in sentence


@pytest.mark.parametrize("source", ["", "x" * 5000, "~nobody/x", "a\0b", "\udcff"])
def test_a_path_that_cannot_be_one(source: str) -> None:
    with pytest.raises(DataError):
        open_source(source)


@pytest.mark.parametrize(
    "options", [{"labels": "first"}, {"per_class": 10}, {"part": "both"}, {"seed": -1}]
)
def test_settings_that_do_not_go_with_the_source(options: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        open_source("synthetic", n_synthetic=10, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("row", SOURCES, ids=[row.name for row in SOURCES])
def test_every_row_has_a_reader_a_line_of_help_and_a_place_in_the_lists(row: Source) -> None:
    for named in (row.reader, row.holds):
        module, _, function = named.partition(":")
        assert not named or callable(getattr(import_module(module), function))
    assert 5 < len(row.help) < 80
    assert row.name in accepted()
    assert row.name in LIST_OF_SOURCES
    assert row.kind in ("word", "file", "folder")


def test_the_guides_own_source_is_read_by_a_reader_and_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = Path(__file__).parents[2] / "docs" / "extending.md"
    section = guide.read_text().split("## A data source")[1].split("\n## ")[0]
    reader, row = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    (tmp_path / "my_sources.py").write_text(reader)
    monkeypatch.syspath_prepend(str(tmp_path))
    names: dict[str, Source] = {}
    exec(row, names)
    monkeypatch.setattr("digitnet.data.sources.SOURCES", (*SOURCES, names["row"]))
    signs = np.array([" ", "#"])
    ink = IMAGES > 100
    blocks = [
        "\n".join([str(label), *("".join(signs[line.astype(int)]) for line in image)])
        for label, image in zip(LABELS, ink, strict=True)
    ]
    (tmp_path / "digits.art").write_text("\n\n".join(blocks))
    dataset = open_source(tmp_path / "digits.art", as_is=True)
    np.testing.assert_array_equal(dataset.images, ink * np.uint8(255))
    assert dataset.labels.tolist() == LABELS.tolist()


def test_a_report_says_itself_in_lines_and_in_plain_values() -> None:
    report = Report("here", {"3": 2, "7": 1}, ("Told.",), (("a.png", "is text."),) * 3, ("b.txt",))
    assert repr(report).split("\n") == [
        "3 digits from here; 3 skipped.",
        "Told.",
        "Of each class: 2 of 3, 1 of 7.",
        "Left alone: b.txt.",
        *["skipped a.png: is text."] * 3,
    ]
    assert report.lines(most=1)[-2:] == ["skipped a.png: is text.", "skipped 2 more."]
    assert report.as_dict()["skipped"][0] == {"name": "a.png", "reason": "is text."}
    assert Report("x", dict.fromkeys("ABC", 4)).each_class() == "4 of each of 3, A to C"


@pytest.mark.parametrize("name", ["x.npz.gz", "x.npy.xz", "x.mat.bz2", "x.parquet.gz", "X.NPZ.GZ"])
def test_packed_arrays_are_to_be_unpacked_first(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"anything")
    with pytest.raises(DataError, match=r"is a packed \.\w+; unpack it first"):
        find_source(path)
    for packed in ("x.csv.gz", "t10k-images-idx3-ubyte.gz"):
        (tmp_path / packed).write_bytes(b"anything")
        assert find_source(tmp_path / packed)[1] == tmp_path / packed
