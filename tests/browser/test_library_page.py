"""The library in a browser: chosen by keyboard, deleted and undone, filled with many files, on a desk and on a phone."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from tests.browser.conftest import ANSWER_MS, Tab
from tests.browser.test_adding_photos import OVERFLOW
from tests.conftest import draw_photo

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FIRST_SEED = 4000  # of photos that no other test draws


def photos(first: int, count: int) -> list[dict[str, Any]]:
    return [
        {"name": f"kite {n}.jpg", "mimeType": "image/jpeg", "buffer": draw_photo(FIRST_SEED + n, (160, 120))}
        for n in range(first, first + count)
    ]


def add(page: Page, files: list[dict[str, Any]]) -> str:
    """Returns the summary."""
    page.set_input_files("#files", files)
    done = page.locator("#uploads .sum", has_text="added.")
    done.wait_for(timeout=3 * ANSWER_MS)
    return done.inner_text()


def total(page: Page) -> int:
    page.wait_for_function("() => document.querySelector('#total').textContent")
    return int("".join(filter(str.isdigit, page.locator("#total").inner_text())))


def test_photos_are_chosen_by_keyboard_deleted_and_there_again(tab: Tab) -> None:
    page = tab.open("/library/")
    assert "3 photos added." in add(page, photos(0, 3))
    page.locator(".cell img").nth(2).wait_for()
    before = total(page)
    page.locator(".cell").first.focus()
    for key in ("Space", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    expect(page.locator("#selection b")).to_have_text("2 photos chosen")
    expect(page.locator(".cell[aria-selected=true]")).to_have_count(2)
    expect(page.locator(".cell:focus")).to_have_attribute("data-place", "1")
    page.keyboard.press("f")
    expect(page.locator(".cell:focus .heart")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Delete")
    expect(page.locator("#undo")).to_contain_text("2 photos deleted.")
    assert total(page) == before - 2
    page.reload()
    page.locator("#undo button").click()
    expect(page.locator("#announcer")).to_have_text("2 photos are there again.")
    assert total(page) == before
    assert tab.errors == []


def test_of_rubbish_among_two_hundred_files_each_is_named_and_the_others_arrive(tab: Tab) -> None:
    page = tab.open("/library/")
    rubbish = [{"name": f"notes {n}.txt", "mimeType": "text/plain", "buffer": b"no photo %d" % n} for n in range(4)]
    fine = photos(10, 12)
    copies = [{**fine[0], "name": f"copy {n}.jpg"} for n in range(200 - len(fine) - len(rubbish))]
    summary = add(page, [*rubbish, *fine, *copies])
    assert (
        "12 photos added." in summary and f"{len(copies)} were there already" in summary and "4 files were refused." in summary
    )
    reason = page.locator("#uploads .reasons details")
    expect(reason.locator("summary")).to_contain_text("This is not a")
    assert sorted(reason.locator("li").all_inner_texts()) == [f"notes {n}.txt" for n in range(4)]


def test_an_upload_that_a_reload_broke_off_is_resumed_with_what_is_missing(tab: Tab) -> None:
    page = tab.open("/library/")
    add(page, photos(30, 2))
    names = [photo["name"] for photo in photos(30, 2)]
    page.evaluate(
        """([names, id]) => localStorage.setItem(`isthmus.draft.${document.body.dataset.account}.library upload`,
          JSON.stringify({ total: 3, done: { [`${names[0]}|1|1`]: id } }))""",
        [names, "6f1f0f1e-2b4f-4c7e-9a55-0123456789ab"],
    )
    page.reload()
    expect(page.locator("#uploads")).to_contain_text("An upload ended after 1 of 3 files.")
    assert "2 were there already" in add(page, photos(30, 2))


def test_chosen_photos_lead_into_the_chat(tab: Tab) -> None:
    page = tab.open("/library/")
    add(page, photos(40, 2))
    for place in (0, 1):
        page.locator(".cell .choose").nth(place).click()
    page.get_by_role("button", name="Ask about these photos").click()
    expect(page.locator("#pending li")).to_have_count(2)
    tab.ask("What is in this photo?")
    assert "Second photo: " in tab.answer() and page.locator(".turn").count() == 1
    assert len({image.get_attribute("src") for image in page.locator(".me img").all()}) == 2
    page.goto(f"{tab.url}/library/")
    page.locator(".cell img").first.click()
    expect(page.locator("#details ul a")).to_have_text("What is in this photo?")


@pytest.mark.long
def test_a_deletion_outlives_a_restart_of_the_workers(tab: Tab, stack: Stack) -> None:
    page = tab.open("/library/")
    add(page, photos(50, 1))
    page.locator(".cell img").first.wait_for()
    page.locator(".cell").first.focus()
    page.keyboard.press("Delete")
    page.locator("#undo button").wait_for()
    [(name,)] = stack.rows("SELECT id FROM inference_photo WHERE hidden_at IS NOT NULL ORDER BY hidden_at DESC LIMIT 1")
    stack.kill(stack.worker("celery", "webapp.celery"))
    gone = "SELECT count(*) = 0 FROM inference_photo WHERE id = ?"
    assert stack.rows(gone, name) == [(0,)], "the minute is not over"
    wait_for(lambda: stack.rows(gone, name) == [(1,)], 180, "the photo was not erased", every=1)


def test_on_a_phone_a_long_touch_chooses_and_nothing_overflows(phone: Tab) -> None:
    page = phone.open("/library/")
    add(page, photos(60, 2))
    cell = page.locator(".cell").first
    cell.locator("img").wait_for()
    cell.dispatch_event("pointerdown", {"pointerType": "touch", "bubbles": True, "clientX": 40, "clientY": 400})
    expect(page.locator("#selection b")).to_have_text("1 photo chosen")
    page.locator(".cell").nth(1).locator(".choose").tap()
    expect(page.locator("#selection b")).to_have_text("2 photos chosen")
    assert page.evaluate(OVERFLOW) <= 0
    assert phone.errors == []
