"""A person asks about what the camera of a device sees, and the picture stays there."""

import pytest

from bench.stack import Stack
from tests.browser.conftest import Seen

pytestmark = pytest.mark.browser
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_a_photo_is_taken_on_the_device_and_answered_from_there(seen: Seen, stack: Stack) -> None:
    page = seen.open()
    page.select_option("#look", "jetson-a shots")
    page.locator("#held").get_by_text("stays on jetson-a").wait_for()
    page.locator("#how summary").click()
    page.select_option("#policy", "private")
    seen.ask("What is in this photo?")
    assert seen.answer().strip()
    assert page.locator(".me img").evaluate("img => img.decode().then(() => img.naturalWidth)") > 0
    assert page.locator(".facts").get_by_text("stayed on the device").count() == 1
    assert seen.errors == []
    pk = page.locator(".me a").get_attribute("href")
    assert pk and not list((stack.var / "photos").glob(f"{pk.strip('/').split('/')[-1]}*"))


def test_the_choice_is_that_of_the_chosen_device(seen: Seen) -> None:
    page = seen.open()
    page.locator("#look").wait_for(state="visible")
    page.locator("#how summary").click()
    page.locator("#node").focus()
    page.select_option("#node", "jetson-b")
    page.locator("#look").wait_for(state="hidden")


def test_a_camera_that_gives_nothing_says_so(seen: Seen, stack: Stack) -> None:
    page = seen.open()
    shots = stack.var / "shots"
    shots.rename(stack.var / "away")
    try:
        page.select_option("#look", "jetson-a shots")
        page.locator("#compose-error").get_by_text("cannot be read").wait_for()
        assert page.locator("#held").is_hidden()
    finally:
        (stack.var / "away").rename(shots)


def test_the_composer_fits_a_phone(seen: Seen) -> None:
    seen.page.set_viewport_size({"width": 390, "height": 844})
    page = seen.open()
    page.locator("#look").wait_for(state="visible")
    assert page.evaluate(OVERFLOW) == 0
