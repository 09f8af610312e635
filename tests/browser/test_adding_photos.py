"""How photos get onto the page: dropped, pasted, chosen; several in their order, and nothing is left out silently."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

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


def several(tab: Tab, event: str, count: int = 3, seed: int = 1) -> None:
    page = tab.page
    carried = page.evaluate_handle(CARRY, [list(draw_photo(seed + number, (160, 120))) for number in range(count)])
    if event == "drop":
        page.dispatch_event("body", "drop", {"dataTransfer": carried})
    else:
        page.evaluate("(carried) => document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: carried }))", carried)


def names(tab: Tab) -> list[str]:
    return tab.page.locator("#pending .name").all_inner_texts()


def wait_for_uploads(tab: Tab, count: int) -> None:
    expect(tab.page.locator("#pending .stored", has_text="160 × 120")).to_have_count(count, timeout=ANSWER_MS)


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_several_photos_become_a_strip_in_their_order(tab: Tab, event: str) -> None:
    page = tab.open()
    several(tab, event)
    wait_for_uploads(tab, 3)
    assert names(tab) == ["photo 1.jpg", "photo 2.jpg", "photo 3.jpg"]
    assert page.locator("#pending .number").all_inner_texts() == ["1", "2", "3"]
    assert "first, the second" in page.locator("#pending-hint").inner_text()
    assert tab.errors == []


def test_of_three_photos_one_is_removed_by_keyboard_and_the_answer_names_the_others(tab: Tab) -> None:
    page = tab.open()
    several(tab, "drop")
    wait_for_uploads(tab, 3)
    page.get_by_role("button", name="Remove photo 2: photo 2.jpg").focus()
    page.keyboard.press("Enter")
    assert names(tab) == ["photo 1.jpg", "photo 3.jpg"]
    expect(page.get_by_role("button", name="Remove photo 2: photo 3.jpg")).to_be_focused()
    page.reload()  # the draft has both
    expect(page.locator("#pending .name")).to_have_text(["photo 1.jpg", "photo 3.jpg"])
    tab.ask("Describe this photo.")
    answer = tab.answer()
    assert answer.startswith("First photo: ") and "Second photo: " in answer and "Third" not in answer
    assert page.locator(".me img").count() == 2 and page.locator("#pending").is_hidden()
    assert [text.split(" ")[0] for text in page.locator(".me figcaption").all_inner_texts()] == ["1", "2"]
    expect(page.locator(".plan .chip").first).to_contain_text("photo 1")
    assert tab.errors == []


def test_the_order_is_changed_by_keyboard_and_stays(tab: Tab) -> None:
    page = tab.open()
    several(tab, "drop", seed=60)
    wait_for_uploads(tab, 3)
    expect(page.get_by_role("button", name="Move photo 1 forward: photo 1.jpg")).to_be_disabled()
    page.get_by_role("button", name="Move photo 3 forward: photo 3.jpg").focus()
    page.keyboard.press("Enter")
    assert names(tab) == ["photo 1.jpg", "photo 3.jpg", "photo 2.jpg"]
    expect(page.get_by_role("button", name="Move photo 2 forward: photo 3.jpg")).to_be_focused()
    page.keyboard.press("Enter")
    assert names(tab) == ["photo 3.jpg", "photo 1.jpg", "photo 2.jpg"]
    expect(page.get_by_role("button", name="Move photo 1 back: photo 3.jpg")).to_be_focused()  # it is the first: no further
    assert page.locator("#pending .number").all_inner_texts() == ["1", "2", "3"]
    page.reload()
    expect(page.locator("#pending .name")).to_have_text(["photo 3.jpg", "photo 1.jpg", "photo 2.jpg"])
    for _ in range(2):
        page.locator("#pending li").last.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="forward")).to_have_count(0)  # one photo has no order
    assert tab.errors == []


def test_more_photos_than_a_question_may_have_are_said_to_be_left(tab: Tab) -> None:
    page = tab.open()
    several(tab, "drop", 5, seed=20)
    several(tab, "paste", 3, seed=30)
    expect(page.locator("#compose-error")).to_contain_text("at most 6 photos: 2 photos were not added")
    wait_for_uploads(tab, 6)
    assert tab.errors == []


def test_the_same_photo_is_not_added_twice(tab: Tab) -> None:
    page = tab.open()
    several(tab, "drop", 1, seed=40)
    wait_for_uploads(tab, 1)
    several(tab, "drop", 1, seed=40)
    expect(page.locator("#compose-error")).to_contain_text("is in this question already", timeout=ANSWER_MS)
    assert names(tab) == ["photo 1.jpg"] and page.locator("#pending .number").inner_text() == ""
    assert tab.errors == []


def test_on_a_phone_the_strip_fits(phone: Tab) -> None:
    page = phone.open()
    several(phone, "drop", 6, seed=50)
    wait_for_uploads(phone, 6)
    assert page.evaluate(OVERFLOW) <= 0
    buttons = [box for button in page.locator("#pending button").all() if (box := button.bounding_box())]
    assert len(buttons) == 3 * 6 and all(min(box["width"], box["height"]) >= 24 for box in buttons)  # a cross and two arrows
    assert all(box["x"] + box["width"] <= 390 for box in buttons)


def test_the_file_chooser_takes_several_photos_of_the_formats_that_are_read(tab: Tab) -> None:
    file = tab.open().locator("#file")
    assert file.get_attribute("multiple") is not None
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
