"""In a browser: an invitation, two-factor login, and a page that notices at once that its session was ended."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from django_otp.oath import totp
from playwright.sync_api import Browser, Page

from bench.harness.stack import Stack
from tests.browser.conftest import Tab

PASSWORD = "purple elephant"


@pytest.fixture
def visitor(browser: Browser, stack: Stack) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


def _invited(tab: Tab, visitor: Page, name: str) -> None:
    """The owner makes a link; the visitor opens it and creates an account."""
    page = tab.open("/people/")
    page.fill("#id_note", name)
    page.click("text=Create link")
    link = page.locator(".note code.secret").inner_text()
    visitor.goto(link)
    visitor.fill("#id_username", name)
    visitor.fill("#id_password1", PASSWORD)
    visitor.fill("#id_password2", PASSWORD)
    visitor.click("button.primary")
    visitor.wait_for_selector("#question")


def _log_in(visitor: Page, url: str, name: str) -> None:
    visitor.goto(f"{url}/login/")
    visitor.fill("#id_username", name)
    visitor.fill("#id_password", PASSWORD)
    visitor.click("button.primary")


def test_somebody_is_invited_and_sets_up_two_factor_login(tab: Tab, visitor: Page, stack: Stack) -> None:
    _invited(tab, visitor, "dora")
    visitor.goto(f"{stack.url}/account/two-factor/")
    assert visitor.locator("svg.qr path").bounding_box() is not None
    key = base64.b32decode(visitor.locator("code.secret").inner_text().replace(" ", ""))
    visitor.fill("#id_code", f"{totp(key):06d}")
    visitor.click("text=Turn it on")
    codes = visitor.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    visitor.context.clear_cookies()
    _log_in(visitor, stack.url, "dora")
    visitor.wait_for_url("**/login/code/")
    visitor.wait_for_selector("#id_code:focus")
    visitor.fill("#id_code", codes[0])
    visitor.click("button.primary")
    visitor.wait_for_selector("#question")
    assert "9 are left" in visitor.locator(".messages").inner_text()


def test_a_page_says_at_once_that_its_account_was_deactivated(tab: Tab, visitor: Page, stack: Stack) -> None:
    _invited(tab, visitor, "emil")
    visitor.goto(f"{stack.url}/devices/")
    visitor.wait_for_selector(".node")
    page = tab.open("/people/")
    page.click("a >> text=emil")
    page.click("summary.danger")
    page.click("text=Deactivate emil")
    page.wait_for_selector("text=is deactivated")
    visitor.wait_for_selector("text=You were logged out.")
    _log_in(visitor, stack.url, "emil")
    assert "correct username and password" in visitor.locator("main").inner_text()


@pytest.mark.parametrize("path", ["/account/", "/people/", "/audit/", "/account/two-factor/", "/account/password/"])
def test_every_page_about_people_fits_a_phone(phone: Tab, path: str) -> None:
    page: Any = phone.open(path)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("h1").count() == 1
    assert phone.errors == []
