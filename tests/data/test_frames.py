"""Frames: any usual shape and range of pixels gives the same digits; others are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from digitnet.data.dataset import Dataset
from digitnet.data.found import Found
from digitnet.data.frames import COARSE, ink_bright, reframed
from digitnet.data.sources import open_source, open_unlabelled
from digitnet.data.synthetic import synthesize
from digitnet.errors import DataError, MissingExtraError
from digitnet.handwriting.hands import Hand, careful
from digitnet.models.folder import load_model

RNG = np.random.default_rng(3)
DRAWN = synthesize(40, RNG, hand=careful(Hand.sample(RNG, 1)))
IMAGES, LABELS = DRAWN.images, DRAWN.labels

SHAPES = {
    "N, H * W": lambda x: x.reshape(len(x), -1),
    "N, H, W": lambda x: x,
    "N, H, W, 1": lambda x: x[..., None],
    "N, 1, H, W": lambda x: x[:, None],
    "N, H, W, 3": lambda x: np.repeat(x[..., None], 3, axis=3),
    "H * W, N": lambda x: x.reshape(len(x), -1).T,
    "H, W, N": lambda x: np.moveaxis(x, 0, -1),
    "H, W, 1, N": lambda x: np.moveaxis(x[..., None], 0, -1),
}
RANGES = {
    "bytes": lambda x: x,
    "whole": lambda x: x.astype(np.int64),
    "0 to 255 floats": lambda x: x.astype(np.float32),
    "0 to 1": lambda x: x / 255,
    "half": lambda x: (x / 255).astype(np.float16),
    "-1 to 1": lambda x: (x / 127.5 - 1).astype(np.float32),
    "signed": lambda x: x.view(np.int8),
    "16 bits": lambda x: x.astype(np.uint16) * 257,
    "standardised": lambda x: ((x / 255 - 0.1307) / 0.3081).astype(np.float32),
    "negative": lambda x: 255 - x,
}
LABEL_FORMS = {
    "numbers": lambda y: y,
    "bytes": lambda y: y.astype(np.uint8),
    "floats": lambda y: y.astype(np.float64),
    "column": lambda y: y[:, None],
    "row": lambda y: y[None],
    "one-hot": lambda y: np.eye(10)[y],
    "one-hot, turned": lambda y: np.eye(10)[y].T,
    "texts": lambda y: y.astype(str),
    "byte strings": lambda y: y.astype("S1"),
    "ten for zero": lambda y: np.where(y == 0, 10, y),
    "words": lambda y: np.array(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    )[y],
}
KEYS = [
    ("images", "labels"), ("x", "y"), ("X", "y"), ("data", "target"), ("x_train", "y_train"),
    ("train_images", "train_labels"), ("X_train", "Y_train"), ("trainX", "trainY"),
    ("arr_0", "arr_1"),
]  # fmt: skip


@given(
    shape=st.sampled_from(sorted(SHAPES)),
    values=st.sampled_from(sorted(RANGES)),
    form=st.sampled_from(sorted(LABEL_FORMS)),
    keys=st.sampled_from(KEYS),
)
def test_every_usual_array_gives_the_same_digits(
    tmp_path_factory: pytest.TempPathFactory, shape: str, values: str, form: str, keys
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.npz"
    images, labels = keys
    np.savez(
        path, **{images: SHAPES[shape](RANGES[values](IMAGES)), labels: LABEL_FORMS[form](LABELS)}
    )
    dataset = open_source(path)
    assert dataset.labels.tolist() == LABELS.tolist()
    off = 1 if values == "half" else 0
    assert np.abs(dataset.images.astype(int) - IMAGES).max() <= off
    unusual = values not in ("bytes", "whole", "0 to 255 floats", "0 to 1", "half")
    assert unusual <= bool(dataset.report.notes)


def saved(path: Path, images: NDArray[Any], labels: NDArray[Any] = LABELS) -> Dataset:
    np.savez(path / "d.npz", images=images, labels=labels)
    return open_source(path / "d.npz")


@pytest.mark.parametrize("side", [8, 16, 20, 32])
@pytest.mark.parametrize("top", [255, 16])
def test_other_sides_are_framed_anew_and_read(tmp_path: Path, side: int, top: int) -> None:
    assert COARSE == 20
    small = np.stack(
        [cv2.resize(x[3:25, 3:25], (side, side), interpolation=cv2.INTER_AREA) for x in IMAGES]
    )
    small = np.rint(small / 255 * top).astype(np.uint8)
    dataset = saved(tmp_path, small)
    assert f"The images are {side} x {side} and were framed anew, 28 x 28." in dataset.report.notes
    assert ("The pixels go from 0 to 16." in dataset.report.notes) == (top == 16)
    read = load_model("cnn").probabilities(dataset.images).argmax(axis=1)
    assert (read == LABELS).mean() >= 0.95


def test_few_pixels_are_enlarged_with_a_strokes_edge_where_they_are_half_dark() -> None:
    dark = np.zeros((10, 10), np.uint8)
    dark[2:8, 5] = 200
    frame = reframed(dark[None], None, "mnist")[0]
    for share, counts in ((0.15, False), (0.35, True)):
        faint = dark.copy()
        faint[2:8, 1] = round(200 * share)
        same = bool((reframed(faint[None], None, "mnist")[0] == frame).all())
        assert same != counts
    full = dark.copy()
    full[2:8, 5] = 100  # how dark the darkest ink is does not matter
    np.testing.assert_array_equal(reframed(full[None], None, "mnist")[0], frame)


def test_no_ink_is_looked_for_in_images_without_colour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: object) -> None:
        raise AssertionError("framed like a picture, which takes ten times as long")

    monkeypatch.setattr("digitnet.imaging.framing.frame_picture", slow)
    for side in (8, 32):
        small = np.stack([cv2.resize(x, (side, side)) for x in IMAGES])
        assert len(saved(tmp_path, small).images) == len(IMAGES)


def test_a_blank_image_that_cannot_be_framed_is_named(tmp_path: Path) -> None:
    small = np.stack([cv2.resize(x, (20, 20), interpolation=cv2.INTER_AREA) for x in IMAGES])
    small[7] = 0
    dataset = saved(tmp_path, small)
    assert dataset.report.skipped == (("image 7", "shows no digit: blank."),)
    assert dataset.labels.tolist() == np.delete(LABELS, 7).tolist()
    images, rows, _ = open_unlabelled(tmp_path / "d.npz")
    assert rows.tolist() == [row for row in range(1, 41) if row != 8]
    assert len(images) == 39


def test_ink_is_told_from_paper_image_by_image_where_both_occur(tmp_path: Path) -> None:
    mixed = IMAGES.copy()
    mixed[:10] = 255 - mixed[:10]
    dataset = saved(tmp_path, mixed)
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert "In 10 of 40 images the ink was dark on light" in dataset.report.notes[0]


@pytest.mark.parametrize("n", [1, 4, 36, 39])
def test_a_few_on_paper_among_many_with_clear_margins_are_told(tmp_path: Path, n: int) -> None:
    mixed = IMAGES.copy()
    mixed[:n] = 255 - mixed[:n]
    dataset = saved(tmp_path, mixed)
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert f"In {n} of 40 images the ink was dark on light" in dataset.report.notes[0]


@pytest.mark.parametrize("n_light", [3, 37])
def test_a_few_light_borders_among_digits_that_reach_theirs_are_bold_ink(n_light: int) -> None:
    """As where each digit is cut out to its edges: of many of them the border is half ink."""
    cut = np.zeros((40, 28, 28), np.uint8)
    cut[:, :, :12] = 255
    cut[:3] = 255
    cut[:3, 12:16, 12:16] = 0
    if n_light == 37:
        cut = 255 - cut
    found = Found(cut, None, "cut")
    np.testing.assert_array_equal(ink_bright(cut, found), 255 - cut if n_light == 37 else cut)


def measurements(kind: str) -> NDArray[np.float64]:
    rng = np.random.default_rng(2)
    values = rng.normal(0, 1, (150, 64))
    return {
        "shares": rng.random((150, 64)),
        "negative": values,
        "scales": np.abs(values) * 10 ** rng.uniform(-2, 5, 64),
        "huge": values * 1e30,
        "counts": rng.poisson(30, (150, 64)).astype(float),
    }[kind]


@pytest.mark.parametrize("kind", ["shares", "negative", "scales", "huge", "counts"])
@pytest.mark.parametrize("form", [".npz", ".csv", "named.csv"])
def test_64_measurements_are_no_images(tmp_path: Path, kind: str, form: str) -> None:
    x, y = measurements(kind), np.arange(150) % 3
    path = tmp_path / f"d{form}"
    if form == ".npz":
        np.savez(path, x=x, y=y)
    else:
        header = ",".join([*(f"f{i}" for i in range(64)), "target"]) + "\n"
        lines = [
            ",".join([*(f"{v:.6g}" for v in row), str(k)]) for row, k in zip(x, y, strict=True)
        ]
        path.write_text(header * (form == "named.csv") + "\n".join(lines))
    with pytest.raises(DataError, match=r"its 64 columns .* measurements .* neighbours"):
        open_source(path)
    if kind == "shares":
        assert len(open_source(path, as_is=True)) == 150


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (IMAGES.astype(np.float32) * 3, "whole numbers must lie between 0 and 255"),
        (IMAGES.astype(np.float32) / 100, "floats must lie between 0 and 1"),
        (IMAGES.astype(np.int64) - 100, "the pixel value -100"),
        (IMAGES.astype(np.float32) / 255 - 0.5, "the pixel value -0.5"),
        (IMAGES[:, :, :4], "have the shape"),
        (np.zeros((40, 30)), "have the shape"),
        (np.zeros((40, 2, 28, 28)), "have the shape"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(tmp_path: Path, images: NDArray[Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        saved(tmp_path, images)


def test_a_part_that_is_not_there_is_replaced_with_a_word(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.savez(path, x_train=IMAGES, y_train=LABELS)
    dataset = open_source(path, part="test")
    assert "It has no test part; its train part was taken." in dataset.report.notes
    np.savez(path, x_train=IMAGES, y_train=LABELS, x_val=IMAGES[:9], y_val=LABELS[:9])
    assert len(open_source(path, part="test")) == 9


def test_npy_files_side_by_side(tmp_path: Path) -> None:
    for part, n in (("train", 40), ("test", 12)):
        np.save(tmp_path / f"x_{part}.npy", IMAGES[:n])
        np.save(tmp_path / f"y_{part}.npy", LABELS[:n])
    assert len(open_source(tmp_path)) == len(open_source(tmp_path / "x_train.npy")) == 40
    assert (
        len(open_source(tmp_path, part="test")) == len(open_source(tmp_path / "x_test.npy")) == 12
    )
    with pytest.raises(DataError, match="as if it held labels"):
        open_source(tmp_path / "y_train.npy")


@pytest.mark.parametrize("name", ["d.pkl", "mnist.pkl.gz", "d.pt", "d.joblib"])
def test_pickles_are_refused_with_the_line_that_converts_them(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x80\x04.")
    with pytest.raises(DataError, match=r"is a pickle.*never loaded.*numpy\.savez"):
        open_source(tmp_path / name)


def test_matlab_files_of_both_kinds(tmp_path: Path) -> None:
    """As a well-known course has it: 20 x 20, columns first, 10 for 0, labels in a column."""
    scipy = pytest.importorskip("scipy.io")
    h5py = pytest.importorskip("h5py")
    small = np.stack([cv2.resize(x[4:24, 4:24], (20, 20)) for x in IMAGES]) / 255
    columns_first = small.transpose(0, 2, 1).reshape(40, 400)
    ten = np.where(LABELS == 0, 10, LABELS)[:, None]
    scipy.savemat(tmp_path / "v5.mat", {"X": columns_first, "y": ten})
    with h5py.File(tmp_path / "v73.mat", "w", userblock_size=512) as file:
        file["X"], file["y"] = columns_first.T, ten.T
    from digitnet.models.plausibility import open_source as judged

    for name in ("v5.mat", "v73.mat"):
        dataset = judged(tmp_path / name)
        assert dataset.labels.tolist() == LABELS.tolist()
        notes = " ".join(dataset.report.notes)
        assert "20 x 20" in notes
        assert "10 is taken as the digit 0" in notes
        assert "transposed" in notes
        read = load_model("cnn").probabilities(dataset.images).argmax(axis=1)
        assert (read == LABELS).mean() >= 0.95
    (tmp_path / "v5.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(300))
    with pytest.raises(DataError, match=r"v5\.mat"):
        open_source(tmp_path / "v5.mat")


def test_parquet_as_the_hub_has_it(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [{"bytes": cv2.imencode(".png", x)[1].tobytes(), "path": None} for x in IMAGES]
    rows[3] = {"bytes": b"text", "path": None}
    table = pyarrow.table({"image": rows, "label": LABELS.tolist()})
    folder = tmp_path / "hub" / "data"
    folder.mkdir(parents=True)
    parquet.write_table(table, folder / "train-00000-of-00001.parquet")
    parquet.write_table(table.slice(0, 3), folder / "test-00000-of-00001.parquet")
    for source in (tmp_path / "hub", folder, folder / "train-00000-of-00001.parquet"):
        dataset = open_source(source)
        np.testing.assert_array_equal(dataset.images, np.delete(IMAGES, 3, axis=0))
        assert dataset.labels.tolist() == np.delete(LABELS, 3).tolist()
        assert [name for name, _ in dataset.report.skipped] == ["row 4"]
    assert len(open_source(tmp_path / "hub", part="test")) == 3


@pytest.mark.parametrize("label", ["label", "class"])
def test_parquet_with_a_column_for_each_pixel(tmp_path: Path, label: str) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    pixels = {f"pixel{j}": IMAGES.reshape(len(IMAGES), -1)[:, j] for j in range(784)}
    table = pyarrow.table({label: [str(v) for v in LABELS], **pixels})
    parquet.write_table(table, tmp_path / "d.parquet")
    dataset = open_source(tmp_path / "d.parquet")
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert dataset.labels.tolist() == LABELS.tolist()
    parquet.write_table(pyarrow.table({"a": [1], "b": [2]}), tmp_path / "d.parquet")
    with pytest.raises(DataError, match=r"no column of images \(it has: a, b\)"):
        open_source(tmp_path / "d.parquet")


@pytest.mark.parametrize(("name", "extra"), [("d.mat", "mat"), ("d.parquet", "parquet")])
def test_a_missing_extra_is_asked_for_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, extra: str
) -> None:
    (tmp_path / name).write_bytes(b"PAR1" * 200)
    for module in ("scipy.io", "scipy", "h5py", "pyarrow"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"digitnet\[{extra}\]"):
        open_source(tmp_path / name)


def test_images_of_28_that_show_nothing_are_counted(tmp_path: Path) -> None:
    some = IMAGES.copy()
    some[[3, 8]] = 0
    dataset = saved(tmp_path, some)
    assert dataset.report.notes == ("Of its images, 2 of 40 show nothing.",)
    with pytest.raises(DataError, match="no image shows anything"):
        saved(tmp_path, some * 0)


@pytest.mark.parametrize("top", [100, 150, 255])
def test_paper_is_told_on_any_scale(tmp_path: Path, top: int) -> None:
    """Such as 0 to 100, where 100 is paper."""
    scaled = np.rint(IMAGES / 255 * top).astype(np.uint8)
    dataset = saved(tmp_path, top - scaled)
    np.testing.assert_array_equal(dataset.images, scaled)
    assert dataset.report.notes == ("The ink was dark on light, and was inverted.",)
