"""A page in two languages, in a real browser: its template, its scripts, its numbers, and that it fits."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from bench.harness.stack import Stack

pytestmark = pytest.mark.browser
Open = Callable[[str], Page]
WIDTHS = (1360, 390)
NUMBERS = """async () => {
  const format = await import("/static/js/format.js");
  return [format.rate(248300), format.ago(3.2), format.percent(0.5), format.seconds(3 * 86400)];
}"""


@pytest.fixture
def in_language(browser: Browser, stack: Stack, logged_in: Any) -> Iterator[Open]:
    """The chat page of somebody whose browser asks for a language."""
    contexts = []

    def opened(language: str) -> Page:
        context = browser.new_context(storage_state=logged_in, locale=language)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{stack.url}/")
        page.locator("#suggestions button").first.wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("language", "tag", "ask", "route", "numbers"),
    [
        ("de-DE", "de", "Fragen", "alles auf dem Gerät", ["248 KB/s", "vor 3,0 s", "50,0 %", "3 d"]),
        ("zh-CN", "zh-Hans", "提问", "全部在设备上", ["248 KB/s", "3.0 s前", "50.0 %", "3 天"]),
    ],
)
def test_the_chat_page_speaks_the_language_and_fits(
    in_language: Open, language: str, tag: str, ask: str, route: str, numbers: list[str]
) -> None:
    page = in_language(language)
    assert page.locator("html").get_attribute("lang") == tag
    assert page.locator("nav [aria-current]").inner_text() == ask and page.locator("#ask").inner_text() == ask
    assert route in (page.locator("#route").text_content() or "")
    assert page.evaluate(NUMBERS) == numbers
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
