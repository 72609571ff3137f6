"""Draw and Inside as people use them: by pen, finger, mouse and keys, wide and narrow."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitnet.data.dataset import as_input
from digitnet.export import export_model
from digitnet.handwriting.raster import Stroke
from digitnet.models.folder import load_model
from digitnet.models.model import Model, classify
from digitnet.nn import Context, Network, multilayer_perceptron
from support.browser import NARROW, WIDE, Visit, likely, started_server, strokes_of, violations
from support.tabs import focused, tab_to


@pytest.mark.parametrize("name", ["cnn", "mlp"])
def test_ten_digits_drawn_by_pen_are_read_and_python_agrees(name: str, visit: Visit) -> None:
    visit.page.select_option("#model", name)
    model = load_model(name)
    read = []
    for label in range(10):
        visit.draw(strokes_of(label))
        read.append(visit.digit)
        frame = visit.frame()[None]
        np.testing.assert_allclose(likely(visit), model.probabilities(frame)[0], atol=2e-4)
        visit.page.click("#clear")
        assert visit.digit == ""
    assert read == list("0123456789")


@pytest.mark.parametrize("pointer", ["mouse", "touch"])
def test_mouse_and_finger_draw_too(pointer: str, browser: Any, address: str) -> None:
    visit = Visit(browser, address, NARROW, has_touch=pointer == "touch")
    visit.draw(strokes_of(7), pointer)
    assert visit.digit == "7"
    assert visit.page.evaluate("scrollY") == 0, "a finger on the pad draws, it does not scroll"
    visit.close()


def test_a_pen_pressed_harder_draws_broader(visit: Visit) -> None:
    def inked() -> int:
        return int(
            visit.page.evaluate(
                "(() => { const c = document.getElementById('paper'); return c.getContext('2d')"
                ".getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v)"
                ".length; })()"
            )
        )

    visit.draw(strokes_of(0), force=0.1)
    light = inked()
    visit.page.click("#clear")
    visit.draw(strokes_of(0), force=0.9)
    assert inked() > 1.5 * light


@pytest.mark.parametrize(("thickness", "height"), [("1", 0.9), ("9", 0.9), ("9", 0.4), ("1", 0.3)])
def test_size_and_pen_do_not_matter(thickness: str, height: float, visit: Visit) -> None:
    visit.page.fill("#thickness", thickness)
    visit.draw(strokes_of(3, height=height))
    assert visit.digit == "3"


def test_undo_takes_strokes_back_and_clearing_too(visit: Visit) -> None:
    visit.draw(strokes_of(8))
    assert visit.digit == "8"
    visit.page.click("#clear")
    assert visit.digit == ""
    assert visit.page.is_visible("#pad-hint")
    visit.page.click("#undo")
    assert visit.digit == "8"
    for _ in strokes_of(8):
        visit.page.click("#undo")
    assert visit.page.is_disabled("#undo")
    assert visit.digit == ""


def test_a_dot_is_no_digit_yet(visit: Visit) -> None:
    visit.draw([Stroke(np.array([[0.5, 0.5], [0.5, 0.5]]), np.ones(2))])
    assert visit.digit == ""
    assert visit.page.inner_text("#verdict") == "Only a dot so far."


def test_doubt_and_no_digit_are_said(visit: Visit) -> None:
    """Scribbles until each was seen; Python must say the same of the same frame."""
    rng = np.random.default_rng(4)
    model = load_model("cnn")
    left = {"Unsure", "No digit"}
    for _ in range(100):
        points = rng.uniform(0.2, 0.8, (rng.integers(2, 7), 2))
        visit.draw([Stroke(points, np.ones(len(points)))])
        frame = visit.frame()
        probabilities = model.probabilities(frame[None])[0]
        reason = model.calibration.refusal(frame, probabilities, model.class_names)
        assert (visit.digit == "?") == (reason is not None)
        if reason is not None:
            first, second = probabilities.argsort()[::-1][:2]
            doubt = f"Unsure: {first} or {second}"
            none = "No digit that it has learnt looks like this"
            said = visit.page.inner_text("#verdict")
            assert said == (none if reason.startswith("no digit") else doubt)
            left -= {word for word in left if said.startswith(word)}
        if not left:
            return
        visit.page.click("#clear")
    pytest.fail(f"no scribble was answered with {left}")


def test_the_answer_is_said_aloud_once_the_pen_rests(visit: Visit) -> None:
    visit.hold_timers(500)
    visit.draw(strokes_of(2))
    assert visit.page.inner_text("#live") == ""
    assert visit.let_timers_go() == 1, "once, not for each movement"
    assert "It reads 2" in visit.page.inner_text("#live")
    label = visit.page.get_attribute("#seen", "aria-label")
    assert label is not None
    assert "It reads 2" in label


def test_keyboard_alone(visit: Visit) -> None:
    keyboard, page = visit.page.keyboard, visit.page
    tab_to(page, "tab-draw")
    tab_to(page, "paper")
    keyboard.press(" ")
    for _ in range(20):
        keyboard.press("ArrowDown")
    keyboard.press(" ")
    assert visit.digit == "1"
    keyboard.press("z")
    assert visit.digit == ""
    for digit in "0123456789":
        keyboard.press("c")
        keyboard.press(digit)
        assert visit.digit == digit
    page.focus("#tab-draw")
    keyboard.press("ArrowRight")
    assert focused(page) == "tab-inside"
    assert page.is_visible("#inside")
    assert not page.is_visible("#draw")
    for _ in range(60):
        keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "option":
            break
    before = page.inner_text(".detail-title >> nth=0")
    keyboard.press("ArrowRight")
    assert page.inner_text(".detail-title >> nth=0") != before
    keyboard.press("Home")
    assert page.inner_text(".detail-title >> nth=0") in ("Neuron 1", "Map 1")


def test_an_example_is_drawn_before_ones_eyes(browser: Any, address: str) -> None:
    visit = Visit(browser, address, reduced_motion="no-preference")
    visit.page.click("#examples button:nth-of-type(9)")
    visit.settle()
    visit.page.wait_for_selector("#digit:text('8')")
    visit.page.click("#undo")
    assert visit.digit == "", "one step back, not one for each movement"
    assert visit.page.is_disabled("#undo")
    visit.close()


def test_what_a_neuron_adds_is_its_share_of_the_sums(visit: Visit) -> None:
    """h[j] W2[j, k] for each digit k, by Python, and all of them with the biases are the logits."""
    visit.page.select_option("#model", "mlp")
    visit.draw(strokes_of(5))
    visit.page.click("#tab-inside")
    visit.settle()
    network = load_model("mlp").network
    W1, b1, W2, b2 = list(network.parameters.values())
    x = as_input(visit.frame()[None])[0]
    for layer in network.layers[: [type(each).__name__ for each in network.layers].index("Dense")]:
        x = layer.forward(x[None], Context())[0]
    hidden = 1 / (1 + np.exp(-(x @ W1 + b1)))
    units = visit.page.query_selector_all(".stage .unit")
    assert len(units) >= 64
    for j in (0, 17, 63):
        visit.page.click(f".unit[role=option][data-index='{j}']")
        shown = visit.page.eval_on_selector_all(
            ".with-pictures .adds .bar-value", "all => all.map((each) => each.textContent)"
        )
        adds = [float(text.replace("\u2212", "-")) for text in shown]
        np.testing.assert_allclose(adds, hidden[j] * W2[j], atol=0.0051)
    sums = visit.page.eval_on_selector_all(
        ".sums td:nth-child(2)", "all => all.map((each) => each.textContent)"
    )
    logits = [float(text.replace("\u2212", "-")) for text in sums]
    np.testing.assert_allclose(logits, hidden @ W2 + b2, atol=0.0051)
    answer = int(np.argmax(logits))
    best = int(np.argmax(hidden * W2[:, answer]))
    said = visit.page.inner_text(".deciders")
    assert said.startswith(f"Most for {answer} comes from neuron {best + 1} (+")
    np.testing.assert_allclose(logits, classify(network, visit.frame()[None])[0], atol=0.0051)


def test_inside_goes_on_when_the_drawing_changes(visit: Visit) -> None:
    visit.page.click("#tab-inside")
    visit.settle()
    assert visit.page.inner_text("#inside-verdict") == "The answer follows your pen."
    visit.draw(strokes_of(4))
    assert "It reads 4" in visit.page.inner_text("#inside-verdict")
    assert visit.page.query_selector(".sums tr.first th").inner_text() == "4"
    for name, title in (("mlp", "64 neurons look"), ("cnn", "small windows")):
        visit.page.select_option("#model", name)
        visit.page.wait_for_selector(f".stage h2:text('{title}')")
        assert "It reads 4" in visit.page.inner_text("#inside-verdict")
        for button in visit.page.query_selector_all(".step"):
            button.click()
    visit.page.click("#tab-draw")
    assert visit.digit == "4", "one drawing for both parts"


def test_a_neuron_is_chosen_for_the_drawing_until_someone_chooses(visit: Visit) -> None:
    visit.page.select_option("#model", "mlp")
    visit.page.click("#tab-inside")
    visit.settle()
    visit.page.wait_for_selector(".stage h2:text('64 neurons look')")
    assert not visit.page.is_visible(".detail"), "nothing is drawn yet"
    chosen = set()
    for label in (0, 1, 7):
        visit.draw(strokes_of(label))
        chosen.add(visit.page.inner_text(".detail-title"))
        assert "It fires at" in visit.page.inner_text(".detail-words")
        added = visit.page.locator(".adds li").nth(label).locator(".bar-value").inner_text()
        assert added.startswith("+"), "it is chosen for what it adds to the digit that is read"
        visit.page.click("#clear")
        visit.settle()
    assert len(chosen) > 1
    visit.page.click(".unit[role=option][data-index='2']")
    for label in (0, 1):
        assert visit.page.inner_text(".detail-words") == "Draw a digit to see it at work."
        visit.draw(strokes_of(label))
        assert visit.page.inner_text(".detail-title") == "Neuron 3"
        visit.page.click("#clear")
        visit.settle()


def test_inside_opens_on_the_simple_network_until_someone_chooses(visit: Visit) -> None:
    page = visit.page
    visit.draw(strokes_of(6))
    page.click("#tab-inside")
    page.wait_for_selector(".stage h2:text('64 neurons look')")
    assert page.input_value("#model") == "cnn", "which answers all the same"
    assert "You look into mlp, 784-deskewed-64-10" in page.inner_text(".looked-into")
    model = load_model("mlp")
    shown = page.locator(".sums tr.first td").first.inner_text()
    assert float(shown) == pytest.approx(
        classify(model.network, visit.frame()[None]).max(), abs=0.01
    )
    page.click("text=Look into cnn")
    page.wait_for_selector(".stage h2:text('32 small windows')")
    assert focused(page).startswith("The drawing becomes")
    page.select_option("#model", "mlp")
    page.wait_for_selector(".stage h2:text('64 neurons look')")
    page.select_option("#model", "cnn")
    page.wait_for_selector(".stage h2:text('32 small windows')")
    assert page.locator("button:text('Look into')").count() == 0


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_map_stays_in_sight_and_leads_to_each_layer(
    size: tuple[int, int], browser: Any, address: str
) -> None:
    visit = Visit(browser, f"{address}/#inside", size)
    page = visit.page
    page.click("#examples button:nth-of-type(3)")
    page.select_option("#model", "cnn")
    page.wait_for_selector(".stage h2:text('32 small windows')")
    stops = page.locator(".map-stop")
    assert stops.count() == page.locator("#layers .stage").count()
    assert [words.split("\n")[-1] for words in stops.all_inner_texts()] == [
        "28 \u00d7 28", "32", "64", "64", "128", "128", "10"
    ]  # fmt: skip
    current = page.locator(".map-stop[aria-current]")
    for k in (6, 2, 5, 0):
        stops.nth(k).click()
        heading = page.locator("#layers .stage h2").nth(k)
        page.wait_for_function(
            "(k) => document.querySelectorAll('.map-stop')[k].ariaCurrent === 'true'", arg=k
        )
        visit.settle()
        assert current.count() == 1
        assert focused(page) == heading.inner_text()
        chart, title = page.locator(".network-map").bounding_box(), heading.bounding_box()
        assert chart["y"] + chart["height"] <= title["y"] < size[1], "not hidden behind the map"
        assert chart["y"] >= 0
    page.mouse.wheel(0, 1500)
    page.wait_for_function("() => document.querySelectorAll('.map-stop')[0].ariaCurrent !== 'true'")
    assert current.count() == 1
    assert not visit.overflows()
    visit.close()


@pytest.mark.parametrize("width", [390, 800, 1200, 1440])
def test_feature_maps_fill_their_rows(width: int, browser: Any, address: str) -> None:
    visit = Visit(browser, f"{address}/#inside", (width, 900))
    visit.page.select_option("#model", "cnn")
    visit.page.wait_for_selector(".stage h2:text('32 small windows')")
    visit.settle()
    rows = visit.page.eval_on_selector_all(
        ".with-pictures .units",
        """grids => grids.map((grid) => {
          const tops = [...grid.children].map((each) => each.offsetTop);
          return [tops.length, tops.filter((top) => top === tops[0]).length,
            tops.filter((top) => top === tops.at(-1)).length];
        })""",
    )
    assert [n for n, _, _ in rows] == [32, 64, 64, 128]
    assert all(first == last > 1 for _, first, last in rows), rows
    visit.close()


LOOKS = [
    (part, size, theme)
    for part in ("draw", "inside")
    for size in (WIDE, NARROW)
    for theme in ("light", "dark")
]


@pytest.mark.parametrize(("part", "size", "theme"), LOOKS)
def test_it_fits_in_either_theme(
    part: str, size: tuple[int, int], theme: str, browser: Any, address: str
) -> None:
    visit = Visit(browser, f"{address}/#{part}", size, theme)
    assert visit.page.evaluate("document.documentElement.dataset.theme") == theme
    visit.page.click("#examples button:nth-of-type(3)")
    visit.settle()
    assert not visit.overflows()
    visit.close()


@pytest.mark.parametrize(("part", "size", "theme"), LOOKS)
def test_nobody_is_kept_out(
    part: str, size: tuple[int, int], theme: str, browser: Any, address: str
) -> None:
    visit = Visit(browser, f"{address}/#{part}", size, theme)
    visit.page.click("#examples button:nth-of-type(3)")
    visit.settle()
    visit.page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
    assert violations(visit) == []
    visit.close()


def assert_room(visit: Visit, selector: str) -> None:
    """Each of twelve rows has its name, bar and figure side by side, and the bar has a width."""
    rows = visit.page.evaluate(
        f"[...document.querySelectorAll('{selector}')].map((row) => [...row.children]"
        ".map((cell) => cell.getBoundingClientRect()).map((box) => [box.left, box.right]))"
    )
    assert len(rows) == 12
    for row in rows:
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(row))
        assert row[1][1] - row[1][0] > 40


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_twelve_classes_with_long_names_have_room(
    size: tuple[int, int], browser: Any, tmp_path: Path
) -> None:
    names = ("F", "small letter d", "a name that is longer than any", *"ABCGHIJKL")
    network = Network(multilayer_perceptron(784, [5], 12))
    network.parameters["b2"][2] = 20
    export_model(Model(network, names), "html", "letters", tmp_path / "letters.html")
    visit = Visit(browser, (tmp_path / "letters.html").as_uri(), size)
    visit.draw(strokes_of(7))
    assert visit.digit == names[2]
    assert_room(visit, "#bars li")
    assert visit.page.locator("#examples").is_hidden(), "digits are none of its classes"
    assert not visit.overflows()
    visit.page.click("#tab-inside")
    visit.settle()
    assert f"It reads {names[2]}: over 99.9 % likely." in visit.page.inner_text("#inside-verdict")
    assert_room(visit, ".adds li")
    assert not visit.overflows()
    visit.close()


def test_colours_are_chosen_and_kept(browser: Any, address: str) -> None:
    visit = Visit(browser, address, theme="light")
    visit.page.click("#theme")
    assert visit.page.evaluate("document.documentElement.dataset.theme") == "dark"
    dark = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark == "rgb(20, 22, 26)"
    visit.page.reload()
    assert visit.page.evaluate("document.documentElement.dataset.theme") == "dark"
    visit.close()


def test_a_server_that_went_away_is_said(
    browser: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with started_server(tmp_path_factory.mktemp("leaving")) as address:
        visit = Visit(browser, address)
    visit.expect("Failed to load resource")  # the browser itself complains of the lost connection
    visit.page.select_option("#model", "mlp")
    visit.page.wait_for_selector("#trouble:not([hidden])")
    assert "digitnet serve" in visit.page.inner_text("#trouble")
    visit.draw(strokes_of(6))
    assert visit.digit == "6", "what is here goes on working"
    visit.close()
