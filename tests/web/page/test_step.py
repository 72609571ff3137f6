"""One step as people use it: the loss, the error back, a step, a run, and what breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitnet.data.dataset import as_input
from digitnet.export import export_model
from digitnet.models.folder import load_model
from digitnet.nn import one_hot
from support.browser import NARROW, WIDE, Visit, strokes_of, violations
from support.tabs import focused, tab_to

TIMES = " \u00d7 "


@pytest.fixture
def stepping(browser: Any, address: str) -> Iterator[Visit]:
    visit = Visit(browser, f"{address}/#step")
    visit.page.wait_for_selector("#step-go")
    yield visit
    visit.close()


def number(text: str) -> float:
    return float(text.replace("\u2212", "-").replace("no number", "nan"))


def loss_of(visit: Visit) -> float:
    return number(visit.page.inner_text(".step-loss strong").removeprefix("Loss "))


def chain(visit: Visit) -> list[str]:
    found: list[str] = visit.page.eval_on_selector_all(
        ".chain dd", "all => all.map((each) => each.textContent)"
    )
    return found


def told(visit: Visit) -> str:
    return str(visit.page.inner_text("#step-views .notice"))


def test_the_loss_the_error_and_the_factors_are_python_s(stepping: Visit) -> None:
    """A drawn 3 called an 8, by a copy of mlp, though the page reads with cnn."""
    page = stepping.page
    stepping.draw(strokes_of(3))
    assert page.input_value("#step-label") == "3", "what the model reads, until told otherwise"
    page.select_option("#step-label", "8")
    network = load_model("mlp").network
    gradient = np.empty_like(network.vector)
    x = as_input(stepping.frame()[None])
    loss, logits = network.loss_and_gradient(x, one_hot(np.array([8]), 10), gradient)
    assert loss_of(stepping) == pytest.approx(loss, rel=0.01)
    shown = page.eval_on_selector_all(
        "#step .sums td:nth-of-type(3)", "all => all.map((each) => each.textContent)"
    )
    p = np.exp(logits[0] - logits[0].max())
    dZ2 = p / p.sum() - np.eye(10)[8]
    np.testing.assert_allclose([number(text) for text in shown], dZ2, atol=0.0051)
    before = network.vector.copy()
    network.vector[:] = gradient
    dW1, db1, dW2, _ = (view.copy() for view in network.parameters.values())
    network.vector[:] = before
    W2 = network.parameters["W2"]
    j = int(np.abs(db1).argmax())
    assert page.inner_text(".chain-detail .detail-title") == f"Neuron {j + 1}", "most error first"
    rows = chain(stepping)
    close = {"rel": 0.02, "abs": 1e-6}
    assert number(rows[1]) == pytest.approx(float(dZ2 @ W2[j]), **close)
    dA1, slope = (number(each) for each in rows[3].partition(" = ")[0].split(TIMES))
    assert number(rows[3].partition(" = ")[2]) == pytest.approx(float(db1[j]), **close)
    assert dA1 * slope == pytest.approx(float(db1[j]), rel=0.03)
    assert number(rows[4].partition(" = ")[2]) == pytest.approx(
        float(dW1[np.abs(dW1[:, j]).argmax(), j]), **close
    )
    assert number(rows[-1]) == pytest.approx(float(db1[j]), **close)
    words = page.inner_text("#step .weights-2-place + p")
    largest = number(words.split()[2].rstrip(","))
    assert largest == pytest.approx(float(dW2.flat[np.abs(dW2).argmax()]), **close)


def test_a_step_lowers_the_loss_and_the_model_stays(stepping: Visit) -> None:
    page = stepping.page
    stepping.draw(strokes_of(3))
    page.select_option("#step-label", "8")
    first = loss_of(stepping)
    page.click("#step-go")
    second = loss_of(stepping)
    assert second < first
    assert "1 step so far" in page.inner_text(".step-loss")
    assert re.search(r": [\d.]+ before the step, [\d.]+ after", told(stepping))
    assert page.inner_text("#live") == told(stepping), "it is said aloud"
    page.click("text=moved so far >> nth=0")
    assert page.inner_text("#step .weights-2-place + p").startswith("W2 has moved")
    page.click("#step-again")
    assert loss_of(stepping) == first
    page.click("#tab-draw")
    assert stepping.digit == "3", "the page's model has learnt nothing"


def test_the_rate_can_be_any_number_above_0_and_else_is_said(stepping: Visit) -> None:
    page = stepping.page
    moves = []
    for rate in ("0.01", "0.1"):
        page.fill("#step-rate", rate)
        moves.append(chain(stepping)[5])
    assert [move.split(TIMES)[0].split()[-1] for move in moves] == ["0.0100", "0.100"]
    for wrong in ("0", "-1", "", "1e9"):
        page.fill("#step-rate", wrong)
        assert page.get_attribute("#step-rate", "aria-invalid") == "true"
        assert "0.1 stays in use" in page.inner_text("#step-rate-wrong")
    page.fill("#step-rate", "2")
    assert page.get_attribute("#step-rate", "aria-invalid") == "false"
    assert page.inner_text("#step-rate-wrong") == ""


@pytest.mark.parametrize(
    ("pressed", "why"),
    [
        ("Rate too high", "neurons are stuck"),
        ("Zero start", "copies of one"),
        ("One class", "samples are read as"),
    ],
)
def test_it_breaks_and_says_why(pressed: str, why: str, stepping: Visit) -> None:
    stepping.page.click(f"text={pressed}")
    assert why in told(stepping)
    assert "warn" in stepping.page.get_attribute("#step-views .notice", "class")
    wrong = stepping.page.locator(".samples .wrong").all_inner_texts()
    assert len(wrong) > 3
    assert all(" read " in each for each in wrong), "said in words, not by a colour alone"


def test_it_runs_by_itself_until_stopped_or_left(stepping: Visit) -> None:
    page = stepping.page
    page.select_option("#step-source", "turn")
    assert page.is_disabled("#step-label"), "samples come with their label"
    page.select_option("#step-start", "random")
    page.select_option("#step-speed", "20")
    page.click("#step-run")
    page.wait_for_selector(".step-loss:text-matches('[1-9][0-9]+ steps')")
    assert page.inner_text("#step-run") == "Stop"
    page.click("#tab-inside")
    page.click("#tab-step")
    assert page.inner_text("#step-run") == "Run slowly", "nothing runs on unseen"
    before = page.inner_text(".step-loss")
    page.wait_for_timeout(200)
    assert page.inner_text(".step-loss") == before


def test_the_keyboard_alone_reaches_all_of_it(stepping: Visit) -> None:
    page = stepping.page
    page.focus("#tab-step")
    for wanted in ("step-source", "step-label", "step-start", "step-rate", "step-speed"):
        tab_to(page, wanted)
    for wanted in ("Rate too high", "Zero start", "One class", "step-go"):
        tab_to(page, wanted)
    page.keyboard.press("Enter")
    assert "1 step so far" in page.inner_text(".step-loss")
    for wanted in ("step-run", "step-again"):
        tab_to(page, wanted)
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "option":
            break
    before = page.inner_text(".chain-detail .detail-title")
    page.keyboard.press("ArrowRight")
    assert page.inner_text(".chain-detail .detail-title") != before
    assert "dZ1" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused(page) != "step-go"


def test_another_model_is_used_where_it_fits(stepping: Visit) -> None:
    page = stepping.page
    assert "cnn has other layers than One step shows: mlp" in page.inner_text("#step-settings")
    page.select_option("#model", "mlp")
    page.wait_for_selector("#step-settings:has-text('A copy learns'):not(:has-text('cnn'))")
    assert "mlp as it is" in page.inner_text("#step-start")


LOOKS = [(size, theme) for size in (WIDE, NARROW) for theme in ("light", "dark")]


@pytest.mark.parametrize(("size", "theme"), LOOKS)
def test_it_fits_and_keeps_nobody_out(
    size: tuple[int, int], theme: str, browser: Any, address: str
) -> None:
    visit = Visit(browser, f"{address}/#step", size, theme)
    visit.page.wait_for_selector("#step-go")
    visit.page.click("#examples button:nth-of-type(3)")
    visit.page.click("text=Rate too high")
    visit.settle()
    assert not visit.overflows()
    visit.page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
    assert violations(visit) == []
    visit.close()


@pytest.mark.parametrize(("name", "start"), [("mlp", "model"), ("cnn", "random")])
def test_it_is_in_the_one_file_page_too(
    name: str, start: str, browser: Any, tmp_path: Path
) -> None:
    """Where the model has other layers, a new network learns."""
    target = tmp_path / "digit.html"
    export_model(load_model(name), "html", name, target)
    visit = Visit(browser, f"{target.as_uri()}#step", NARROW, offline=True)
    visit.page.wait_for_selector("#step-go")
    assert visit.page.input_value("#step-start") == start
    visit.page.select_option("#step-start", "random")
    visit.draw(strokes_of(4))
    first = loss_of(visit)
    visit.page.click("#step-go")
    assert loss_of(visit) < first
    assert not visit.overflows()
    assert [url for url in visit.asked if not url.startswith(("data:", "file:"))] == []
    visit.close()
