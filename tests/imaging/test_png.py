"""Png: pixels come back from the file as they were, and the tag says what it shows."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from digitnet.imaging.png import as_image_tag, as_png, at_most, in_base64

GREY = np.arange(6, dtype=np.uint8).reshape(2, 3) * np.uint8(40)
COLOUR = np.arange(18, dtype=np.uint8).reshape(2, 3, 3) * np.uint8(14)


@pytest.mark.parametrize("picture", [GREY, COLOUR], ids=["grey", "colour"])
def test_pixels_come_back(picture: np.ndarray) -> None:
    with Image.open(io.BytesIO(as_png(picture))) as image:
        assert image.format == "PNG"
        np.testing.assert_array_equal(np.array(image), picture)
    assert base64.b64decode(in_base64(picture)) == as_png(picture)


@pytest.mark.parametrize(("zoom", "size"), [({}, (3, 2)), ({"zoom": 4}, (12, 8))])
def test_a_tag_that_stands_alone(zoom: dict[str, int], size: tuple[int, int]) -> None:
    assert as_image_tag(GREY, 'a "7" & <no 1>', **zoom) == (
        f'<img alt="a &quot;7&quot; &amp; &lt;no 1&gt;" width="{size[0]}" height="{size[1]}" '
        f'style="image-rendering:pixelated" src="data:image/png;base64,{in_base64(GREY)}">'
    )


@pytest.mark.parametrize(
    ("shape", "side", "expected"),
    [
        ((10, 20), 20, (10, 20)),
        ((10, 20), 19, (10, 19)),  # 9.5, to the even one
        ((10, 20), 10, (5, 10)),
        ((20, 10, 3), 10, (10, 5, 3)),
        ((1, 100), 10, (1, 10)),  # never nothing
        ((100, 1), 10, (10, 1)),
    ],
)
def test_a_picture_of_at_most_so_many_pixels_a_side(
    shape: tuple[int, ...], side: int, expected: tuple[int, ...]
) -> None:
    picture = np.full(shape, 9, np.uint8)
    smaller = at_most(picture, side)
    assert smaller.shape == expected
    assert (smaller == 9).all()
    assert (smaller is picture) == (shape == expected)
    assert at_most(np.array([[0, 100], [100, 200]], np.uint8), 1).tolist() == [[100]]
