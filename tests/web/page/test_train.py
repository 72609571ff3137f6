"""Train as people use it: started, watched, stopped, gone on with, and kept as a model."""

from __future__ import annotations

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from digitnet.data.synthetic import synthesize
from digitnet.models.folder import load_model
from digitnet.nn import Network
from digitnet.training.config import OPTIMIZERS, TrainingConfig
from support.browser import (
    LONG,
    NARROW,
    QUIET,
    WIDE,
    Visit,
    chromium,
    started_server,
    violations,
)
from support.helpers import bars, digitnet
from support.page import run_module
from support.tabs import asked, focused, opened, small_source, tab_to, wait_for


@pytest.fixture(scope="module")
def folder(folder: Path) -> Path:
    small_source(folder)
    return folder


@pytest.fixture
def address(address: str) -> Iterator[str]:
    """The server's, which trains nothing when a test begins."""
    yield address
    try:
        asked(address, "api/train", "DELETE")
    except HTTPError:
        assert asked(address, "api/train")["state"] != "running"


ENDLESS = {"hidden": "512", "epochs": "1000"}
"""A run of minutes: it is still under way when a test has seen what it waits for, and stops it."""


def begin(visit: Visit, source: str = "small.npz", **fields: str) -> Any:
    """Fill in the form and start."""
    page = opened(visit, "train")
    page.wait_for_selector(f"#train-source option[value='{source}']", state="attached")
    page.select_option("#train-source", source)
    for name, value in {"hidden": "16", "epochs": "4", **fields}.items():
        page.fill(f"#train-{name.replace('_', '-')}", value)
    page.click("#train-go")
    return page


def epochs(page: Any) -> list[int]:
    """The epochs that the table of figures has."""
    found = page.evaluate(
        "[...document.querySelectorAll('.figures tbody tr')].map((row) => row.cells[0].textContent)"
    )
    return [int(text) for text in found if text.isdigit()]


def wait_for_epoch(page: Any, name: str, epoch: int) -> None:
    """Until the table has it; before, the page still shows the run before this one."""
    wait_until(page, name)
    page.wait_for_selector(f".figures tbody tr:nth-child({epoch})", state="attached", timeout=LONG)


def wait_until(page: Any, words: str) -> None:
    """Until the run's heading has these words."""
    page.wait_for_selector(f".run h2:text('{words}')", timeout=LONG)


def test_a_run_is_watched_to_its_end_and_kept(visit: Visit, address: str, folder: Path) -> None:
    page = begin(visit, name="watched")
    wait_until(page, "Finished: watched")
    told = asked(address, "api/train")
    assert epochs(page) == [1, 2, 3, 4]
    for chart, kinds in ((0, ("training", "validation")), (1, ("validation",))):
        for kind in kinds:
            line = page.locator(".chart").nth(chart).locator(f".line.{kind}")
            places = [
                tuple(map(float, place.split(",")))
                for place in line.get_attribute("points").split()
            ]
            assert len(places) == 4
            assert [x for x, _ in places] == sorted(x for x, _ in places)
    shares = [one["validation_accuracy"] for one in told["epochs"]]
    heights = [y for _, y in places]
    assert np.corrcoef(shares, heights)[0, 1] < -0.99, "more accuracy is higher up"

    pictures = page.evaluate(
        "[...document.querySelectorAll('.weights canvas')].map((each) =>"
        " [...each.getContext('2d').getImageData(0, 0, 28, 28).data])"
    )
    assert len(pictures) == 16
    assert all(len(set(picture)) > 3 for picture in pictures)
    cells = page.evaluate(
        "[...document.querySelectorAll('.confusion td:not(.corner)')]"
        ".map((cell) => Number(cell.textContent))"
    )
    assert np.array_equal(np.reshape(cells, (10, 10)), told["picture"]["confusion"])
    n_wrong = sum(cells) - int(np.trace(np.reshape(cells, (10, 10))))
    shown = page.evaluate(
        "[...document.querySelectorAll('.mistakes img')].map((each) => each.naturalWidth)"
    )
    assert shown == [28] * min(24, n_wrong)
    assert n_wrong > 0

    model = load_model(folder / "models" / "watched")
    best = model.training["validation_accuracy"]
    assert f"{100 * best:.1f} %" in page.inner_text(".status")
    page.click("#train-use")
    page.wait_for_selector("#draw:not([hidden])")
    assert page.input_value("#model") == "watched"


def test_a_run_that_learnt_nothing_says_so_and_offers_no_model(visit: Visit, folder: Path) -> None:
    rng = np.random.default_rng(6)
    images = bars(1500, rng).images
    np.savez(folder / "luck.npz", images=images, labels=rng.integers(0, 10, 1500))
    page = begin(visit, "luck.npz", name="lucky", epochs="2", learning_rate="0.01")
    wait_until(page, "The run failed: lucky")
    assert page.inner_text(".status").startswith("Nothing was learnt, and nothing is kept: ")
    assert page.locator("#train-use, #train-download, #train-resume").count() == 0
    assert not (folder / "models" / "lucky").exists()


def test_a_stopped_run_goes_on_where_it_was(visit: Visit, address: str, folder: Path) -> None:
    page = begin(visit, **ENDLESS, name="paused")
    wait_for_epoch(page, "paused", 3)
    page.click("#train-stop")
    wait_until(page, "Stopped: paused")
    assert load_model(folder / "models" / "paused").n_parameters == 784 * 512 + 512 + 5120 + 10
    done = epochs(page)
    assert done == list(range(1, len(done) + 1))
    page.click("#train-resume")
    wait_until(page, "Training paused")
    wait_for_epoch(page, "paused", len(done) + 2)
    again = epochs(page)
    assert again == list(range(1, len(again) + 1))
    told = asked(address, "api/train")
    assert told["start"]["resumed"] is True
    assert "paused" not in page.inner_text(".legend"), "a run is not compared with itself"


def test_a_page_loaded_again_shows_the_run_from_its_first_epoch(visit: Visit) -> None:
    page = begin(visit, **ENDLESS, name="reloaded")
    wait_for_epoch(page, "reloaded", 4)
    page.reload()
    wait_until(page, "Training reloaded")
    wait_for_epoch(page, "reloaded", 4)
    seen = epochs(page)
    wait_for_epoch(page, "reloaded", len(seen) + 2)
    assert epochs(page)[: len(seen)] == list(range(1, len(seen) + 1))
    assert page.is_disabled("#train-go")
    assert page.locator("#train-stop").is_visible()


def test_what_was_understood_is_said_as_the_command_line_says_it(
    visit: Visit, folder: Path
) -> None:
    digits = synthesize(200, np.random.default_rng(6))
    for i, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
        place = folder / "lying" / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.T.copy()).save(place / f"{i}.png")
    (folder / "lying" / "3" / "broken.png").write_text("no picture")
    told = digitnet("data", "show", "lying", cwd=folder).stderr.splitlines()
    assert any("transposed" in line or "turned" in line for line in told), told
    assert told[-1].startswith("skipped ")
    assert "broken.png" in told[-1]
    page = begin(visit, source="lying", name="understood")
    wait_until(page, "Finished: understood")
    sentences = page.locator(".understood summary, .understood li")
    assert sentences.all_inner_texts() == told
    assert sentences.last.is_visible()
    page.reload()
    wait_until(page, "Finished: understood")
    assert sentences.all_inner_texts() == told
    assert violations(visit) == []
    page.click(".understood summary")
    assert not sentences.last.is_visible()


def test_the_run_before_is_drawn_on_the_same_axes(browser: Any, address: str) -> None:
    visit = Visit(browser, address)
    page = begin(visit, epochs="3", name="former")
    wait_until(page, "Finished: former")
    own = page.locator(".chart").nth(0).locator(".line.validation").get_attribute("points")
    page.fill("#train-epochs", "3")
    page.fill("#train-learning-rate", "0.2")
    page.fill("#train-name", "latter")
    page.click("#train-go")
    wait_until(page, "Finished: latter")
    assert "former" in page.inner_text(".legend")
    for chart in (0, 1):
        before = page.locator(".chart").nth(chart).locator(".line.before")
        assert len(before.get_attribute("points").split()) == 3
    present = page.locator(".chart").nth(0).locator(".line.validation").get_attribute("points")
    assert own != present
    page.reload()
    wait_until(page, "Finished: latter")
    page.wait_for_selector(".chart .line.before")
    assert "former" in page.inner_text(".legend"), "it is still known after a reload"
    visit.close()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hidden", "0"), ("hidden", "64.5"), ("hidden", ""), ("hidden", "9,9,9,9,9"),
        ("learning-rate", "-1"), ("learning-rate", "fast"), ("batch-size", "0"),
        ("epochs", "1001"), ("epochs", ""), ("name", "../up"), ("name", ""),
    ],
)  # fmt: skip
def test_a_wrong_field_is_said_beside_it_and_nothing_is_sent(
    field: str, value: str, visit: Visit, address: str
) -> None:
    before = asked(address, "api/train")["run"]
    page = begin(visit, **{field: value})
    assert focused(page) == f"train-{field}"
    assert page.get_attribute(f"#train-{field}", "aria-invalid") == "true"
    assert len(page.inner_text(f"#train-{field}-error")) > 20
    assert asked(address, "api/train")["run"] == before
    page.fill(f"#train-{field}", {"name": "fine", "learning-rate": "0,5"}.get(field, "3"))
    page.keyboard.press("Tab")
    assert page.get_attribute(f"#train-{field}", "aria-invalid") is None


def test_what_the_server_refuses_is_said_in_its_words(
    browser: Any, address: str, folder: Path
) -> None:
    visit = Visit(browser, address)
    page = opened(visit, "train")
    (folder / "gone.npz").write_bytes((folder / "small.npz").read_bytes())
    page.reload()
    page.wait_for_selector("#train-source option[value='gone.npz']", state="attached")
    page.select_option("#train-source", "gone.npz")
    (folder / "gone.npz").unlink()
    visit.expect("404")
    page.click("#train-go")
    said = page.wait_for_selector(".train-form .notice[role='alert']").inner_text()
    assert said.startswith("There are no digits of that name")
    assert page.is_enabled("#train-go")
    visit.close()


def test_digits_that_cannot_be_read_end_the_run_with_the_reason(
    visit: Visit, address: str, folder: Path
) -> None:
    (folder / "bad.npz").write_bytes(b"no arrays in here")
    page = opened(visit, "train")
    page.wait_for_selector("#train-source option[value='bad.npz']", state="attached")
    page.select_option("#train-source", "bad.npz")
    page.click("#train-go")
    said = page.wait_for_selector(".run .notice[role='alert']").inner_text()
    assert "bad.npz" in said
    assert page.is_enabled("#train-go")
    (folder / "bad.npz").unlink()


def test_everything_is_done_with_the_keyboard_alone(browser: Any, address: str) -> None:
    visit = Visit(browser, address)
    page = visit.page
    tab_to(page, "tab-draw")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert focused(page) == "tab-train"
    page.wait_for_selector("#train-source option[value='small.npz']", state="attached")
    tab_to(page, "train-source")
    page.keyboard.type("small")
    assert page.input_value("#train-source") == "small.npz"
    for field, value in ENDLESS.items():
        tab_to(page, f"train-{field}")
        page.keyboard.press("Control+A")
        page.keyboard.type(value)
    tab_to(page, "train-name")
    page.keyboard.press("Control+A")
    page.keyboard.type("typed")
    page.keyboard.press("Enter")
    wait_until(page, "Training typed")
    wait_for_epoch(page, "typed", 1)
    tab_to(page, "train-stop")
    page.keyboard.press("Enter")
    wait_until(page, "Stopped: typed")
    tab_to(page, "train-use")
    page.wait_for_selector("#train-resume")  # comes a moment later, and takes no focus
    assert focused(page) == "train-use"
    page.keyboard.press("Space")
    page.wait_for_selector("#draw:not([hidden])")
    assert page.input_value("#model") == "typed"
    visit.close()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_run_fits_the_screen_and_has_no_violations(
    size: tuple[int, int], theme: str, browser: Any, address: str
) -> None:
    visit = Visit(browser, address, size, theme)
    name = f"{theme}-{size[0]}"  # the page shows the run before until this one begins
    page = begin(visit, epochs="2" if size == WIDE else "24", name=name)
    wait_until(page, f"Finished: {name}")
    page.click("text=The figures as a table")
    assert visit.overflows() == []
    charts = page.evaluate(
        """[...document.querySelectorAll('.chart')].map((chart) => {
          const edge = chart.getBoundingClientRect();
          return [...chart.querySelectorAll('text')].map((text) => {
            const box = text.getBoundingClientRect();
            return [box.left - edge.left, box.top - edge.top,
              edge.right - box.right, edge.bottom - box.bottom, box.width, box.height];
          });
        })"""
    )
    for texts in charts:
        assert len(texts) >= 5
        for left, top, right, bottom, _, height in texts:
            assert min(left, top, right, bottom) >= -1, "nothing is cut off"
            assert height >= 12, "it can be read"
        for one, other in itertools.combinations(texts, 2):
            apart_x = abs(one[0] + one[4] / 2 - other[0] - other[4] / 2)
            apart_y = abs(one[1] + one[5] / 2 - other[1] - other[5] / 2)
            assert apart_x >= (one[4] + other[4]) / 2 or apart_y >= (one[5] + other[5]) / 2 - 2
    assert violations(visit) == []
    page.fill("#train-hidden", "0")
    page.click("#train-go")
    assert violations(visit) == [], "with a complaint too"
    assert visit.overflows() == []
    visit.close()


def test_a_killed_browser_and_a_client_that_does_not_read_leave_the_run_alone(
    browser: Any, address: str
) -> None:
    other = browser.browser_type.launch(executable_path=chromium(), args=list(QUIET))
    page = begin(Visit(other, address), **ENDLESS, name="survivor")
    wait_for_epoch(page, "survivor", 1)
    place = urlsplit(address)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.connect((place.hostname, place.port))
        deaf.sendall(f"GET /api/train/events HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
        processes = other.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
        (pid,) = [one["id"] for one in processes["processInfo"] if one["type"] == "browser"]
        os.kill(pid, signal.SIGKILL)
        told = asked(address, "api/train")
        assert told["state"] == "running"
        more = len(told["epochs"]) + 20  # their pictures are more than a connection holds
        wait_for(address, "api/train", lambda told: len(told["epochs"]) >= more)
        asked(address, "api/train", "DELETE")
        done = wait_for(address, "api/train", lambda told: told["state"] != "running")
        assert done["state"] == "stopped"
        assert done["end"]["model"] == "survivor"
        assert asked(address, "healthz") == {"status": "ok"}
    visit = Visit(browser, address)
    wait_until(opened(visit, "train"), "Stopped: survivor")
    visit.close()


def serve_at(port: int, folder: Path) -> subprocess.Popen[str]:
    """A server that may be killed, once it listens."""
    command = [sys.executable, "-m", "digitnet", "serve", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--folder", str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert f":{port}" in process.stdout.readline()
    return process


def test_a_server_that_was_killed_is_waited_for_and_its_run_gone_on_with(
    browser: Any, tmp_path: Path
) -> None:
    pytest.importorskip("uvicorn", reason="needs digitnet[web]")
    small_source(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = serve_at(port, tmp_path)
    try:
        visit = Visit(browser, f"http://127.0.0.1:{port}")
        page = begin(visit, **ENDLESS, name="broken")
        wait_for_epoch(page, "broken", 2)
        visit.expect("Failed to load resource")
        server.kill()
        server.communicate()
        page.wait_for_selector(".run .notice.warn", timeout=LONG)
        server = serve_at(port, tmp_path)
        page.wait_for_selector(".run .notice.warn", state="hidden", timeout=LONG)
        page.click("#train-resume")
        wait_until(page, "Training broken")
        wait_for_epoch(page, "broken", 3)
        assert epochs(page)[:3] == [1, 2, 3]
        visit.close()
    finally:
        server.terminate()
        server.communicate(timeout=60)


def test_before_a_run_the_network_to_come_is_shown(
    browser: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("idle")
    small_source(folder)
    with started_server(folder) as address:
        visit = Visit(browser, address, NARROW, "dark")
        page = opened(visit, "train")
        preview = page.get_by_label("What will be trained")
        preview.get_by_text("784-64-10: 50,890 weights").wait_for()
        assert "2,813 steps an epoch, 56,260 in all" in preview.inner_text()
        page.select_option("#train-conv", "16C5-MP2-32C5-MP2")
        page.fill("#train-hidden", "32, 16")
        config = TrainingConfig(conv="16C5-MP2-32C5-MP2", hidden=(32, 16))
        n = Network(config.layers(784, 10)).vector.size
        words = f"784-16C5-MP2-32C5-MP2-32-16-10: {n:,} weights"
        preview.get_by_text(words).wait_for()
        assert "16 windows of 5 \u00d7 5 slide over it" in preview.inner_text()
        assert visit.overflows() == []
        assert violations(visit) == []
        visit.resize(*WIDE)
        clipped = page.evaluate(
            """[...document.querySelectorAll('.train-form select')]
              .filter((select) => select.clientWidth > 0).flatMap((select) => {
              const context = document.createElement('canvas').getContext('2d');
              context.font = getComputedStyle(select).font;
              const style = getComputedStyle(select);
              const room = select.clientWidth - parseFloat(style.paddingLeft)
                - parseFloat(style.paddingRight) - 20; // the arrow
              return [...select.options].map(({ text }) => text)
                .filter((text) => context.measureText(text).width > room);
            })"""
        )
        assert clipped == [], "no choice is cut off"
        visit.close()


def test_what_is_chosen_in_words_is_what_is_trained(visit: Visit, address: str) -> None:
    page = opened(visit, "train")
    page.select_option("#train-conv", "8C5-MP2")
    page.select_option("#train-optimizer", "adam")
    page.select_option("#train-augment", "affine")
    begin(visit, name="chosen", epochs="1", learning_rate="")
    wait_until(page, "Finished: chosen")
    settings = asked(address, "api/train")["start"]["settings"]
    assert (settings["conv"], settings["optimizer"], settings["augment"]) == (
        "8C5-MP2", "adam", "affine",
    )  # fmt: skip
    assert settings["learning_rate"] == OPTIMIZERS["adam"].learning_rate


def test_a_run_is_compared_with_any_earlier_one(browser: Any, address: str) -> None:
    visit = Visit(browser, address)
    for i, name in enumerate(("first-of-3", "second-of-3", "third-of-3")):
        page = begin(visit, epochs="2", name=name, hidden=str(8 + i))
        wait_until(page, f"Finished: {name}")
    line = page.locator(".chart").nth(0).locator(".line.before")
    assert "second-of-3" in page.inner_text(".legend"), "the last one, unasked"
    with_second = line.get_attribute("points")
    first = page.locator("#train-compared option", has_text="first-of-3")
    page.select_option("#train-compared", first.get_attribute("value"))
    assert "first-of-3, 784-8-10" in page.inner_text(".legend")
    assert line.get_attribute("points") != with_second
    page.select_option("#train-compared", "")
    assert line.count() == 0
    page.reload()
    wait_until(page, "Finished: third-of-3")
    names = page.locator("#train-compared option").all_inner_texts()
    assert [each.split(":")[0] for each in names[1:3]] == ["second-of-3", "first-of-3"]
    assert "epoch" in page.locator(".chart").nth(0).text_content()
    assert "logarithmic" in page.inner_text(".curves figcaption >> nth=0")
    mistake = page.locator(".mistakes li").first.inner_text().strip()
    assert re.fullmatch(r"read \d, is \d", mistake), mistake
    assert violations(visit) == []
    visit.close()


def test_a_scale_grows_and_never_jumps_back(visit: Visit) -> None:
    ticks = visit.page.evaluate(
        """import('./static/train/chart.js').then(async ({ Chart }) => {
          const chart = new Chart({ title: "", log: true, format: String, hovered() {} });
          chart.svg.style.cssText = "width: 600px; height: 300px";
          document.body.append(chart.element);
          const ticks = (key, ...values) => {
            const points = values.map((value, i) => [i, value]);
            chart.draw({ key, nEpochs: 9, words: "", lines: [{ kind: "steps", points }] }, null);
            return [...chart.svg.querySelectorAll(".tick:not(.axis)[text-anchor=end]")]
              .map(({ textContent }) => Number(textContent));
          };
          const seen = [ticks("a", 2, 0.3), ticks("a", 4.5, 0.3), ticks("a", 1)];
          seen.push(ticks("b", 1, 0.6));
          chart.element.remove();
          return seen;
        })"""
    )
    first, larger, smaller, other = ticks
    assert (max(first), max(larger)) == (2, 5)
    assert smaller == larger
    assert max(other) < 5, "another run has a scale of its own"


def test_single_steps_are_smoothed_to_their_last_within_the_band_of_half(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    losses = np.exp(rng.normal(0, 0.5, 400) - np.linspace(0, 3, 400))
    steps = [[i / 100, float(loss)] for i, loss in enumerate(losses)]
    told = run_module(
        tmp_path,
        """import { bandOf } from "./train/smoothing.js";
        console.log(JSON.stringify([bandOf(given.steps), bandOf(given.steps.slice(0, 3))]));""",
        steps=steps,
    )
    smooth, few = told
    xs, means = np.transpose(smooth["points"])
    assert (xs[0], xs[-1], len(xs)) == (steps[0][0], steps[-1][0], 400)
    assert np.abs(np.diff(np.log(means))).mean() < 0.2 * np.abs(np.diff(np.log(losses))).mean()
    _, low, high = np.transpose(smooth["band"])
    assert (low <= means).all()
    assert (means <= high).all()
    within = ((low <= losses) & (losses <= high)).mean()
    assert 0.4 < within < 0.75, within
    assert [value for _, value in few["points"]] == [loss for _, loss in steps[:3]]
