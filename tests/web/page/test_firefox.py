"""The one-file page in Firefox, which drives itself and tells what came of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from digitnet.export import export_model
from digitnet.models.folder import load_model

LONG = 240.0
"""Seconds that the browser may take to start and to go through the page."""
PREFERENCES = """
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
user_pref("app.update.enabled", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
"""
TOUR = """
const wrong = [];
addEventListener("error", (event) => wrong.push(event.message));
addEventListener("unhandledrejection", (event) => wrong.push(String(event.reason)));
const rest = (n = 300) => new Promise((done) => setTimeout(done, n));
const all = (selector) => [...document.querySelectorAll(selector)];
const words = (selector) => document.querySelector(selector)?.textContent ?? null;
const wide = () => document.documentElement.scrollWidth > document.documentElement.clientWidth;
const told = { agent: navigator.userAgent, wide: [] };
async function open(part) {
  document.getElementById(`tab-${part}`).click();
  await rest();
  if (wide()) told.wide.push(part);
}
async function tour() {
  const label = all("#examples button").find((each) => each.textContent.trim() === "7");
  label.click();
  for (let i = 0; i < 100 && words("#digit") !== "7"; i++) await rest(100);
  told.digit = words("#digit");
  await open("draw");
  await open("inside");
  for (let i = 0; i < 100 && !all(".sums tr.first").length; i++) await rest(100);
  told.sum = words(".sums tr.first th");
  told.stops = all(".map-stop").length;
  told.stages = all("#layers .stage").length;
  all(".map-stop").at(-1).click();
  await rest();
  told.focused = document.activeElement.textContent;
  const rows = all("#layers .with-pictures .units").map((grid) => {
    const tops = [...grid.children].map((each) => each.offsetTop);
    return [tops[0], tops.at(-1)].map((row) => tops.filter((top) => top === row).length);
  });
  told.rows = rows.filter(([first]) => first > 1);
  await open("step");
  for (let i = 0; i < 100 && !document.getElementById("step-go"); i++) await rest(100);
  const loss = () => Number(words(".step-loss strong").replace("Loss ", ""));
  document.getElementById("step-label").value = "1";
  document.getElementById("step-label").dispatchEvent(new Event("change", { bubbles: true }));
  await rest();
  const before = loss();
  document.getElementById("step-go").click();
  await rest();
  told.losses = [before, loss()];
}
tour().catch((error) => wrong.push(String(error?.stack ?? error))).finally(() => {
  fetch("/told", { method: "POST", body: JSON.stringify({ ...told, wrong }) });
});
"""


def firefox() -> str:
    """Where the browser is; a test that asks is skipped where there is none."""
    found = shutil.which("firefox-esr") or shutil.which("firefox")
    if found is None:
        pytest.skip("needs Firefox (Debian's package `firefox-esr`), not on this machine")
    return found


@contextmanager
def serving(page: bytes) -> Iterator[tuple[str, threading.Event, list[Any]]]:
    """A page, and what it posts: the address, when it came, and what."""
    came, told = threading.Event(), []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = page if self.path == "/" else TOUR.encode()
            self.send_response(200)
            kind = "text/html; charset=utf-8" if self.path == "/" else "text/javascript"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            came.set()

        def log_message(self, *words: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", came, told
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_the_page_does_in_firefox_what_it_does_in_chromium(name: str, tmp_path: Path) -> None:
    path = firefox()
    export_model(load_model(name), "html", name, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_bytes()
    # The page allows only its own scripts and no requests; the tour is both.
    begin, end = page.index(b"<meta http-equiv"), page.index(b">", page.index(b"<meta http-equiv"))
    assert b"ontent-" in page[begin:end], "the policy"
    page = page[:begin] + page[end + 1 :]
    page = page.replace(b"</body>", b'<script type="module" src="/tour.js"></script></body>')
    profile = tmp_path / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(PREFERENCES)
    with serving(page) as (address, came, told):
        process = subprocess.Popen(
            [path, "--headless", "--no-remote", "--profile", str(profile), address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert came.wait(LONG), "Firefox told nothing"
        finally:
            process.terminate()
            process.wait(60)
    (seen,) = told
    assert "Firefox" in seen["agent"]
    assert seen["wrong"] == []
    assert (seen["digit"], seen["sum"]) == ("7", "7")
    assert seen["stops"] == seen["stages"] >= 3
    assert seen["focused"].startswith("Ten sums")
    assert seen["rows"]
    assert all(first == last for first, last in seen["rows"]), seen["rows"]
    before, after = seen["losses"]
    assert after < before
    assert seen["wide"] == []
