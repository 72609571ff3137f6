"""One array in one file: what is written, and what is believed of what is read."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest

from digitnet.errors import ModelError
from digitnet.models.npy import fill, read_array, read_content, sha256, to_npy

PATH = Path("m", "W1.npy")


def as_file(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_an_array_is_written_as_float32_in_rows() -> None:
    array = np.arange(6, dtype=np.float64).reshape(2, 3).T / 7
    content = to_npy(array)
    back = np.load(io.BytesIO(content), allow_pickle=False)
    assert (back.dtype, back.flags.c_contiguous) == (np.float32, True)
    np.testing.assert_array_equal(back, array.astype(np.float32))
    assert content == as_file(np.ascontiguousarray(array, dtype=np.float32))


def test_the_hash_is_sha_256() -> None:
    assert sha256(b"abc") == hashlib.sha256(b"abc").hexdigest()
    assert sha256(b"").startswith("e3b0c44298fc1c14")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert read_content(tmp_path / "a") == b"x"
    with pytest.raises(ModelError) as caught:
        read_content(tmp_path / "b2.npy")
    assert str(caught.value) == (
        f"{tmp_path} lacks b2.npy, so it is no whole model; restore it or train anew."
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_finite_numbers_are_read(dtype: type) -> None:
    array = np.array([[1, 2.5]], dtype=dtype)
    found = read_array(PATH, as_file(array))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, array)


def test_anything_else_is_refused() -> None:
    for wrong in (np.arange(3), np.array([True]), np.array([1j]), np.array(["a"])):
        with pytest.raises(ModelError, match="holds no floating-point array"):
            read_array(PATH, as_file(wrong))
    for wrong in (np.nan, np.inf, -np.inf):
        with pytest.raises(ModelError, match="holds NaN or infinity"):
            read_array(PATH, as_file(np.array([1.0, wrong])))
    archive = io.BytesIO()
    np.savez(archive, a=np.ones(2))
    pickled = io.BytesIO()
    np.save(pickled, np.array([{}], dtype=object), allow_pickle=True)
    for content in (
        b"",
        b"text",
        as_file(np.ones(9))[:-1],
        as_file(np.ones(9)) + b"0",
        archive.getvalue(),
        pickled.getvalue(),
    ):
        with pytest.raises(ModelError, match=r"W1\.npy is not a whole \.npy array"):
            read_array(PATH, content)


def test_a_view_is_filled_where_shape_and_type_fit() -> None:
    view = np.zeros((2, 3), dtype=np.float64)
    fill(view, np.full((2, 3), 0.5, dtype=np.float32), PATH)
    assert (view == 0.5).all()
    for wrong in (np.ones((3, 2)), np.ones(6)):
        with pytest.raises(
            ModelError, match=r"W1\.npy is \(.+\) float64; the network needs \(2, 3"
        ):
            fill(view, wrong, PATH)
    small = np.zeros(2, dtype=np.float32)
    with pytest.raises(ModelError, match=r"is \(2,\) float64; the network needs \(2,\) float32"):
        fill(small, np.ones(2), PATH)
    assert (view == 0.5).all()
    assert not small.any()
