"""How photos get onto the page: dropped, pasted, chosen; one at a time, and nothing is dropped silently."""

import io

import pytest
from PIL import Image

from tests.browser.conftest import ANSWER_MS, Tab
from tests.conftest import draw_photo

pytestmark = pytest.mark.browser
CARRY = """(photos) => {
  const carried = new DataTransfer();
  const file = (bytes, n) => new File([new Uint8Array(bytes)], `photo ${n + 1}.jpg`, { type: "image/jpeg" });
  photos.forEach((bytes, n) => carried.items.add(file(bytes, n)));
  return carried;
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def several(tab: Tab, event: str) -> None:
    page = tab.page
    carried = page.evaluate_handle(CARRY, [list(draw_photo(seed, (160, 120))) for seed in (1, 2, 3)])
    if event == "drop":
        page.dispatch_event("body", "drop", {"dataTransfer": carried})
    else:
        page.evaluate("(carried) => document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: carried }))", carried)


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_of_several_photos_the_first_is_taken_and_the_page_says_what_to_do_with_the_others(tab: Tab, event: str) -> None:
    page = tab.open()
    several(tab, event)
    notes = page.locator("#pending .notes")
    page.locator("#pending").get_by_text("160 × 120").wait_for()
    assert page.locator("#pending .name").inner_text() == "photo 1.jpg"
    assert "the 2 others were not added" in notes.inner_text() and "then add the next" in notes.inner_text()
    assert notes.get_attribute("role") == "status"
    assert tab.errors == []


def test_on_a_phone_the_note_about_the_others_fits(phone: Tab) -> None:
    page = phone.open()
    several(phone, "drop")
    page.locator("#pending").get_by_text("160 × 120").wait_for()
    assert page.evaluate(OVERFLOW) <= 0


def test_the_file_chooser_takes_one_photo_of_the_formats_that_are_read(tab: Tab) -> None:
    file = tab.open().locator("#file")
    assert file.get_attribute("multiple") is None
    assert {"image/avif", "image/tiff", ".heic"} <= set((file.get_attribute("accept") or "").split(","))


def test_a_picture_dragged_from_another_page_does_not_lead_away_from_this_one(tab: Tab) -> None:
    page = tab.open()
    page.fill("#question", "a draft")
    carried = page.evaluate_handle(
        "() => { const c = new DataTransfer(); c.setData('text/uri-list', 'http://192.0.2.1/a.jpg'); return c; }"
    )
    page.dispatch_event("#turns", "drop", {"dataTransfer": carried})
    assert "Save the picture" in page.locator("#compose-error").inner_text()
    assert page.input_value("#question") == "a draft" and page.url.startswith(tab.url)


def test_a_photo_with_nothing_in_it_is_said_to_be_so_before_and_after_the_question(tab: Tab) -> None:
    page = tab.open()
    out = io.BytesIO()
    Image.new("RGB", (320, 240), "black").save(out, "JPEG")
    tab.choose_file("black.jpg", "image/jpeg", out.getvalue())
    page.locator("#pending").get_by_text("almost one colour").wait_for(timeout=ANSWER_MS)
    tab.ask("What is in this photo?")
    assert tab.answer() == "The photo is almost one colour. I cannot tell what this shows."
    assert page.locator(".facts").get_by_text("Cannot tell").count() == 1
    assert tab.errors == []
