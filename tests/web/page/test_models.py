"""Models as people use them: seen with their figures, chosen, and taken along."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitnet.models.folder import load_model, save_model
from support.browser import NARROW, WIDE, Visit, violations
from support.helpers import small_model
from support.tabs import asked, focused, opened, tab_to


@pytest.fixture(scope="module")
def folder(folder: Path) -> Path:
    save_model(small_model(np.random.default_rng(1)), folder / "models" / "mine")
    return folder


def row(page: Any, name: str) -> Any:
    return page.locator(f".models tbody tr:has(button[data-model='{name}'])")


def test_every_model_is_there_with_its_figures(visit: Visit, address: str) -> None:
    page = opened(visit, "models")
    listed = asked(address, "api/models")["models"]
    assert {"mlp", "cnn", "mine"} <= {one["name"] for one in listed}
    for model in listed:
        words = row(page, model["name"]).inner_text()
        assert model["network"] in words
        assert f"{model['parameters']:,}" in words
        assert f"{round(model['bytes'] / 1000)} kB" in words
        share = model["validation_accuracy"]
        assert ("not measured" if share is None else f"{100 * share:.2f} %") in words
    assert "your own" in row(page, "mine").inner_text()
    assert "in the box" in row(page, "mlp").inner_text()


def test_what_cannot_be_read_is_named_with_its_reason(visit: Visit, folder: Path) -> None:
    page = opened(visit, "models")
    page.wait_for_selector(".models tbody tr")
    assert page.locator("#models .unreadable").is_hidden()
    page.click("#tab-draw")
    save_model(small_model(np.random.default_rng(2)), folder / "models" / "torn")
    (folder / "models" / "torn" / "W1.npy").write_bytes(b"no")
    page.click("#tab-models")
    page.wait_for_selector(".unreadable dt")
    assert page.locator(".unreadable dt").all_inner_texts() == ["torn"]
    (reason,) = page.locator(".unreadable dd").all_inner_texts()
    assert reason.startswith("models/torn/W1.npy is not the array that model.json")
    assert row(page, "mine").count() == 1
    assert violations(visit) == []
    assert visit.overflows() == []
    shutil.rmtree(folder / "models" / "torn")
    page.click("#tab-draw")
    page.click("#tab-models")
    page.wait_for_selector(".unreadable", state="hidden")


def test_one_is_chosen_here_and_in_the_head_alike(visit: Visit) -> None:
    page = opened(visit, "models")
    row(page, "mlp").get_by_role("button", name="Use mlp").click()
    page.wait_for_selector(".models button[data-model='mlp'][aria-pressed='true']")
    assert page.input_value("#model") == "mlp"
    assert page.locator(".models button[aria-pressed='true']").count() == 1
    page.select_option("#model", "mine")
    page.wait_for_selector(".models button[data-model='mine'][aria-pressed='true']")


def test_a_long_name_leaves_the_head_within_a_narrow_screen(
    browser: Any, address: str, folder: Path
) -> None:
    name = "trained-in-the-second-week-of-school"
    save_model(small_model(np.random.default_rng(3)), folder / "models" / name)
    visit = Visit(browser, address, NARROW, "light")
    visit.page.wait_for_selector(f"#model option[value='{name}']", state="attached")
    visit.page.select_option("#model", name)
    assert visit.overflows() == []
    visit.close()
    shutil.rmtree(folder / "models" / name)


def test_a_zip_holds_a_model_that_loads(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, "models")
    with page.expect_download() as download:
        row(page, "mine").locator("summary").click()
        row(page, "mine").get_by_role("link", name="Zip").click()
    assert download.value.suggested_filename == "mine.zip"
    download.value.save_as(tmp_path / "mine.zip")
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        archive.extractall(tmp_path)
    given = small_model(np.random.default_rng(1)).network.vector
    assert np.array_equal(load_model(tmp_path / "mine").network.vector, given)


def test_the_one_file_page_is_offered_and_whole(visit: Visit, tmp_path: Path) -> None:
    page = opened(visit, "models")
    with page.expect_download() as download:
        row(page, "mlp").locator("summary").click()
        row(page, "mlp").get_by_role("link", name="One-file page").click()
    download.value.save_as(tmp_path / "mlp.html")
    assert "<canvas" in (tmp_path / "mlp.html").read_text(encoding="utf-8")


def test_a_model_is_chosen_with_the_keyboard_and_the_focus_stays(visit: Visit) -> None:
    page = opened(visit, "models")
    page.wait_for_selector(".models button[data-model='mlp']")
    tab_to(page, "Use")
    name = page.evaluate("document.activeElement.dataset.model")
    page.keyboard.press("Enter")
    page.wait_for_selector(f".models button[data-model='{name}'][aria-pressed='true']")
    assert focused(page) == "In use"


def test_a_model_that_comes_later_is_seen_when_the_part_is_opened(
    visit: Visit, folder: Path
) -> None:
    page = opened(visit, "models")
    page.click("#tab-draw")
    save_model(small_model(np.random.default_rng(2)), folder / "models" / "later")
    page.click("#tab-models")
    page.wait_for_selector(".models button[data-model='later']")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_the_screen_and_has_no_violations(
    size: tuple[int, int], theme: str, browser: Any, address: str
) -> None:
    visit = Visit(browser, address, size, theme)
    page = opened(visit, "models")
    page.wait_for_selector(".models button[data-model='mine']")
    assert visit.overflows() == []
    assert page.get_by_role("row").count() >= 3, "still a table to a screen reader"
    assert violations(visit) == []
    row(page, "cnn").locator("summary").click()
    row(page, "mine").locator(".notation").hover()
    assert visit.overflows() == []
    assert violations(visit) == []
    row(page, "mine").get_by_role("button", name="Delete mine").click()
    compare(page, "mlp", "mine")
    assert visit.overflows() == []
    assert violations(visit) == []
    visit.close()


def compare(page: Any, one: str, other: str) -> str:
    """What the page says of two models."""
    page.select_option("#compare-first", one)
    page.select_option("#compare-second", other)
    page.click("#compare-go")
    page.wait_for_selector(".verdict-of-two")
    return str(page.inner_text(".verdict-of-two"))


def test_two_models_are_compared_on_the_same_digits(visit: Visit, address: str) -> None:
    page = opened(visit, "models")
    page.wait_for_selector(".models tbody tr")
    told = asked(address, "api/compare?first=mlp&second=mine")
    more = told["models"][0]["right"] - told["models"][1]["right"]
    words = compare(page, "mlp", "mine")
    assert words.startswith(f"mlp is better: it reads {more} digits more rightly than mine")
    assert page.locator(".differ li").count() == len(told["differ"])
    first = told["differ"][0]
    assert page.locator(".differ li").first.inner_text().split("\n") == [
        f"is {first['label']}", f"mlp {first['read_as'][0]}", f"mine {first['read_as'][1]}"
    ]  # fmt: skip
    page.select_option("#compare-second", "mlp")
    page.click("#compare-go")
    page.wait_for_selector(".verdict-of-two", state="detached")
    assert "two different models" in page.inner_text("#models section .notice:visible")


def test_a_notation_is_explained_where_it_is_pointed_at(visit: Visit) -> None:
    page = opened(visit, "models")
    page.wait_for_selector(".models tbody tr")
    word = row(page, "cnn").locator(".notation")
    tip = row(page, "cnn").locator(".tip")
    assert tip.is_hidden()
    word.hover()
    assert tip.is_visible()
    words = tip.inner_text()
    assert "32 windows of 5 \u00d7 5 slide over it" in words
    assert "of each 2 \u00d7 2 numbers the largest" in words
    assert "128 neurons" in words
    assert "a layer of its own kind" not in page.locator(".models").inner_text()
    page.mouse.move(0, 0)
    assert tip.is_hidden()
    page.keyboard.press("Tab")
    word.focus()
    assert tip.is_visible()
    page.keyboard.press("Escape")
    assert tip.is_hidden()


def test_a_model_for_devices_says_what_it_is_for_and_gives_its_header(visit: Visit) -> None:
    page = opened(visit, "models")
    device = page.locator(".models tr[data-row='mcu']")
    device.wait_for()
    assert "microcontroller" in device.inner_text()
    assert device.get_by_role("button", name="Use mcu").count() == 0
    assert page.locator("#model option[value='mcu']").count() == 0
    device.locator("summary").click()
    assert device.locator(".menu-list a").all_inner_texts() == ["Zip", "ONNX", "C header"]
    with page.expect_download() as download:
        device.get_by_role("link", name="C header").click()
    assert download.value.suggested_filename == "mcu.h"
    assert "at 3 bits" in device.inner_text()


def test_a_model_is_renamed_and_stays_in_use(visit: Visit, folder: Path) -> None:
    save_model(small_model(np.random.default_rng(4)), folder / "models" / "old-name")
    page = opened(visit, "models")
    row(page, "old-name").get_by_role("button", name="Use old-name").click()
    page.wait_for_selector(".models button[data-model='old-name'][aria-pressed='true']")
    row(page, "old-name").get_by_role("button", name="Rename old-name").click()
    field = page.get_by_label("New name of old-name")
    field.fill("mlp")
    visit.expect("409")
    page.keyboard.press("Enter")
    page.wait_for_selector("#models .notice.error")
    assert "mlp is taken already" in page.inner_text("#models .notice.error")
    field.fill("new-name")
    page.keyboard.press("Enter")
    page.wait_for_selector(".models button[data-model='new-name'][aria-pressed='true']")
    assert page.input_value("#model") == "new-name"
    assert focused(page) == "In use"
    assert not (folder / "models" / "old-name").exists()
    row(page, "new-name").get_by_role("button", name="Rename new-name").click()
    page.keyboard.press("Escape")
    assert focused(page) == "Rename"
    shutil.rmtree(folder / "models" / "new-name")


def test_a_model_is_deleted_only_when_it_was_asked_twice(visit: Visit, folder: Path) -> None:
    place = folder / "models" / "superfluous"
    save_model(small_model(np.random.default_rng(5)), place)
    page = opened(visit, "models")
    row(page, "superfluous").get_by_role("button", name="Use superfluous").click()
    page.wait_for_selector(".models button[data-model='superfluous'][aria-pressed='true']")
    line = page.locator(".models tr[data-row='superfluous']")
    line.get_by_role("button", name="Delete superfluous").click()
    assert focused(page) == "Keep it"
    assert "cannot be taken back" in line.inner_text()
    page.keyboard.press("Enter")
    assert (place.is_dir(), focused(page)) == (True, "Delete")
    line.get_by_role("button", name="Delete superfluous").click()
    line.get_by_role("button", name="Delete for good: superfluous").click()
    page.wait_for_selector(".models tr[data-row='superfluous']", state="detached")
    assert not place.exists()
    page.wait_for_selector(".models button[data-model='cnn'][aria-pressed='true']")
    assert page.input_value("#model") == "cnn"
    for name in ("cnn", "mcu"):
        doing = page.locator(f".models tr[data-row='{name}']")
        assert doing.get_by_role("button", name="Delete").count() == 0


def test_a_damaged_model_can_be_deleted(visit: Visit, folder: Path) -> None:
    save_model(small_model(np.random.default_rng(2)), folder / "models" / "torn")
    (folder / "models" / "torn" / "W1.npy").write_bytes(b"no")
    page = opened(visit, "models")
    page.get_by_role("button", name="Delete torn").click()
    page.get_by_role("button", name="Delete for good: torn").click()
    page.wait_for_selector(".unreadable", state="hidden")
    assert not (folder / "models" / "torn").exists()


def test_a_zip_and_a_folder_are_taken_in_and_what_is_none_is_refused(
    visit: Visit, folder: Path, tmp_path: Path
) -> None:
    save_model(small_model(np.random.default_rng(6)), tmp_path / "from afar")
    (tmp_path / "from afar" / "diary.txt").write_text("dear")
    shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, "from afar")
    page = opened(visit, "models")
    page.set_input_files("#model-zip", tmp_path / "packed.zip")
    page.wait_for_selector(".models tr[data-row='packed']")
    notice = page.get_by_label("Add a model").locator(".notice")
    notice.get_by_text("Kept as packed.").wait_for()
    assert "Left out, as no part of a model: diary.txt." in notice.inner_text()
    page.set_input_files("#model-folder", tmp_path / "from afar")
    page.wait_for_selector(".models tr[data-row='from-afar']")
    given = load_model(tmp_path / "from afar").network.vector
    for name in ("packed", "from-afar"):
        assert np.array_equal(load_model(folder / "models" / name).network.vector, given)
        shutil.rmtree(folder / "models" / name)
    (tmp_path / "no.zip").write_bytes(b"no")
    visit.expect("422")
    page.set_input_files("#model-zip", tmp_path / "no.zip")
    notice.get_by_text("That is no zip file, or a damaged one; make it anew.").wait_for()
