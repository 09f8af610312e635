"""A person asks about what the camera of a device sees, and the picture stays there."""

from pathlib import Path

import pytest

from bench.harness.stack import Stack
from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_a_photo_is_taken_on_the_device_and_answered_from_there(tab: Tab, stack: Stack) -> None:
    page = tab.open()
    page.select_option("#device-camera", "jetson-a shots")
    page.locator("#pending").get_by_text("stays on jetson-a").wait_for()
    page.locator("#options summary").click()
    page.select_option("#policy", "private")
    tab.ask("What is in this photo?")
    assert tab.answer().strip()
    assert page.locator(".me img").evaluate("img => img.decode().then(() => img.naturalWidth)") > 0
    assert page.locator(".facts").get_by_text("stayed on the device").count() == 1
    assert tab.errors == []
    pk = page.locator(".me a").get_attribute("href")
    assert pk and not list((stack.var / "photos").glob(f"{pk.strip('/').split('/')[-1]}*"))


def test_the_camera_list_follows_the_chosen_device(tab: Tab) -> None:
    page = tab.open()
    page.locator("#device-camera").wait_for(state="visible")
    page.locator("#options summary").click()
    page.locator("#node").focus()
    page.select_option("#node", "jetson-b")
    page.locator("#device-camera").wait_for(state="hidden")


def test_a_failing_camera_is_reported(tab: Tab, stack: Stack) -> None:
    page = tab.open()
    shots = stack.var / "shots"
    shots.rename(stack.var / "away")
    try:
        page.select_option("#device-camera", "jetson-a shots")
        page.locator("#compose-error").get_by_text("cannot be read").wait_for()
        assert page.locator("#pending").is_hidden()
    finally:
        (stack.var / "away").rename(shots)


def test_the_composer_fits_a_phone(tab: Tab) -> None:
    tab.page.set_viewport_size({"width": 390, "height": 844})
    page = tab.open()
    page.locator("#device-camera").wait_for(state="visible")
    assert page.evaluate(OVERFLOW) == 0


def _straight(tab: Tab) -> None:
    page = tab.open()
    page.locator("#options summary").click()
    page.locator("#upload-choice").wait_for(state="visible")
    page.select_option("#upload-to", "jetson-a")


def test_a_photo_goes_straight_to_a_device(tab: Tab, stack: Stack, photo_file: Path) -> None:
    _straight(tab)
    tab.page.locator("#file").set_input_files(photo_file)
    tab.page.locator("#pending").get_by_text("stays on jetson-a").wait_for()
    tab.ask("What is in this photo?")
    assert tab.answer().strip()
    assert tab.errors == []
    pk = tab.page.locator(".me a").get_attribute("href")
    name = str(pk).strip("/").split("/")[-1]
    assert not list((stack.var / "photos").glob(f"{name}*")) and list((stack.var / "nodes/jetson-a/photos").rglob(f"{name}*"))


def test_an_unreachable_device_falls_back_to_an_upload_through_the_server(tab: Tab, photo_file: Path) -> None:
    _straight(tab)
    tab.page.route("**/photos/*?until=*", lambda route: route.abort())
    tab.page.locator("#file").set_input_files(photo_file)
    tab.page.locator("#pending").get_by_text("is not reachable from this browser").wait_for()
    tab.ask("What is in this photo?")
    assert tab.answer().strip()
