"""Thumbnails of photos that stay on a device: allowed on its page, shown in the library and in a batch with the device's name,
and gone once they are forbidden. With a real agent.
"""

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from tests.browser.conftest import ANSWER_MS, Tab
from tests.browser.test_adding_photos import OVERFLOW

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
LABEL = "Let thumbnails of them come to this server"
COMES_S = 120  # on a busy machine


@pytest.fixture
def photo(stack: Stack) -> Iterator[str]:
    """Taken by the device's camera: it stays there. Afterwards nothing is allowed, as before."""
    taken = stack.owner.post("/api/v1/devices/jetson-a/look", json={"camera": "shots"})
    assert taken.status_code == 201, taken.text
    yield str(taken.json()["id"])
    stack.owner.put("/api/v1/nodes/jetson-a/thumbnails", json={"allowed": False})


def small(stack: Stack, photo: str) -> tuple[str, bytes]:
    answer = stack.owner.get(f"/photos/{photo}/?small=1")
    return answer.headers["Content-Type"], answer.content


def set_on_the_page(page: Page, allowed: bool, status: str) -> None:
    page.get_by_label(LABEL).set_checked(allowed)
    expect(page.locator("#thumbnails-status")).to_contain_text(status)
    page.reload()
    expect(page.get_by_label(LABEL)).to_be_checked(checked=allowed)


def test_they_come_where_an_admin_allows_them_and_go_when_not(tab: Tab, phone: Tab, stack: Stack, photo: str) -> None:
    assert small(stack, photo)[0] == "image/svg+xml"
    page = tab.open("/devices/jetson-a/")
    set_on_the_page(page, True, "Allowed.")
    wait_for(lambda: small(stack, photo)[0] == "image/jpeg", COMES_S, "no thumbnail came", every=0.5)
    with Image.open(io.BytesIO(small(stack, photo)[1])) as picture:
        assert max(picture.size) <= 160 and not picture.getexif()
    library = phone.open("/library/?device=jetson-a")
    cell = library.locator(f".cell:has([data-photo='{photo}'])")
    expect(cell.locator(".where")).to_have_text("on jetson-a")
    wait_for(lambda: bool(cell.locator("img").evaluate("image => image.naturalWidth")), COMES_S, "the cell shows nothing")
    assert cell.locator("img").evaluate("image => Math.max(image.naturalWidth, image.naturalHeight)") <= 160
    assert library.evaluate(OVERFLOW) <= 0
    form = phone.open("/batches/")
    expect(form.locator(f"li:has(input[value='{photo}']) .where")).to_have_text("on jetson-a")
    batch = stack.owner.post("/api/v1/batches", json={"question": "Is there a dog?", "photos": [photo]}).json()["id"]
    page = tab.open(f"/batches/{batch}/")
    page.wait_for_selector("#state.done", timeout=3 * ANSWER_MS)
    row = page.locator("#items tr")
    expect(row).to_contain_text("on jetson-a")
    page = tab.open("/devices/jetson-a/")
    set_on_the_page(page, False, "Forbidden.")
    assert small(stack, photo)[0] == "image/svg+xml" and b"jetson-a" in small(stack, photo)[1]
    assert tab.errors == [] and phone.errors == []
