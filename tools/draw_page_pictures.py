"""Page pictures: the page inside a network that reads a 5, and a moving one of a 5 being drawn.

Run from the root: `python tools/draw_page_pictures.py`, into docs/page.png and docs/drawing.gif.
Needs Chromium and Playwright.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from digitnet.export.html import export
from digitnet.handwriting.hands import Hand, careful, draw_digit
from digitnet.models.folder import load_model

DOCS = Path(__file__).resolve().parents[1] / "docs"
WIDTH, HEIGHT, SHARP = 960, 640, 2  # of the window, and pixels of the screen to one of its own
WRITING, PEN_UP, LAST = 90, 500, 2500  # milliseconds that a frame stays
SEED = 4  # of the hand that writes


def inside(page: Any) -> None:
    """The neurons and what one of them adds, for a 5, into page.png."""
    page.click("#examples button:nth-of-type(6)")
    page.click("#tab-inside")
    page.click(".map-stop:has-text('neurons')")
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)
    colours = screenshot(page).quantize(256, dither=Image.Dither.NONE)
    colours.save(DOCS / "page.png", optimize=True)


def screenshot(page: Any) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def drawing(page: Any) -> None:
    """A 5 drawn stroke by stroke, and what the network says at every moment, into drawing.gif."""
    frames, stays = [screenshot(page)], [PEN_UP]
    pad = page.query_selector("#paper").bounding_box()
    rng = np.random.default_rng(SEED)
    for stroke in draw_digit(5, rng, hand=careful(Hand.sample(rng), 0.9)):
        for i, (x, y) in enumerate(0.15 + 0.7 * stroke.points + [0.15, 0.0]):
            page.mouse.move(pad["x"] + x * pad["width"], pad["y"] + y * pad["height"])
            if i == 0:
                page.mouse.down()
            if i % 3 == 2:
                page.wait_for_timeout(60)
                frames.append(screenshot(page))
                stays.append(WRITING)
        page.mouse.up()
        page.wait_for_timeout(100)
        frames.append(screenshot(page))
        stays.append(PEN_UP)
    stays[-1] = LAST
    palette = frames[-1].quantize(96, dither=Image.Dither.NONE)
    few = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    few[0].save(
        DOCS / "drawing.gif", save_all=True, append_images=few[1:], duration=stays, loop=0,
        optimize=True,
    )  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder) / "digit.html"
        export(load_model("mlp"), "mlp", file)
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox"]
        )
        for picture, width, height, sharp in (
            (inside, 1440, 1300, 1),
            (drawing, WIDTH, HEIGHT, SHARP),
        ):
            page = browser.new_page(
                viewport={"width": width, "height": height},
                device_scale_factor=sharp,
                reduced_motion="reduce",
            )
            page.goto(file.as_uri())
            page.wait_for_selector("#bars li:nth-child(2)", state="attached")
            picture(page)
        browser.close()


if __name__ == "__main__":
    main()
