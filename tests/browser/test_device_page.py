"""The page of one node, and the dialog in which a board arrives, in a real browser."""

import json
import urllib.request
from typing import Any

import pytest

from bench.harness.stack import Stack
from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser


def post(stack: Stack, path: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
    """As a board speaks to the server."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{stack.url}/api/v1/nodes{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return dict(json.loads(answer.read()))


def test_a_board_that_joins_appears_in_the_dialog_and_is_approved_there(tab: Tab, stack: Stack) -> None:
    page = tab.open("/devices/")
    page.click("#add")
    page.fill("#add-name", "jetson-new")
    page.get_by_role("button", name="Create code").click()
    page.locator("svg.qr path").wait_for(state="attached")
    code = page.locator("#add-dialog .code").inner_text()
    post(stack, "/join", {"code": code, "fingerprint": "0123:4567:89ab:cdef"})
    arrived = page.locator("#add-dialog .arrival")
    assert "0123:4567:89ab:cdef" in arrived.inner_text()
    arrived.get_by_role("button", name="Approve").click()
    page.locator("#add-dialog").get_by_text("jetson-new is approved").wait_for()
    assert tab.errors == []


def test_the_page_of_a_node_charts_its_sensors_and_lists_its_audit_log(tab: Tab) -> None:
    page = tab.open("/devices/jetson-a/")
    page.locator("#node .state.online").wait_for()
    page.locator("[data-chart^=Memory] svg.main-svg").first.wait_for()
    least, most = page.locator("[data-chart^=Processor] .chart").evaluate("(chart) => chart.layout.yaxis.range")
    assert least < 0 and most > 100  # a line at 0 or 100 % is drawn whole
    assert "joined" in page.locator("#trail").inner_text()
    page.get_by_role("button", name="24 h").click()
    assert page.locator("[data-hours='24']").get_attribute("aria-pressed") == "true"
    assert tab.errors == []


def test_a_node_is_renamed_on_its_page_and_keeps_its_address(tab: Tab) -> None:
    page = tab.open("/devices/jetson-b/")
    for title in ("Kitchen window", "jetson-b"):
        page.get_by_role("button", name="Rename").click()
        page.fill(".naming input", title)
        page.get_by_role("button", name="Save").click()
        page.locator("#title").get_by_text(title, exact=True).wait_for()
        page.reload()
        assert page.locator("#title").inner_text() == title
    assert tab.errors == []


def test_the_page_of_a_node_fits_a_phone(phone: Tab) -> None:
    page = phone.open("/devices/jetson-a/")
    page.locator("[data-chart^=Memory] svg.main-svg").first.wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert phone.errors == []
