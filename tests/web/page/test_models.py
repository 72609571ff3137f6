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
    row(page, "mlp").get_by_role("button").click()
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
    visit.close()
