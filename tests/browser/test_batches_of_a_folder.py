"""The page of batches over a folder on a device: its permission, its form, its answers, and what is said of the device."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from bench.harness.stack import Stack
from tests.batches.test_a_folder_on_the_stack import UNTIL, put
from tests.batches.test_a_folder_on_the_stack import shots as shots
from tests.browser.conftest import ANSWER_MS, Tab
from tests.browser.test_adding_photos import OVERFLOW
from tests.conftest import draw_photo

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
PLACE = "all in shots on jetson-a"


def test_a_folder_of_a_device_is_chosen_and_asked_about(phone: Tab, stack: Stack, shots: Path) -> None:
    for number in range(2):
        put(shots, f"old-{number}.jpg", draw_photo(5400 + number), number)
    put(shots, "old-bad.jpg", b"<html>", 9)
    page = phone.open("/batches/")
    page.select_option("#place", label=PLACE)
    expect(page.locator("#chooser")).to_be_hidden()
    page.fill("#folder-until", "2000-01-01")
    expect(page.locator("#folder-facts")).to_have_text("no photos")
    page.fill("#question", "Is there a dog?")
    expect(page.locator("#start")).to_be_disabled()
    page.fill("#folder-until", "2001-09-20")
    expect(page.locator("#folder-facts")).to_contain_text("3 photos")
    assert page.evaluate(OVERFLOW) <= 0
    page.click("#start")
    page.wait_for_selector("#state.done", timeout=3 * ANSWER_MS)
    assert "2 of 3 answered" in page.inner_text("#progress-words")
    expect(page.locator("#plan")).to_contain_text("Its photos are files in shots on jetson-a")
    rows = page.locator("#items tr")
    expect(rows).to_have_count(3)
    assert [rows.nth(number).locator(".file").inner_text() for number in range(3)] == ["old-0.jpg", "old-1.jpg", "old-bad.jpg"]
    expect(rows.nth(2).locator(".reason")).to_contain_text("Look at the file on the device")
    assert page.evaluate(OVERFLOW) <= 0 and phone.errors == []


def test_what_cannot_be_had_of_a_folder_is_said_in_the_form(tab: Tab, stack: Stack) -> None:
    def refuse(route: Any) -> None:
        body = {"error": {"code": "node_offline", "message": "jetson-a is offline.", "next": "Start it, then try again."}}
        route.fulfill(status=503, json=body)

    page = tab.open("/batches/")
    page.route("**/api/v1/batches/folders/**", refuse)
    page.select_option("#place", label=PLACE)
    expect(page.locator("#folder-facts")).to_have_text("jetson-a is offline. Start it, then try again.")
    page.fill("#question", "Is there a dog?")
    expect(page.locator("#start")).to_be_disabled()
    page.unroute("**/api/v1/batches/folders/**")
    many = {"photos": 10_000, "unnamed": 0, "bytes": None, "newest": None, "oldest": None}
    page.route("**/api/v1/batches/folders/**", lambda route: route.fulfill(json=many))
    page.fill("#folder-since", "2001-01-01")
    expect(page.locator("#folder-facts")).to_contain_text(re.compile(r"10\D000 photos; a batch has at most 2\D000\."))
    expect(page.locator("#start")).to_be_disabled()
    page.select_option("#place", "")
    expect(page.locator("#chooser")).to_be_visible()
    assert all("503" in error for error in tab.errors)


def test_a_batch_that_waits_for_its_device_says_so(tab: Tab, stack: Stack, shots: Path) -> None:
    put(shots, "old-0.jpg", draw_photo(5420))
    folder = {"device": "jetson-a", "folder": "shots", "until": UNTIL}
    batch = stack.owner.post("/api/v1/batches", json={"question": "Is there a dog?", "folder": folder}).json()["id"]
    stack.owner.post(f"/api/v1/batches/{batch}/stop", json={})
    stack.shell(f"from inference.batches.models import Batch; Batch.objects.filter(pk='{batch}').update(waits=True)")
    page = tab.open(f"/batches/{batch}/")
    expect(page.locator("#progress-words")).to_contain_text("jetson-a cannot be asked now; the batch goes on when it can")
    assert tab.errors == []


def test_an_admin_allows_a_folder_on_the_page_of_its_device(tab: Tab, stack: Stack) -> None:
    page = tab.open("/devices/jetson-a/")
    for allowed in (True, False):
        rule = page.locator("[data-camera=shots]")
        rule.get_by_label("They may ask about all photos in this folder").set_checked(allowed)
        rule.get_by_role("button", name="Save").click()
        rule.get_by_text("Saved.").wait_for()
        page.reload()
        assert page.get_by_label("They may ask about all photos in this folder").is_checked() == allowed
    [rule] = stack.owner.get("/api/v1/nodes/jetson-a/camera-access").json()["items"]
    assert rule["folder"] is False and tab.errors == []
