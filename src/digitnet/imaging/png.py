"""Png: pixels as a small file, and as the text that JSON and HTML can carry."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from digitnet.errors import PictureError


def as_png(picture: NDArray[np.uint8]) -> bytes:
    """A picture, (H, W) grey or (H, W, 3) RGB, as a PNG file."""
    import cv2

    done, content = cv2.imencode(".png", picture[..., ::-1] if picture.ndim == 3 else picture)
    if not done:
        raise PictureError("The picture cannot be written as a PNG.")
    return bytes(content)


def in_base64(picture: NDArray[np.uint8]) -> str:
    """A picture as a PNG file in base64."""
    return base64.b64encode(as_png(picture)).decode()


def as_image_tag(picture: NDArray[np.uint8], about: str, zoom: int = 1) -> str:
    """A picture as HTML that stands alone, each pixel `zoom` wide; `about` says what it shows."""
    from html import escape

    height, width = picture.shape[:2]
    return (
        f'<img alt="{escape(about)}" width="{zoom * width}" height="{zoom * height}" '
        f'style="image-rendering:pixelated" src="data:image/png;base64,{in_base64(picture)}">'
    )
