"""In a browser: the installed app's worker, what it stores, its page without a server, and a message that it shows."""

import json
from typing import Any

import pytest

from bench.harness.processes import wait_for
from tests.browser.conftest import Tab

pytestmark = [pytest.mark.browser, pytest.mark.slow]
READY = "() => navigator.serviceWorker.ready.then((registration) => registration.active.state)"
STORED = """async () => {
  const paths = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) paths.push(new URL(request.url).pathname);
  return paths.sort();
}"""
PAGE = "/account/notifications/"


def worker_of(page: Any) -> Any:
    page.evaluate(READY)
    return page.context.service_workers[0]


def test_the_worker_stores_the_shell_and_nothing_of_the_pages(tab: Tab) -> None:
    page = tab.open("/")
    worker_of(page)
    for path in ("/devices/", "/account/", "/"):
        tab.open(path)
    assert page.evaluate(STORED) == ["/offline/", "/static/css/base.css", "/static/css/tokens.css", "/static/icons/isthmus.svg"]
    assert tab.errors == []


def test_without_the_server_there_is_a_page_that_says_so(tab: Tab) -> None:
    page = tab.open("/")
    worker_of(page)
    tab.open("/devices/")  # a page that the worker controls
    page.context.set_offline(True)
    tab.open("/account/")
    assert page.locator("h1").inner_text() == "The server cannot be reached."
    page.context.set_offline(False)
    page.click("text=Try again")
    page.wait_for_selector("#question")


def test_a_push_message_is_shown_with_its_title_and_link(tab: Tab) -> None:
    page = tab.open("/")
    page.context.grant_permissions(["notifications"], origin=tab.url)
    worker = worker_of(page)
    data = json.dumps(
        {"title": "Kitchen is offline", "body": "No heartbeat.", "link": f"{tab.url}/devices/", "tag": "notice-1"}
    )
    worker.evaluate("(data) => self.dispatchEvent(new PushEvent('push', { data }))", data)
    shown: list[list[str]] = []

    def arrived() -> bool:
        shown[:] = worker.evaluate(
            "async () => (await self.registration.getNotifications()).map((n) => [n.title, n.body, n.data.link, n.tag])"
        )
        return bool(shown)

    wait_for(arrived, 30, "the browser lists no notification")
    assert shown == [["Kitchen is offline", "No heartbeat.", f"{tab.url}/devices/", "notice-1"]]


@pytest.mark.parametrize("width", [1360, 390])
def test_choices_are_saved_and_the_page_fits(tab: Tab, width: int) -> None:
    tab.page.set_viewport_size({"width": width, "height": 900})
    page: Any = tab.open(PAGE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = page.locator("input[name='node.offline:mail']")
    box.set_checked(not box.is_checked())
    expected = box.is_checked()
    page.click("#rules ~ form button.primary")
    page.wait_for_selector("text=Your choices were saved.")
    assert page.locator("input[name='node.offline:mail']").is_checked() == expected
    assert tab.errors == []


def test_a_test_shows_its_outcome_without_a_reload(tab: Tab) -> None:
    page: Any = tab.open(PAGE)
    page.click("button[aria-label='Send a test by Log']")
    page.wait_for_selector("section[aria-labelledby=all] li:has-text('A test from Isthmus') .outcome-sent", timeout=60_000)
    assert tab.errors == []
