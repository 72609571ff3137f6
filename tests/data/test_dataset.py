"""Dataset: what it refuses, and a split that is stratified and loses nothing."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from digitnet.data.dataset import Dataset, as_input
from digitnet.errors import DataError, SettingsError
from support.helpers import bars

BLANK = np.zeros((2, 28, 28), dtype=np.uint8)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (BLANK, [0], "2 images but 1 labels"),
        (BLANK, [0, 10], "label 10 of image 1 is outside"),
        (BLANK, [-1, 0], "label -1 of image 0"),
        (BLANK.astype(float), [0, 1], "uint8"),
        (BLANK[:, :20], [0, 1], r"\(N, 28, 28\)"),
        (BLANK, [0.0, 1.0], "whole numbers"),
        (BLANK[:0], np.empty(0, np.int64), "no image"),
    ],
)
def test_what_does_not_fit_is_refused(images: np.ndarray, labels: list, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Dataset(images, np.array(labels), source="here")


@given(st.integers(20, 200), st.floats(0.05, 0.6), st.integers(0, 99))
def test_a_split_is_stratified_and_loses_nothing(n: int, fraction: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = bars(n, rng)
    marked = Dataset(data.images.copy(), data.labels)
    marked.images[:, 0, 0] = np.arange(n) % 256
    rest, share = marked.split(fraction, rng)
    seen = np.concatenate([rest.images[:, 0, 0], share.images[:, 0, 0]])
    assert sorted(seen) == sorted(marked.images[:, 0, 0])
    for label, count in enumerate(marked.counts()):
        wanted = min(max(round(fraction * count), 1), count - 1)
        assert share.counts()[label] == wanted


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, float("nan")])
def test_a_share_outside_the_bounds_is_refused(fraction: float, rng: np.random.Generator) -> None:
    with pytest.raises(SettingsError, match="between 0 and 1"):
        bars(20, rng).split(fraction, rng)


def test_one_image_per_class_cannot_be_split(rng: np.random.Generator) -> None:
    with pytest.raises(SettingsError, match="no class has two images"):
        bars(10, rng).split(0.5, rng)


def test_batches_cover_everything_in_order(rng: np.random.Generator) -> None:
    data = bars(25, rng)
    sizes = [len(labels) for _, labels in data.batches(10)]
    assert sizes == [10, 10, 5]
    together = np.concatenate([labels for _, labels in data.batches(10)])
    np.testing.assert_array_equal(together, data.labels)


def test_input_is_row_major_and_between_0_and_1() -> None:
    image = np.arange(784).reshape(1, 28, 28).astype(np.uint8)
    x = as_input(image)
    assert x.shape == (1, 784)
    assert x.dtype == np.float32
    assert x[0, 29] == pytest.approx(image[0, 1, 1] / 255)


def test_the_fingerprint_follows_the_content(rng: np.random.Generator) -> None:
    data = bars(20, rng)
    same = Dataset(data.images.copy(), data.labels.copy(), source="elsewhere")
    assert data.fingerprint() == same.fingerprint()
    same.images[3, 4, 5] ^= 1
    assert data.fingerprint() != same.fingerprint()


def test_a_dataset_says_what_it_is_in_one_line() -> None:
    images = np.zeros((1200, 28, 28), dtype=np.uint8)
    dataset = Dataset(images, np.zeros(1200, dtype=np.int64), ("a", "b"), "a test")
    assert repr(dataset) == "Dataset(1,200 images of 28 x 28, 2 classes, from a test)"


def test_a_notebook_shows_the_first_images_of_each_class() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, 28, 28)).astype(np.uint8)
    labels = np.repeat([0, 2], [3, 37])
    shown = Dataset(images, labels, ("<a>", "b", "c"), "x & y")._repr_html_()
    assert "from x &amp; y)</div>" in shown
    rows = re.findall(r"<tr><th>([^<]*)</th><td>(\d+)</td><td[^>]*>(.*?)</td></tr>", shown)
    counts = [(name, count) for name, count, _ in rows]
    assert counts == [("&lt;a&gt;", "3"), ("b", "0"), ("c", "37")]
    assert rows[1][2] == ""
    for (_, _, tag), expected in zip(rows[::2], (images[:3], images[3:19]), strict=True):
        (content,) = re.findall('src="data:image/png;base64,([^"]+)"', tag)
        with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
            np.testing.assert_array_equal(np.asarray(picture), np.hstack(list(expected)))
        assert f'width="{28 * len(expected)}" height="28"' in tag
