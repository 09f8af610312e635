"""An answer with text read in the photo: its lines to copy, and a box around each of them."""

import io
import os
from pathlib import Path

import pytest

from tests.browser.conftest import Tab
from tests.reading.conftest import LINES, draw

pytestmark = pytest.mark.browser
SIZE = (1280, 960)
INSIDE = """(image) => {
  const photo = image.getBoundingClientRect();
  return [...image.parentElement.querySelectorAll("rect")].map((rect) => {
    const box = rect.getBoundingClientRect();
    return [(box.left - photo.left) / photo.width, (box.top - photo.top) / photo.height,
            (box.right - photo.left) / photo.width, (box.bottom - photo.top) / photo.height];
  });
}"""


@pytest.fixture(scope="module")
def sign() -> bytes:
    out = io.BytesIO()
    draw(size=SIZE, height=80).save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.mark.parametrize("width", ["tab", "phone"])
def test_lines_can_be_copied_and_each_has_its_box_on_the_photo(request: pytest.FixtureRequest, sign: bytes, width: str) -> None:
    tab: Tab = request.getfixturevalue(width)
    page = tab.open()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.choose_file("sign.jpg", "image/jpeg", sign)
    tab.ask("What does the sign say?")
    assert tab.answer() == f"It says “{' / '.join(LINES)}”."
    text = page.get_by_role("region", name="Text in the photo")
    assert text.get_by_role("listitem").all_inner_texts() == list(LINES)
    text.get_by_role("button", name="Copy").click()
    text.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "\n".join(LINES)
    text.get_by_text("Show on the photo").click()
    image = text.get_by_role("img")
    page.wait_for_function("() => document.querySelector('.on-photo img')?.naturalWidth > 0")
    boxes = image.evaluate(INSIDE)
    assert len(boxes) == len(LINES)
    for row, (left, top, right, bottom) in enumerate(boxes):
        middle = (30 + row * 176 + 40) / SIZE[1]
        assert top < middle < bottom and 0 <= left < 0.05 and left + 0.2 < right <= 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the photo must not widen the page"
    assert not tab.errors
    if place := os.environ.get("ISTHMUS_SHOTS"):  # where somebody wants to look at it
        page.locator(".turn").last.screenshot(path=Path(place) / f"read-{width}.png")
