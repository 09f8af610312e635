"""Hundreds of files chosen at once in the library: what is refused is listed by reason, and what finds no room waits."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from bench.harness.stack import Stack
from bench.library.browser.files import CHOOSE, unfold
from tests.browser.conftest import ANSWER_MS, Tab

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
LONG_MS = 5 * ANSWER_MS
LIMIT = "from webapp.accounts.models import User; User.objects.filter(username='owner').update(storage_limit_mb={})"


@pytest.fixture
def no_room(stack: Stack) -> Iterator[None]:
    stack.shell(LIMIT.format(0))
    yield
    stack.shell(LIMIT.format(None))


@pytest.mark.long
def test_of_hundreds_of_files_those_refused_are_listed_by_reason(tab: Tab) -> None:
    page = tab.open("/library/")
    page.evaluate(CHOOSE, 400)
    expect(page.locator("#uploads .sum")).to_contain_text("240 files were refused.", timeout=LONG_MS)
    assert "41 photos added. 119 were there already" in page.locator("#uploads .sum").inner_text()
    reasons = page.locator("#uploads .reasons details")
    assert reasons.count() <= 3, "the same reason is there once"
    expect(page.locator("#uploads .reasons details:not([open])")).to_have_count(reasons.count())
    reasons.filter(has_text="This is not a").first.locator("summary").click()
    expect(page.locator("#uploads .problems li", has_text="rubbish 5.txt")).to_be_visible()
    unfold(page)
    expect(page.locator("#uploads .problems li")).to_have_count(240)
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#uploads")).to_be_hidden()


def test_where_there_is_no_room_the_rest_waits_and_is_resumed(tab: Tab, stack: Stack, no_room: None) -> None:
    page = tab.open("/library/")
    sent: list[Any] = []
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/api/v1/photos") else None)
    page.evaluate(CHOOSE, 60)
    words = page.locator("#uploads .sum")
    expect(words).to_contain_text("60 files wait.", timeout=LONG_MS)
    assert words.inner_text().count("Your photos use") == 1 and "of your 0 MB" in words.inner_text()
    assert len(sent) <= 3, "the rest was not sent"
    expect(page.locator("#uploads .reasons")).to_be_hidden()
    page.get_by_role("button", name="Resume").click()
    page.wait_for_function("() => !document.querySelector('#uploads .sending').children.length")
    expect(words).to_contain_text("60 files wait.", timeout=LONG_MS)
    assert len(sent) <= 6
    stack.shell(LIMIT.format(None))
    page.get_by_role("button", name="Resume").focus()
    page.keyboard.press("Enter")
    expect(words).to_contain_text("36 files were refused.", timeout=LONG_MS)
    assert "7 photos added." in words.inner_text()
    expect(page.get_by_role("button", name="Resume")).to_be_hidden()
