"""What somebody was about to ask outlives a reload of the page, and nothing else does."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from bench.harness.stack import Stack
from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser
KEPT = "() => Object.keys(localStorage).filter((key) => key.startsWith('isthmus.draft.'))"


@pytest.fixture
def own_tab(browser: Browser, stack: Stack) -> Iterator[Tab]:
    """With a session of its own, which may be ended."""
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    page = context.new_page()
    stack.login(page)
    yield Tab(page, stack.url)
    context.close()


def test_question_photo_and_choices_survive_a_reload_and_are_gone_once_sent(tab: Tab, photo_bytes: bytes) -> None:
    page = tab.open()
    page.locator("#options summary").click()
    page.select_option("#policy", "private")
    page.select_option("#node", "jetson-b")
    tab.choose_file("kite.jpg", "image/jpeg", photo_bytes)
    page.locator("#pending").get_by_text("320 × 240").wait_for()
    page.fill("#question", "What is in this photo?")
    page.reload()
    page.locator("#pending .name", has_text="kite.jpg").wait_for()
    assert page.input_value("#question") == "What is in this photo?"
    assert (page.input_value("#policy"), page.input_value("#node")) == ("private", "jetson-b")
    page.locator("#ask:enabled").click()
    assert tab.answer().strip()
    assert page.locator(".me img").count() == 1, "the photo was asked about"
    assert page.evaluate(KEPT) == []
    page.reload()
    page.locator(".turn").wait_for()
    assert page.input_value("#question") == "" and page.locator("#pending").is_hidden()
    assert tab.errors == []


def test_each_conversation_has_a_draft_of_its_own(tab: Tab, photo_bytes: bytes) -> None:
    page = tab.open()
    tab.choose_file("photo.jpg", "image/jpeg", photo_bytes)
    tab.ask("Describe the photo.")
    tab.answer()
    there = page.url
    page.fill("#question", "And what colour is it?")
    page.goto(tab.url)
    page.locator("#welcome").wait_for()
    assert page.input_value("#question") == ""
    page.fill("#question", "Another thing entirely")
    page.goto(there)
    page.locator(".turn").wait_for()
    assert page.input_value("#question") == "And what colour is it?"
    page.fill("#question", "")
    page.goto(tab.url)
    assert page.input_value("#question") == "Another thing entirely"
    page.fill("#question", "")
    assert page.evaluate(KEPT) == []


def test_a_question_that_could_not_be_sent_is_still_there_after_a_reload(tab: Tab) -> None:
    page = tab.open()
    page.route("**/api/v1/turns", lambda route: route.abort())
    tab.submit("What is a split point?")
    page.locator("#compose-error").get_by_text("The server cannot be reached.").wait_for()
    page.reload()
    page.locator("#ask:enabled").wait_for()
    assert page.input_value("#question") == "What is a split point?"
    page.fill("#question", "")


def test_logging_out_leaves_nothing_for_whoever_comes_next(own_tab: Tab) -> None:
    page = own_tab.open()
    page.fill("#question", "Where did I leave my keys?")
    assert len(page.evaluate(KEPT)) == 1
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login/**")
    assert page.evaluate("() => Object.keys(localStorage).filter((key) => key.startsWith('isthmus.'))") == []


def test_another_account_does_not_see_the_draft(tab: Tab) -> None:
    page = tab.open()
    page.fill("#question", "A question of mine")
    key: Any = page.evaluate(KEPT)[0]
    account = page.evaluate("() => document.body.dataset.account")
    assert key == f"isthmus.draft.{account}.new"
    page.fill("#question", "")
