"""Conversations as people know them: titles, search, pins, edits; also in two tabs at once."""

import re

import pytest
from playwright.sync_api import expect

from bench.harness.stack import Stack
from tests.browser.conftest import Tab
from tests.browser.conversations import answered, opened
from tests.browser.test_chat_page import OVERFLOW

pytestmark = pytest.mark.browser
PATIENCE_MS = 20_000


def test_a_new_title_is_shown_everywhere_and_a_refused_one_is_kept_in_its_field(tab: Tab, second: Tab, stack: Stack) -> None:
    (talk,) = answered(stack, [("Is there a dog?", "Yes.")])
    page, other = opened(tab, talk), opened(second, talk)
    assert page.title() == "Is there a dog? · Isthmus"
    page.get_by_role("button", name="Rename", exact=True).click()
    field = page.get_by_label("Title of the conversation")
    field.fill("   ")
    field.press("Enter")
    page.get_by_text("The title is empty. Type one, or keep the one it has.").wait_for()
    field.fill("كلب 🐕 Rex")
    field.press("Enter")
    for shown in (page, other):
        expect(shown.locator("#title")).to_have_text("كلب 🐕 Rex", timeout=PATIENCE_MS)
        expect(shown).to_have_title("كلب 🐕 Rex · Isthmus", timeout=PATIENCE_MS)
        expect(shown.locator("#conversations li[data-here] a")).to_have_text("كلب 🐕 Rex", timeout=PATIENCE_MS)
    row = page.locator("#conversations li[data-here]")
    row.get_by_role("button", name=re.compile("^Rename")).click()
    page.get_by_label("Title of the conversation").fill("From the list")
    page.get_by_label("Title of the conversation").press("Enter")
    expect(page.locator("#title")).to_have_text("From the list", timeout=PATIENCE_MS)
    assert [error for error in tab.errors if "422" not in error] == [] and second.errors == []


def test_a_title_that_is_left_with_escape_stays(tab: Tab, stack: Stack) -> None:
    (talk,) = answered(stack, [("Is there a cat?", "No.")])
    page = opened(tab, talk)
    page.get_by_role("button", name="Rename", exact=True).click()
    page.get_by_label("Title of the conversation").fill("Something else")
    page.get_by_label("Title of the conversation").press("Escape")
    expect(page.locator("#title")).to_have_text("Is there a cat?")
    page.reload()
    expect(page.locator("#title")).to_have_text("Is there a cat?")


def test_the_search_marks_what_it_finds_and_leads_there(tab: Tab, stack: Stack) -> None:
    filler = [(f"Filler {number}?", "word " * 200) for number in range(6)]
    answered(stack, [("A zebra?", "In the zoo of Köln."), *filler], [("A ZEBRA again?", "Not here.")])
    page = tab.open()
    page.get_by_label("Search your conversations").fill("KOLN zebra")
    page.locator("#search-outcome").get_by_text("1 conversation found").wait_for()
    hit = page.locator("#conversations .hit").first
    assert [mark.inner_text() for mark in hit.locator("mark").all()] == ["zebra", "Köln"]
    hit.click()
    page.locator(".turn").nth(6).wait_for()
    assert page.locator(".turn").first.evaluate("turn => Math.abs(turn.getBoundingClientRect().top) < 200")
    page.get_by_label("Search your conversations").fill("zebra")
    page.locator("#search-outcome").get_by_text("2 conversations found").wait_for()
    page.get_by_label("Search your conversations").fill("zebra unicorn")
    page.locator("#search-outcome").get_by_text("Nothing has all of “zebra unicorn”.").wait_for()
    page.get_by_label("Search your conversations").fill("")
    page.locator("#conversations [data-id]").first.wait_for()
    assert tab.errors == []


def test_results_beyond_a_page_are_shown_on_request(tab: Tab, stack: Stack) -> None:
    answered(stack, *[[(f"Which aardvark {number}?", "None.")] for number in range(55)])
    page = tab.open()
    page.get_by_label("Search your conversations").fill("aardvark")
    page.locator("#search-outcome").get_by_text("55 conversations found").wait_for()
    assert page.locator("#conversations .result").count() == 50
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("#conversations .result")).to_have_count(55, timeout=PATIENCE_MS)


def test_a_pinned_conversation_comes_first_in_every_tab(tab: Tab, second: Tab, stack: Stack) -> None:
    first, last = answered(stack, [("The older one?", "Yes.")], [("The newer one?", "Yes.")])
    page, other = opened(tab, first), opened(second, last)
    page.locator("#pin").click()
    for shown in (page, other):
        expect(shown.locator("#conversations li").first).to_have_attribute("data-id", first, timeout=PATIENCE_MS)
        expect(shown.locator("#conversations li").first).to_contain_text("pinned")
    expect(page.locator("#pin")).to_have_attribute("aria-pressed", "true")
    other.locator("#conversations li").first.get_by_role("button", name=re.compile("^Unpin")).click()
    expect(page.locator("#pin")).to_have_attribute("aria-pressed", "false", timeout=PATIENCE_MS)
    assert tab.errors == [] and second.errors == []


def test_the_last_question_is_edited_and_nothing_is_lost_when_it_fails(tab: Tab, second: Tab, stack: Stack) -> None:
    (talk,) = answered(stack, [("First?", "One."), ("How many devices are onlnie?", "I cannot tell.")])
    page, other = opened(tab, talk), opened(second, talk)
    assert page.get_by_role("button", name="Edit the question").count() == 1, "only the last one"
    page.route("**/edit", lambda route: route.abort())
    page.get_by_role("button", name="Edit the question").click()
    field = page.get_by_label("The edited question")
    assert field.input_value() == "How many devices are onlnie?"
    field.fill("How many devices are online?")
    field.press("Enter")
    page.locator(".edit").get_by_text("The server cannot be reached.").wait_for()
    assert field.input_value() == "How many devices are online?"
    page.reload()
    expect(page.get_by_label("The edited question")).to_have_value("How many devices are online?", timeout=PATIENCE_MS)
    assert page.locator(".turn[data-replaced]").count() == 0
    page.unroute("**/edit")
    page.get_by_role("button", name="Send again").click()
    for shown in (page, other):
        expect(shown.locator(".turn")).to_have_count(3, timeout=PATIENCE_MS)
        earlier = shown.locator(".turn[data-replaced]")
        expect(earlier).to_contain_text("How many devices are onlnie?")
        earlier.locator("summary").get_by_text("Earlier answer").click()
        expect(earlier.locator(".answer")).to_have_text("I cannot tell.")
    assert tab.answer()
    assert page.locator(".turn").nth(2).get_by_role("button", name="Edit the question").is_visible()
    assert second.errors == []


def test_a_conversation_that_another_tab_deletes_leaves_the_list(tab: Tab, second: Tab, stack: Stack) -> None:
    (talk,) = answered(stack, [("Delete me?", "Yes.")])
    page, other = opened(tab, talk), second.open()
    row = other.locator(f"#conversations [data-id='{talk}']")
    row.get_by_role("button", name=re.compile("^Delete")).click()
    other.locator("#conversations .sure").get_by_role("button", name="Delete").click()
    page.get_by_text("This page no longer exists.").wait_for()
    expect(page.locator(f"#conversations [data-id='{talk}']")).to_have_count(0, timeout=PATIENCE_MS)


def test_at_phone_width_nothing_overflows(phone: Tab, stack: Stack) -> None:
    (talk,) = answered(stack, [("W" * 300, "M" * 400), ("What is the second one?", "Yes.")])
    page = opened(phone, talk)
    page.get_by_role("button", name="Good answer").last.click()
    page.get_by_label("Note about this answer").wait_for()
    page.get_by_role("button", name="Edit the question").click()
    page.get_by_role("button", name="Rename", exact=True).click()
    assert page.evaluate(OVERFLOW) <= 0
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("button", name="Create link").click()
    page.get_by_label("The new link").wait_for()
    assert page.evaluate(OVERFLOW) <= 0
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Conversations", exact=True).click()
    page.get_by_label("Search your conversations").fill("www mmm")
    page.locator("#conversations mark").first.wait_for()
    assert page.evaluate(OVERFLOW) <= 0
    assert phone.errors == []
