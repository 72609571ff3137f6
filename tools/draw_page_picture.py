"""Page picture: the page as it looks inside a network that reads a 5, into docs/page.png.

Run from the root: `python tools/draw_page_picture.py`. Needs Chromium and Playwright.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from digitnet.export.html import export
from digitnet.models.folder import load_model

DOCS = Path(__file__).resolve().parents[1] / "docs"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder) / "digit.html"
        export(load_model("mlp"), "mlp", file)
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 1300}, reduced_motion="reduce")
        page.goto(file.as_uri())
        page.click("#examples button:nth-of-type(6)")
        page.click("#tab-inside")
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)
        picture = Path(folder) / "page.png"
        page.screenshot(path=picture)
        browser.close()
        colours = Image.open(picture).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        colours.save(DOCS / "page.png", optimize=True)


if __name__ == "__main__":
    main()
