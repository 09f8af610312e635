"""From the library to a question about many photos: of a choice, an album, the filters; from a conversation to its photos."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from bench.harness.stack import Stack
from tests.browser.conftest import ANSWER_MS, Tab
from tests.browser.test_adding_photos import OVERFLOW
from tests.browser.test_library_page import total
from tests.conftest import draw_photo

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
FIRST_SEED = 5200  # of photos that no other test draws
ALL = "Ask about all of these"


@pytest.fixture
def album(stack: Stack) -> Any:
    """A new one with two photos."""
    count = len(stack.owner.get("/api/v1/library/albums").json()["items"])
    row = stack.owner.post("/api/v1/library/albums", json={"name": f"Kites {count}"}).json()
    photos = [stack.upload(draw_photo(FIRST_SEED + 2 * count + n)) for n in range(2)]
    stack.owner.post(f"/api/v1/library/albums/{row['id']}/photos", json={"add": photos})
    return row


def sample(page: Page, count: int) -> None:
    """The form shows so many photos, and has them counted."""
    expect(page.locator("#from-library-photos img")).to_have_count(count)
    expect(page.locator("#from-library-count")).to_have_text(f"{count} chosen")
    expect(page.locator("#chooser")).to_be_hidden()


def test_an_album_leads_to_a_batch_and_back(tab: Tab, stack: Stack, album: Any) -> None:
    page = tab.open(f"/library/?album={album['id']}")
    page.get_by_role("button", name=ALL).click()
    page.wait_for_url(f"**/batches/?from=library&album={album['id']}")
    sample(page, 2)
    expect(page.locator("#from-library-what")).to_have_text(f"Album: {album['name']}")
    expect(page.locator("#start")).to_be_disabled()
    page.fill("#question", "Is there a dog?")
    page.click("#start")
    page.wait_for_selector("#state.done", timeout=3 * ANSWER_MS)
    assert "2 of 2 answered" in page.inner_text("#progress-words")
    page.go_back()
    page.get_by_role("link", name="Change in the library").click()
    page.wait_for_url(f"**/library/?album={album['id']}")
    assert total(page) == 2 and tab.errors == []


def test_what_is_chosen_leads_to_a_batch_that_a_reload_keeps(phone: Tab, stack: Stack, album: Any) -> None:
    page = phone.open(f"/library/?album={album['id']}")
    expect(page.locator(".cell img")).to_have_count(2)
    page.locator("#select-all").tap()
    expect(page.locator("#selection b")).to_have_text("2 photos chosen")
    expect(page.locator("#all-of-these")).to_be_hidden()
    assert page.evaluate(OVERFLOW) <= 0
    page.locator("#selection").get_by_role("button", name=ALL).tap()
    page.wait_for_url("**/batches/?from=selection")
    sample(page, 2)
    page.reload()
    sample(page, 2)
    assert page.evaluate(OVERFLOW) <= 0
    [gone] = stack.owner.get(f"/api/v1/library/photos?album={album['id']}&limit=1").json()["items"]
    stack.owner.post("/api/v1/library/delete", json={"photos": [gone["id"]]})
    page.reload()
    sample(page, 1)
    page.get_by_role("link", name="Choose others").tap()
    expect(page.locator("#chooser")).to_be_visible()
    assert phone.errors == []


def test_control_and_a_choose_all_that_the_filters_show(tab: Tab, album: Any) -> None:
    page = tab.open(f"/library/?album={album['id']}")
    expect(page.locator(".cell img")).to_have_count(2)
    page.keyboard.press("Control+a")
    expect(page.locator("#selection b")).to_have_text("2 photos chosen")
    page.get_by_role("button", name="Choose none").click()
    if page.locator("#q").is_visible():
        page.fill("#q", "kites")
        page.keyboard.press("Control+a")
        assert page.evaluate("() => getSelection().toString()") == "kites", "in a field it selects the text"
        expect(page.locator("#selection")).to_be_hidden()
    assert tab.errors == []


def test_more_than_a_batch_takes_is_said_before_anything_is_sent(tab: Tab, album: Any) -> None:
    def with_a_limit_of_one(route: Route) -> None:
        page = route.fetch()
        route.fulfill(response=page, body=re.sub(r'"most_photos": \d+', '"most_photos": 1', page.text()))

    tab.page.route(re.compile(r"/library/\?"), with_a_limit_of_one)
    page = tab.open(f"/library/?album={album['id']}")
    page.get_by_role("button", name=ALL).click()
    expect(page.locator("#problem")).to_contain_text("These are 2 photos; a batch has at most 1.")
    page.locator("#select-all").click()
    expect(page.locator("#selection b")).to_have_text("1 photo chosen")
    expect(page.locator("#problem")).to_contain_text("Only the first 1 of 2 photos are chosen.")
    assert "/library/" in page.url and tab.errors == []


def test_a_conversation_leads_to_its_photos(tab: Tab, stack: Stack) -> None:
    photo = stack.upload(draw_photo(FIRST_SEED + 90))
    turn = stack.put("What is in this photo?", photo=photo)
    page = tab.open(f"/c/{turn['conversation']}/")
    page.get_by_role("link", name="Photos", exact=True).click()
    page.wait_for_url(f"**/library/?conversation={turn['conversation']}")
    expect(page.locator(".cell img")).to_have_count(1)
    expect(page.locator(".cell img")).to_have_attribute("data-photo", photo)
    title = page.locator("#conversation-title")
    expect(title).to_have_text("Photos of “What is in this photo?”")
    assert str(title.get_attribute("href")) == f"/c/{turn['conversation']}/"
    page.locator("#conversation-clear").click()
    expect(page.locator("#of-conversation")).to_be_hidden()
    page.wait_for_function("() => !location.search")
    assert tab.errors == []
