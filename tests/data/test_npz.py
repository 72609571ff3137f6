"""NPZ: what arrays may look like, and how each fault is named."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from digitnet.data.sources import open_source
from digitnet.errors import DataError

IMAGES = (np.arange(4 * 784) % 251).astype(np.uint8).reshape(4, 28, 28)
LABELS = np.array([3, 1, 4, 1])


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
    dataset = open_source(save(tmp_path / "digits.npz", images=images))
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert dataset.labels.tolist() == LABELS.tolist()
    assert dataset.images.dtype == np.uint8


def test_floats_are_rounded_not_cut_off(tmp_path: Path) -> None:
    images = np.zeros((1, 28, 28))
    images[0, 0, :4] = 0.998, 0.9985, 0.001, 0.003
    dataset = open_source(save(tmp_path / "d.npz", images=images, labels=LABELS[:1]))
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
        ({"images": IMAGES.astype("U3")}, "are of type <U3"),
        ({"images": IMAGES.astype(complex)}, "are of type complex128"),
        ({"images": IMAGES[:, :4]}, "shape .4, 4, 28."),
        ({"images": np.uint8(3)}, "have the shape ..;"),
        ({"images": IMAGES.astype(object)}, "`images` holds pickled objects"),
        ({"labels": LABELS.astype(object)}, "`labels` holds pickled objects"),
        ({"labels": LABELS[:3]}, "4 images but 3 labels"),
        ({"labels": LABELS * 4}, "image 0: the label 12 is outside"),
        ({"labels": LABELS - 2}, "image 1: the label is .-1."),
        ({"labels": LABELS / 2}, "image 1: the label is .0.5."),
        ({"labels": np.arange(8).reshape(4, 2)}, "labels have the shape .4, 2."),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, "no image in it"),
    ],
)
def test_an_npz_that_does_not_fit(tmp_path: Path, arrays: dict[str, object], says: str) -> None:
    path = save(tmp_path / "digits.npz", **arrays)
    with pytest.raises(DataError, match=says) as caught:
        open_source(path)
    assert str(path) in str(caught.value)


def test_an_npz_without_a_key_says_what_it_has(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", weights=IMAGES, labels=LABELS)
    with pytest.raises(DataError, match=r"no array `images`.*\(it has: weights, labels\)"):
        open_source(tmp_path / "d.npz")


def test_files_that_are_no_npz(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    with pytest.raises(DataError, match="no source"):
        open_source(path)
    np.save(tmp_path / "bare.npy", IMAGES)
    for data in (b"", b"text", b"PK\x03\x04", (tmp_path / "bare.npy").read_bytes()):
        path.write_bytes(data)
        with pytest.raises(DataError, match="savez"):
            open_source(path)
    with pytest.raises(DataError):
        open_source(tmp_path)


def test_an_array_too_large_for_memory_is_refused(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (10**13, 28, 28)}
    )
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as file:
        file.writestr("images.npy", header.getvalue())
    with pytest.raises(DataError, match="`images`"):
        open_source(tmp_path / "d.npz")


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
        open_source(path)
    except DataError as error:
        assert str(path) in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("inputs", "outputs"),
        ("pixels", "digits"),
        ("x_data", "y_data"),
        ("X_all", "Y_all"),
        ("mnist_images", "mnist_labels"),
        ("digits_x", "digits_y"),
        ("digits", "target"),
        ("fea", "gnd"),
        ("xs", "ys"),
        ("img", "lab"),
    ],
)
def test_names_of_arrays(tmp_path: Path, images: str, labels: str) -> None:
    np.savez(tmp_path / "d.npz", **{images: IMAGES, labels: LABELS, "class_names": LABELS[:2]})  # type: ignore[arg-type]
    dataset = open_source(tmp_path / "d.npz")
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert dataset.labels.tolist() == LABELS.tolist()
    for name, array in ((images, IMAGES), (labels, LABELS)):
        np.save(tmp_path / f"{name}.npy", array)
    assert open_source(tmp_path / f"{images}.npy").labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize("names", ["Xtr ytr Xte yte", "x_tr y_tr x_te y_te", "trX trY teX teY"])
def test_short_names_of_parts(tmp_path: Path, names: str) -> None:
    arrays = [IMAGES, LABELS, IMAGES[:2], LABELS[:2]]
    np.savez(tmp_path / "d.npz", **dict(zip(names.split(), arrays, strict=True)))  # type: ignore[arg-type]
    assert open_source(tmp_path / "d.npz").labels.tolist() == LABELS.tolist()
    assert open_source(tmp_path / "d.npz", part="test").labels.tolist() == LABELS[:2].tolist()


def test_several_arrays_that_may_be_the_images_are_not_guessed_among(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", a_images=IMAGES, b_images=IMAGES, a_labels=LABELS)
    with pytest.raises(DataError, match="a_images, b_images"):
        open_source(tmp_path / "d.npz")


def test_labels_beside_are_those_of_the_same_name(tmp_path: Path) -> None:
    for name, shift in (("a", 0), ("b", 1)):
        np.save(tmp_path / f"{name}_images.npy", IMAGES)
        np.save(tmp_path / f"{name}_labels.npy", LABELS + shift)
    assert open_source(tmp_path / "b_images.npy").labels.tolist() == (LABELS + 1).tolist()
    np.save(tmp_path / "c_images.npy", IMAGES)
    with pytest.raises(DataError, match="several files beside it may hold its labels"):
        open_source(tmp_path / "c_images.npy")


@pytest.mark.parametrize("shape", [(4, 784, 1), (4, 1, 784)])
def test_an_axis_of_one_is_no_matter(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = save(tmp_path / "d.npz", images=IMAGES.reshape(shape))
    np.testing.assert_array_equal(open_source(path).images, IMAGES)


@pytest.mark.parametrize("name", ["train{}", "{}", "digit_{}_train"])
def test_an_array_for_each_digit(tmp_path: Path, name: str) -> None:
    arrays = {name.format(k): IMAGES.reshape(4, 784)[: 1 + k % 3] for k in range(10)}
    others = {f"test{k}": IMAGES.reshape(4, 784)[3:] for k in range(10)}
    np.savez(tmp_path / "mnist_all.npz", **arrays, **others)  # type: ignore[arg-type]
    dataset = open_source(tmp_path / "mnist_all.npz")
    assert dataset.counts().tolist() == [1 + k % 3 for k in range(10)]
    np.testing.assert_array_equal(dataset.images[-1], IMAGES[0])
    assert open_source(tmp_path / "mnist_all.npz", part="test").counts().tolist() == [1] * 10
