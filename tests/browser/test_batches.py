"""Batches in the browser: from the choice of photos to a table of answers, wide and narrow."""

import pytest
from playwright.sync_api import Page

from bench.harness.stack import Stack
from tests.browser.conftest import ANSWER_MS, Tab
from tests.conftest import draw_photo

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
DONE_MS = 3 * ANSWER_MS
OVERFLOWS = "() => document.documentElement.scrollWidth > innerWidth"


def _start(stack: Stack, question: str, photos: int, seed: int) -> str:
    ids = [stack.upload(draw_photo(seed + number)) for number in range(photos)]
    return str(stack.owner.post("/api/v1/batches", json={"question": question, "photos": [*ids, ids[0]]}).json()["id"])


def _fits(page: Page) -> None:
    assert not page.evaluate(OVERFLOWS), "the page is wider than the window"


def test_photos_are_chosen_and_a_batch_is_watched_to_its_end(tab: Tab, stack: Stack) -> None:
    for seed in (901, 902):
        stack.upload(draw_photo(seed))
    page = tab.open("/batches/")
    page.wait_for_selector("#photos img")
    assert page.is_disabled("#start") and not page.is_checked("#fresh")
    page.get_by_label("Ask afresh").check()
    page.fill("#question", "Is there a dog?")
    page.click("#none")
    page.locator("#photos input").nth(0).check()
    page.locator("#photos input").nth(1).check()
    files = [{"name": "more.jpg", "mimeType": "image/jpeg", "buffer": draw_photo(903)}]
    page.set_input_files("#files", [*files, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no photo"}])
    page.wait_for_function("() => document.getElementById('chosen').textContent.startsWith('3')")
    page.wait_for_selector("#trouble:not([hidden])")
    assert page.inner_text("#trouble").startswith("notes.txt: ")
    tab.errors.clear()  # the browser logs the refusal of the text file
    page.click("#start")
    page.wait_for_selector("#state.done", timeout=DONE_MS)
    page.wait_for_function("() => document.querySelectorAll('#items tr[data-state=answered]').length === 3", timeout=ANSWER_MS)
    assert "3 of 3 answered" in page.inner_text("#progress-words") and "crossed the link" in page.inner_text("#saved")
    assert "Asked afresh" in page.inner_text("#plan")
    page.locator("#items button.answer").first.click()
    page.wait_for_selector("#receipt svg")
    page.keyboard.press("Escape")
    assert page.locator("#receipt").is_hidden()
    _fits(page)
    assert tab.errors == []


def test_answers_are_filtered_and_sorted_and_a_batch_paused_and_resumed_on_a_phone(phone: Tab, stack: Stack) -> None:
    batch = _start(stack, "What is in this photo?", 16, 920)
    page = phone.open(f"/batches/{batch}/")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_selector("#state.paused")
    _fits(page)
    page.get_by_role("button", name="Resume").click()
    page.wait_for_selector("#state.done", timeout=DONE_MS)
    assert page.inner_text("#repeated") == "1 photo was listed again; it is asked about once."
    page.select_option("#sort", "uncertainty")
    page.wait_for_function("() => document.querySelector('#items tr')?.dataset.number !== undefined")
    page.fill("#answer", "no photo answers this")
    page.wait_for_selector("#items td.empty")
    page.fill("#answer", "")
    page.select_option("#item-state", "answered")
    page.wait_for_function("() => document.querySelectorAll('#items tr[data-state=answered]').length >= 14")
    _fits(page)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete").click()
    page.wait_for_url("**/batches/")
    _fits(page)
    assert phone.errors == []
