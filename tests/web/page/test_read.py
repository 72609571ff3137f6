"""Read as people use it: a picture dropped, pasted or chosen, read, looked at, and corrected."""

from __future__ import annotations

import base64
import csv
import io
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.hands import Hand, careful
from digitnet.handwriting.pages import draw_page
from digitnet.imaging.framing import frame_picture
from digitnet.imaging.pictures import open_picture
from digitnet.models.box import in_box
from digitnet.models.folder import load_model
from support.browser import LONG, NARROW, WIDE, Visit, started_server, violations
from support.drawn import as_file, letter, photo, turned_by_exif, written
from support.forms import blank_form, filled_form, template_text
from support.helpers import digitnet
from support.tabs import asked, focused, opened, tab_to

LINES = ["38 20", "506"]


@pytest.fixture(scope="module")
def page_picture() -> bytes:
    """A page in two rows by a careful hand."""
    rng = np.random.default_rng(3)
    hand = replace(careful(Hand.sample(rng), 0.9), pen=np.array([0.06], np.float32))
    return as_file(draw_page(LINES, rng, style=PageStyle(digit=44), hand=hand).picture)


@pytest.fixture(scope="module")
def seven() -> bytes:
    """A photograph of one digit."""
    rng = np.random.default_rng(4)
    cover = written(7, rng, care=0.9).cover((300, 400), 120)
    return as_file(photo(cover, rng), "JPEG")


def hand_over(page: Any, content: bytes, how: str, kind: str = "image/png") -> None:
    """Give a file to the page as a drop or a paste does."""
    page.evaluate(
        """([content, how, kind]) => {
          const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
          const data = new DataTransfer();
          data.items.add(new File([bytes], "picture", { type: kind }));
          const target = how === "drop" ? document.querySelector("#read .drop") : document.body;
          const event = how === "drop"
            ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
          target.dispatchEvent(event);
        }""",
        [base64.b64encode(content).decode(), how, kind],
    )


def choose(page: Any, content: bytes, kind: str = "image/png") -> None:
    """Give a file to the page by its file chooser, and wait until it is read."""
    with page.expect_file_chooser() as chooser:
        page.click("text=Choose pictures")
    chooser.value.set_files({"name": "picture", "mimeType": kind, "buffer": content})
    page.wait_for_selector("#read .notice:not([hidden]):not(:text('Reading'))")


def as_pdf(picture: bytes) -> bytes:
    """A picture as a PDF of one page."""
    content = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").save(content, "PDF")
    return content.getvalue()


def lines(page: Any) -> list[str]:
    return str(page.inner_text("#read-lines")).split("\n")


def kept(folder: Path, label: int) -> list[Path]:
    return sorted((folder / "corrections" / str(label)).glob("*.png"))


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_page_dropped_or_pasted_is_read_line_by_line(
    how: str, visit: Visit, page_picture: bytes
) -> None:
    page = opened(visit, "read")
    hand_over(page, page_picture, how)
    page.wait_for_selector(".digit-box")
    assert [line for line in lines(page) if line] == LINES
    assert "7 digits found" in page.inner_text("#read .notice")
    page.locator(".digit-box").nth(0).click()
    page.evaluate("document.activeElement.blur()")  # as after a single digit was dropped
    page.keyboard.press("8")
    page.wait_for_selector(".digit-view .notice.good:text('Kept as 8')")
    page.keyboard.press("Delete")
    page.wait_for_selector(".digit-view .notice.good:text('Taken back')")
    page.click("#tab-models")
    page.keyboard.press("8")
    page.click("#tab-read")
    assert not page.locator(".digit-view .notice:text('Kept as 8')").count()


def test_boxes_lie_on_the_ink_at_every_size(visit: Visit, page_picture: bytes) -> None:
    page = opened(visit, "read")
    choose(page, page_picture)
    with Image.open(io.BytesIO(page_picture)) as image:
        grey = np.asarray(image.convert("L")).astype(float)
    for width in (1440, 390, 800):
        visit.resize(width, 844)
        found = page.evaluate(
            """[...document.querySelectorAll('.digit-box')].map((mark) => {
              const image = document.querySelector('.picture img').getBoundingClientRect();
              const box = mark.querySelector('.edge').getBoundingClientRect();
              const text = mark.querySelector('text').getBoundingClientRect();
              return [(box.left - image.left) / image.width, (box.top - image.top) / image.height,
                (box.right - image.left) / image.width, (box.bottom - image.top) / image.height,
                text.height];
            })"""
        )
        assert len(found) == 7
        for left, top, right, bottom, letters in found:
            x0, x1 = round(left * grey.shape[1]), round(right * grey.shape[1])
            y0, y1 = round(top * grey.shape[0]), round(bottom * grey.shape[0])
            inside = grey[max(0, y0) : y1, max(0, x0) : x1]
            assert (inside < grey.mean() - 60).mean() > 0.05, "there is ink in the box"
            assert letters >= 12, "the reading can be read"


def test_a_photo_of_one_digit_is_read_and_its_framing_shown(visit: Visit, seven: bytes) -> None:
    page = opened(visit, "read")
    choose(page, seven, "image/jpeg")
    assert lines(page) == ["7"]
    assert "Read as 7" in page.inner_text(".digit-words")
    page.click("text=Show how it was framed")
    page.wait_for_selector(".stages li")
    widths = page.evaluate(
        "Promise.all([...document.querySelectorAll('.stages img')].map(async (image) =>"
        " { await image.decode(); return image.naturalWidth; }))"
    )
    assert len(widths) >= 3
    assert widths[-1] == 28, "the last stage is the frame"
    page.click("text=Hide the stages")
    assert not page.locator(".stages").is_visible()


def test_several_pictures_are_looked_at_one_by_one_and_stay_corrected(
    visit: Visit, page_picture: bytes, seven: bytes
) -> None:
    visit.expect("422")  # of what is no picture
    page = opened(visit, "read")
    choose(page, seven, "image/jpeg")
    assert page.locator(".picture-queue").is_hidden()
    with page.expect_file_chooser() as chooser:
        page.click("text=Choose pictures")
    files = [("one.jpg", "image/jpeg", seven), ("two.png", "image/png", page_picture),
             ("three.png", "image/png", b"no picture at all")]  # fmt: skip
    chooser.value.set_files([{"name": n, "mimeType": k, "buffer": b} for n, k, b in files])
    page.wait_for_selector(".queue-words:text('1 of 3: one.jpg')")
    page.wait_for_selector("#read .notice.good")
    page.keyboard.press("1")
    page.wait_for_selector(".digit-view .notice.good:text('Kept as 1')")

    page.click("text=Next picture")
    page.wait_for_selector(".queue-words:text('2 of 3: two.png')")
    page.wait_for_selector(".digit-box:nth-of-type(7)")
    assert [line for line in lines(page) if line] == LINES
    page.locator(".digit-box").nth(0).click()
    page.click("text=Next picture")
    page.wait_for_selector("#read .notice.error")
    assert focused(page) == "Previous picture"
    page.keyboard.press("9")  # there is nothing to correct now
    page.keyboard.press("Enter")
    page.wait_for_selector(".digit-box:nth-of-type(7)")
    page.keyboard.press("Enter")
    page.wait_for_selector(".queue-words:text('1 of 3: one.jpg')")
    assert lines(page) == ["1"], "what was corrected stays so"
    assert violations(visit) == []
    page.keyboard.press("Delete")
    page.wait_for_selector(".digit-view .notice.good:text('Taken back')")
    assert lines(page) == ["7"]
    visit.resize(*NARROW)
    assert visit.overflows() == []


def test_a_picture_that_lies_turned_has_its_box_where_it_is_seen(visit: Visit) -> None:
    rng = np.random.default_rng(6)
    cover = written(4, rng, care=0.9).cover((300, 500), 150, centre=(0.25, 0.5))
    page = opened(visit, "read")
    choose(page, turned_by_exif(photo(cover, rng), 6, "JPEG"), "image/jpeg")
    assert lines(page) == ["4"]
    share = page.evaluate(
        "(() => { const image = document.querySelector('.picture img').getBoundingClientRect();"
        " const box = document.querySelector('.edge').getBoundingClientRect();"
        " return [image.width / image.height,"
        " (box.left + box.width / 2 - image.left) / image.width]; })()"
    )
    assert share[0] == pytest.approx(500 / 300, rel=0.02)
    assert share[1] == pytest.approx(0.25, abs=0.05)


def test_a_correction_is_kept_under_its_right_label_and_can_be_learnt_from(
    visit: Visit, address: str, folder: Path, page_picture: bytes
) -> None:
    page = opened(visit, "read")
    choose(page, page_picture)
    before = {label: len(kept(folder, label)) for label in range(10)}
    count = asked(address, "api/corrections")["count"]
    page.locator(".digit-box").nth(4).click()  # the 5 of 506
    page.keyboard.press("3")
    page.wait_for_selector(".digit-view .notice.good")
    (new,) = kept(folder, 3)[before[3] :]
    assert {label: len(kept(folder, label)) for label in range(10)} == {**before, 3: before[3] + 1}
    assert [line for line in lines(page) if line] == [LINES[0], "306"]
    assert f"{count + 1} correction" in page.inner_text("#read-corrections")
    shown = page.get_attribute(".digit-view img.pixels", "src").partition(",")[2]
    with Image.open(io.BytesIO(base64.b64decode(shown))) as image:
        seen = np.asarray(image.convert("L")).astype(float)
    framed = frame_picture(open_picture(new)).image.astype(float)
    assert np.corrcoef(seen.ravel(), framed.ravel())[0, 1] > 0.9, "it is the digit that was meant"

    page.click(".keys-of-digits button:text-is('5')")  # a slip of the finger is mended
    page.wait_for_selector(".digit-view .notice.good:text('5')")
    assert len(kept(folder, 3)) == before[3]
    assert len(kept(folder, 5)) == before[5] + 1
    kinds = sum(bool(n) for n in asked(address, "api/corrections")["per_label"])
    assert page.locator("text=Train with them").is_visible() == (kinds > 1)
    assert [line for line in lines(page) if line][1] == LINES[1]
    page.locator(".digit-view").get_by_role("button", name="Take the correction back").click()
    page.wait_for_selector(".digit-view .notice.good:text('Taken back')")
    assert len(kept(folder, 5)) == before[5]
    assert focused(page) == "5"
    page.keyboard.press("4")
    page.wait_for_selector(".digit-view .notice.good:text('4')")
    page.keyboard.press("Delete")
    page.wait_for_selector(".digit-view .notice.good:text('Taken back')")
    assert {label: len(kept(folder, label)) for label in range(10)} == before
    assert page.locator(".digit-view button:text('Take the')").is_hidden()
    page.keyboard.press("5")
    page.wait_for_selector(".digit-view .notice.good:text('Kept as 5')")
    page.locator(".digit-box").nth(6).click()
    page.keyboard.press("6")
    page.wait_for_selector(".digit-view .notice.good:text('6')")
    done = digitnet("data", "info", str(folder / "corrections"), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert re.search(rf"\b{count + 2}\b", done.stdout), done.stdout

    page.click("text=Train with them")
    page.wait_for_selector("#train:not([hidden]) #train-source")
    page.wait_for_selector("#train-source option[value='corrections']", state="attached")
    assert page.input_value("#train-source") == "corrections"
    assert page.input_value("#train-start") == page.input_value("#model")


def test_a_model_learns_from_what_was_corrected(
    visit: Visit, folder: Path, page_picture: bytes
) -> None:
    page = opened(visit, "read")
    page.select_option("#model", "mlp")
    choose(page, page_picture)
    for index, label in ((0, "3"), (3, "0")):
        page.locator(".digit-box").nth(index).click()
        page.keyboard.press(label)
        page.wait_for_selector(f".digit-view .notice.good:text('Kept as {label}')")
    page.click("text=Train with them")
    page.wait_for_selector("#train-start", state="visible")
    assert page.input_value("#train-start") == "mlp"
    assert not page.is_visible("#train-hidden"), "it has the layers of the model it starts from"
    page.fill("#train-name", "taught")
    page.click("#train-go")
    page.wait_for_selector(".figures tbody tr", state="attached", timeout=LONG)
    if page.locator("#train-stop").count():
        page.click("#train-stop")
    page.wait_for_selector("#train-use", timeout=LONG)
    start = load_model(in_box("mlp"))
    taught = load_model(folder / "models" / "taught")
    assert taught.training["plan"]["start"] == "mlp"
    assert taught.network.layers == start.network.layers
    assert not np.array_equal(taught.network.vector, start.network.vector)


def test_touching_digits_are_kept_apart(visit: Visit, folder: Path) -> None:
    rng = np.random.default_rng(3)
    hand = replace(careful(Hand.sample(rng), 0.9), pen=np.array([0.06], np.float32))
    style = PageStyle(digit=44, gap=0.02)
    page = opened(visit, "read")
    choose(page, as_file(draw_page(["3820"], rng, style=style, hand=hand).picture))
    before = len(kept(folder, 8))
    page.locator(".digit-box").nth(1).click()
    page.keyboard.press("8")
    page.wait_for_selector(".digit-view .notice.good")
    (new,) = kept(folder, 8)[before:]
    with Image.open(new) as image:
        assert image.size == (28, 28), "its frame alone, as a neighbour would be in its cut-out"


def test_all_with_the_keyboard(browser: Any, address: str, page_picture: bytes) -> None:
    visit = Visit(browser, address)
    page = opened(visit, "read")
    with page.expect_file_chooser() as chooser:
        tab_to(page, "Choose pictures")
        page.keyboard.press("Enter")
    chooser.value.set_files({"name": "p.png", "mimeType": "image/png", "buffer": page_picture})
    page.wait_for_selector(".digit-box")
    for _ in range(12):
        if page.evaluate("document.activeElement.getAttribute('role')") == "option":
            break
        page.keyboard.press("Tab")
    names = []
    for key in ("", "ArrowRight", "ArrowDown", "End", "Home"):
        if key:
            page.keyboard.press(key)
        names.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert names[0].startswith("3")
    assert "line 1, digit 1" in names[0]
    assert names[1].startswith("8")
    assert "line 2" in names[2]
    assert names[3].startswith("6")
    assert names[4] == names[0]
    assert page.locator(".digit-box[aria-selected='true']").count() == 1
    page.keyboard.press("9")
    page.wait_for_selector(".digit-box.corrected")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("9, corr")
    assert "Kept as 9" in page.inner_text("#live")
    visit.close()


def test_pictures_without_digits_and_files_that_are_none_are_said_to_be(
    browser: Any, address: str
) -> None:
    visit = Visit(browser, address)
    page = opened(visit, "read")
    choose(page, as_file(np.full((120, 160), 240, np.uint8)))
    assert "no digit" in page.inner_text("#read .notice").lower()
    assert page.locator(".digit-box").count() == 0
    choose(page, as_file(letter("E")))
    assert "looks like none" in page.inner_text("#read .notice")
    assert page.text_content(".digit-box text") == "?"
    visit.expect("422")
    choose(page, b"not a picture at all")
    page.wait_for_selector("#read .notice.error")
    assert page.get_attribute("#read .notice.error", "role") == "alert"
    assert not page.locator(".picture-view").is_visible()
    visit.close()


def test_a_picture_that_the_browser_cannot_show_is_read_all_the_same(
    browser: Any, address: str, folder: Path, page_picture: bytes
) -> None:
    visit = Visit(browser, address)
    page = opened(visit, "read")
    with Image.open(io.BytesIO(page_picture)) as image:
        tiff = as_file(np.asarray(image), "TIFF")
    choose(page, tiff, "image/tiff")
    page.wait_for_selector(".digit-box image")
    assert [line for line in lines(page) if line] == LINES
    before = len(kept(folder, 2))
    page.locator(".digit-box").nth(2).click()
    page.keyboard.press("2")
    page.wait_for_selector(".digit-view .notice.good")
    assert len(kept(folder, 2)) == before + 1
    visit.close()


@pytest.mark.parametrize("how", ["drop", "choose"])
def test_a_pdf_is_read_as_a_picture_is(visit: Visit, page_picture: bytes, how: str) -> None:
    pytest.importorskip("pypdfium2", reason="needs digitnet[pdf]")
    page = opened(visit, "read")
    assert page.get_attribute("#read-file", "accept") == "image/*,application/pdf"
    if how == "drop":
        hand_over(page, as_pdf(page_picture), "drop", "application/pdf")
    else:
        choose(page, as_pdf(page_picture), "application/pdf")
    page.wait_for_selector(".digit-box image")
    assert [line for line in lines(page) if line] == LINES


def test_a_server_that_reads_no_pdf_says_what_it_lacks(
    browser: Any, tmp_path: Path, page_picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pypdfium2.py").write_text("raise ModuleNotFoundError('as if not installed')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), os.pathsep)
    with started_server(tmp_path) as address:
        visit = Visit(browser, address)
        visit.expect("422")
        page = opened(visit, "read")
        choose(page, as_pdf(page_picture), "application/pdf")
        page.wait_for_selector("#read .notice.error")
        assert "pip install 'digitnet[pdf]'" in page.inner_text("#read .notice.error")
        visit.close()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_read_page_fits_the_screen_and_has_no_violations(
    size: tuple[int, int], theme: str, browser: Any, address: str, page_picture: bytes
) -> None:
    visit = Visit(browser, address, size, theme)
    page = opened(visit, "read")
    choose(page, page_picture)
    page.locator(".digit-box").nth(1).click()
    page.click("text=Show how it was framed")
    page.wait_for_selector(".stages li")
    assert visit.overflows() == []
    assert focused(page) != ""
    assert violations(visit) == []
    visit.close()


def test_forms_are_read_by_a_template_corrected_and_downloaded(visit: Visit) -> None:
    toml = {"name": "form.toml", "mimeType": "", "buffer": template_text(blank_form()).encode()}
    blank = {"name": "blank.png", "mimeType": "image/png", "buffer": as_file(blank_form().picture)}
    form = {"name": "one, two.png", "mimeType": "image/png",
            "buffer": as_file(filled_form().picture)}  # fmt: skip
    none = {"name": "none.png", "mimeType": "image/png", "buffer": as_file(letter("E"))}
    page = opened(visit, "read")
    visit.expect("422")  # of what shows no form
    with page.expect_file_chooser() as chooser:
        page.click("text=Read forms by a template")
    chooser.value.set_files([toml])
    page.wait_for_selector("#read .notice.error:text('choose blank.png with it')")
    with page.expect_file_chooser() as chooser:
        page.click("text=Read forms by a template")
    chooser.value.set_files([toml, blank])
    page.wait_for_selector("#read .notice.good:text('now choose forms')")
    with page.expect_file_chooser() as chooser:
        page.click("text=Choose pictures")
    chooser.value.set_files([form, none])
    page.wait_for_selector(".form-fields tbody tr", timeout=LONG)

    names = list(blank_form().boxes)
    assert page.locator(".form-fields th[scope=row]").all_inner_texts() == names
    truth = filled_form().values
    values = [box.input_value() for box in page.locator(".form-fields input").all()]
    states = page.locator(".form-state").all_inner_texts()
    settled = [state.startswith(("ok", "empty")) for state in states]
    assert sum(settled) >= 4
    for name, value, known in zip(names, values, settled, strict=True):
        assert not known or value == truth[name]
    assert page.locator(".to-look-at").count() == settled.count(False)
    assert page.locator(".field-outline").count() == len(names)
    assert violations(visit) == []
    visit.resize(*NARROW)
    assert visit.overflows() == []
    visit.resize(*WIDE)

    page.locator(".form-fields input").nth(0).fill("12,5")
    page.keyboard.press("Enter")
    page.wait_for_selector(".form-state:text-is('corrected')")
    with page.expect_download(timeout=LONG) as download:
        page.click("text=Download CSV")
    assert download.value.suggested_filename == "forms.csv"
    rows = list(csv.reader(Path(download.value.path()).read_text().splitlines()))
    header = ["path"]
    for name in names:
        header += [name, f"{name} confidence", f"{name} status"]
    assert rows[0] == [*header, "status", "reason"]
    assert rows[1][:4] == ["one, two.png", "12,5", "", "corrected"]
    assert rows[1][4::3][: len(names) - 1] == values[1:]
    assert rows[2][0] == "none.png"
    assert rows[2][-2] == "refused"
    assert len({len(row) for row in rows}) == 1

    page.click("text=Leave the template")
    page.wait_for_selector(".form-fields", state="hidden")
    page.wait_for_selector(".digit-box", timeout=LONG)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_picture_is_brought_to_what_was_written_and_the_drop_zone_shrinks(
    size: tuple[int, int], browser: Any, address: str, page_picture: bytes
) -> None:
    visit = Visit(browser, address, size)
    page = opened(visit, "read")
    before = page.locator(".drop").bounding_box()["height"]
    with Image.open(io.BytesIO(page_picture)) as image:
        sheet = Image.new("RGB", (4 * image.width, 4 * image.height), image.getpixel((2, 2)))
        sheet.paste(image, (2 * image.width, 2 * image.height))
    choose(page, as_file(np.asarray(sheet)))
    page.wait_for_selector(".digit-box")
    visit.settle()
    assert [line for line in lines(page) if line] == LINES
    assert page.locator(".drop").bounding_box()["height"] < 0.75 * before

    def seen() -> list[bool]:
        shown = page.locator(".picture-scroll").bounding_box()
        return [
            shown["x"] <= box["x"]
            and shown["y"] <= box["y"]
            and box["x"] + box["width"] <= shown["x"] + shown["width"]
            and box["y"] + box["height"] <= shown["y"] + shown["height"]
            for box in (each.bounding_box() for each in page.locator(".digit-box .edge").all())
        ]

    def height() -> float:
        return float(page.locator(".digit-box .edge").first.bounding_box()["height"])

    near = height()
    assert all(seen())
    page.click("text=Whole picture")
    visit.settle()
    assert height() < 0.6 * near
    assert page.is_disabled("text=Smaller")
    page.click("text=The writing")
    visit.settle()
    assert height() == pytest.approx(near)
    assert all(seen())
    assert visit.overflows() == []
    assert violations(visit) == []
    visit.close()


def test_where_pictures_go_is_said_below(visit: Visit, address: str) -> None:
    page = opened(visit, "read")
    said = page.inner_text("footer")
    assert f"go to the server, {address.removeprefix('http://')}" in said
    assert "stays in this browser" not in said
    page.click("#tab-draw")
    assert "What you draw stays in this browser." in page.inner_text("footer")
