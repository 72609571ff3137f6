"""Page: what the page takes in a browser: time to the answer, first paint, bytes, and its logits.

    python -m benchmarks.page [--source mnist] [--chromium PATH]

Needs Chromium and Playwright. The server runs in a process of its own, on loopback. A pen draws
each digit by events, as a tablet sends them; what counts is the time from the pen's lifting until
the bars and the digit have changed, and until the screen has been painted after it.
"""

from __future__ import annotations

import argparse
import base64
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from digitnet.data.sources import open_source
from digitnet.handwriting.hands import Hand, draw_digit
from digitnet.models.folder import load_model
from digitnet.models.model import classify

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
MODELS = ("mlp", "cnn")
PARTS = ("draw", "inside")

WATCH = """
window.lifts = [];
addEventListener("pointerup", (event) => {
  const lift = { answered: performance.now() - event.timeStamp, painted: 0 };
  window.lifts.push(lift);
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => (lift.painted = performance.now() - event.timeStamp);
    port2.postMessage(0);
  });
});
"""  # listeners on the window hear of it last, when the answer has been written

LOGITS = """async ({ frames, names }) => {
  const { decodeModel, forward } = await import("/static/network/network.js");
  const bytes = Uint8Array.from(atob(frames), (letter) => letter.charCodeAt(0));
  const found = {};
  for (const name of names) {
    const answer = await fetch(`/api/model?name=${name}`);
    const model = decodeModel(await answer.arrayBuffer());
    found[name] = [];
    for (let at = 0; at < bytes.length; at += 784) {
      found[name].push([...forward(model, bytes.subarray(at, at + 784)).logits]);
    }
  }
  return found;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default="mnist", help="of those digits (default: mnist)")
    parser.add_argument("--chromium", default=shutil.which("chromium"), metavar="PATH")
    parser.add_argument("--drawings", type=int, default=25, help="per model and part")
    parser.add_argument("--loads", type=int, default=9, help="of the whole page")
    parser.add_argument("--n", type=int, default=1000, help="digits for the logits (default: 1000)")
    args = parser.parse_args()
    images = open_source(args.source, part="test", n_synthetic=args.n).images[: args.n]
    with served() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=args.chromium, args=list(QUIET))
        print(f"{'milliseconds from pen lift':<28}{'to the answer':>22}{'to the screen':>22}")
        for part in PARTS:
            for name in MODELS:
                lifts = draw(browser, address, name, part, args.drawings)
                cells = [f"{median:.1f} (95 %: {p95:.1f})" for median, p95 in lifts]
                print(f"{name + ', ' + part:<28}{cells[0]:>22}{cells[1]:>22}")
        compare(browser, address, images, args.source)
        measure_load(browser, address, args.loads)
        browser.close()


@contextmanager
def served() -> Iterator[str]:
    """The address of a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "digitnet", "serve", "--port", "0", "--folder", folder]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            if found is None:
                sys.exit("The server did not start.")
            yield found[0]
        finally:
            process.terminate()
            process.wait()


def draw(browser: Any, address: str, name: str, part: str, n: int) -> list[tuple[float, float]]:
    """Median and 95th percentile, to the answer and to the screen, over n drawings."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(f"{address}/#{part}")
    page.wait_for_selector("#bars li:nth-child(10)", state="attached")
    page.select_option("#model", name)
    page.wait_for_timeout(500)
    devtools = context.new_cdp_session(page)
    box = page.query_selector("#paper").bounding_box()
    rng = np.random.default_rng(0)
    times = []
    for k in range(n + 5):
        for stroke in draw_digit(k % 10, rng, hand=Hand.sample(rng)):
            place = stroke.placed(0.6, 0.25, 0.2).points
            for i, (x, y) in enumerate(place):
                kind = "mouseMoved" if i else "mousePressed"
                pen(devtools, kind, box["x"] + x * box["width"], box["y"] + y * box["height"])
            pen(
                devtools, "mouseReleased", box["x"] + x * box["width"], box["y"] + y * box["height"]
            )
        page.wait_for_timeout(60)
        lift = page.evaluate("window.lifts[window.lifts.length - 1]")
        times.append((lift["answered"], lift["painted"]))
        page.evaluate("document.getElementById('clear').click()")
    context.close()
    late = np.array(times[5:])  # the first ones are compiled while they run
    return [(float(np.median(each)), float(np.percentile(each, 95))) for each in late.T]


def pen(devtools: Any, kind: str, x: float, y: float) -> None:
    """One event of a pen."""
    down = int(kind != "mouseReleased")
    event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": down, "clickCount": 1}
    devtools.send("Input.dispatchMouseEvent", {**event, "pointerType": "pen", "force": 0.5})


def compare(browser: Any, address: str, images: np.ndarray[Any, Any], source: str) -> None:
    """The browser's logits beside Python's."""
    page = browser.new_page()
    page.goto(address)
    frames = base64.b64encode(images.tobytes()).decode()
    found = page.evaluate(LOGITS, {"frames": frames, "names": list(MODELS)})
    page.close()
    print(f"\n{'logits, ' + str(len(images)) + ' of ' + source:<28}{'largest difference':>22}")
    for name in MODELS:
        ours = classify(load_model(name).network, images)
        theirs = np.array(found[name])
        differ = int((ours.argmax(axis=1) != theirs.argmax(axis=1)).sum())
        print(f"{name:<28}{np.abs(ours - theirs).max():>22.1e}   labels that differ: {differ}")


def measure_load(browser: Any, address: str, n: int) -> None:
    """First paint with an empty cache, and all bytes of the page with both models."""
    paints, total = [], 0
    for _ in range(n):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        sizes: list[float] = []
        devtools.on("Network.loadingFinished", lambda e, s=sizes: s.append(e["encodedDataLength"]))
        page.goto(address)
        page.wait_for_selector("#bars li:nth-child(10)", state="attached")
        paints.append(
            page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        )
        for name in MODELS:
            page.select_option("#model", name)
            page.wait_for_timeout(200)
        for tab in page.query_selector_all('[role="tab"]'):
            tab.click()
            page.wait_for_timeout(200)
        total = sum(sizes)
        context.close()
    print(f"\nFirst contentful paint, milliseconds (median of {n}): {np.median(paints):.0f}")
    print(f"Bytes in all, every part and both models: {total / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
