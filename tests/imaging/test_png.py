"""Png: pixels come back from the file as they were, and the tag says what it shows."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from digitnet.imaging.png import as_image_tag, as_png, in_base64

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
    assert 'width="3" height="2"' in as_image_tag(COLOUR, "in colour")
    assert as_image_tag(GREY, 'a "7" & <no 1>', **zoom) == (
        f'<img alt="a &quot;7&quot; &amp; &lt;no 1&gt;" width="{size[0]}" height="{size[1]}" '
        f'style="image-rendering:pixelated" src="data:image/png;base64,{in_base64(GREY)}">'
    )
