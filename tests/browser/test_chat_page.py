"""A person with a photo and a question, in a real browser against the real stack."""

import os
import re
import signal

import pytest
from playwright.sync_api import Route

from bench.harness.stack import Stack
from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_a_photo_and_a_question_lead_to_an_answer_with_its_receipt(tab: Tab, photo_bytes: bytes) -> None:
    page = tab.open()
    tab.choose_file("photo.jpg", "image/jpeg", photo_bytes)
    page.locator("#pending").get_by_text("320 × 240").wait_for()
    tab.ask("What is in this photo?")
    assert tab.answer().strip()
    receipt = page.locator(".receipt")
    assert re.search(r"\d m?s", receipt.locator(".drawing svg").get_attribute("aria-label") or "")
    facts = receipt.locator(".facts").inner_text()
    assert "total" in facts and re.search("your upload|the photo was sent", facts) and "simulated" in facts
    receipt.locator(".why summary").click()
    assert receipt.locator("tr.won").count() == 1
    assert re.search(r"/c/[0-9a-f-]{36}/$", page.url)
    assert page.locator("#conversations li[data-here]").inner_text().startswith("What is in this photo?")
    assert tab.errors == []
    assert tab.hosts == {tab.url.removeprefix("http://")}


def test_a_question_typed_before_the_scripts_load_is_kept_and_can_be_sent(tab: Tab) -> None:
    page = tab.page
    waiting: list[Route] = []
    page.route("**/compose*.js", lambda route: waiting.append(route))
    page.goto(tab.url, wait_until="commit")
    page.fill("#question", "What is a split point?")
    page.press("#question", "Enter")
    assert page.locator("#ask").is_disabled()  # else the page would be read anew, without the question
    while not waiting:
        page.wait_for_timeout(100)
    for request in waiting:
        request.continue_()
    page.locator("#ask:enabled").click()
    page.locator(".turn").get_by_text("What is a split point?").wait_for()
    assert tab.errors == []


def test_a_forced_route_is_the_one_the_receipt_shows(tab: Tab, photo_bytes: bytes) -> None:
    page = tab.open()
    page.locator("#options summary").click()
    page.select_option("#route", "split")
    tab.choose_file("photo.jpg", "image/jpeg", photo_bytes)
    tab.ask("Describe the photo.")
    tab.answer()
    page.locator(".why summary").click()
    assert page.locator("tr.won").inner_text().startswith("part on the device")
    facts = page.locator(".facts").inner_text()
    assert re.search(r"only [\d.]+ K?B went from jetson-\w to edge-1; the server keeps your upload", facts)
    assert "stayed on the device" not in facts, "the server has the upload as well"


def test_reloading_during_an_answer_loses_nothing(tab: Tab, stack: Stack, photo_bytes: bytes) -> None:
    page = tab.open()
    page.locator("#options summary").click()
    page.select_option("#route", "split")
    tab.choose_file("photo.jpg", "image/jpeg", photo_bytes)
    page.locator("#pending").get_by_text("320 × 240").wait_for()
    edge, cloud = stack.node("edge-1"), stack.worker("celery", "webapp.celery")
    try:  # stopped one after the other, so that there is a middle to refresh in, however long that takes
        os.kill(edge, signal.SIGSTOP)
        tab.ask("What is this?")
        page.locator(".live .words").get_by_text("Computing on the edge").wait_for()
        os.kill(cloud, signal.SIGSTOP)
        os.kill(edge, signal.SIGCONT)  # before its missing heartbeats are noticed
        page.reload()
        page.locator(".live .words").wait_for()
    finally:
        for pid in (edge, cloud):
            os.kill(pid, signal.SIGCONT)
    assert tab.answer().strip()
    assert page.locator(".turn").count() == 1


def test_a_sequence_gap_refetches_the_turn_and_an_old_event_is_ignored(tab: Tab) -> None:
    results = tab.open().evaluate(
        """async () => {
          const { reduce } = await import("/static/js/turns/state.js");
          const turn = { id: "a", seq: 3, state: "running", created: "2026-01-01T00:00:00Z", steps: [] };
          const event = (seq) => ({ type: "turn.answer", turn: "a", seq, state: "answered", answer: "Two.", error: null });
          const after = (seq) => reduce({ turns: [turn] }, event(seq));
          const short = ({ state, refetch }) => [state.turns[0].state, refetch];
          return [short(after(4)), short(after(5)), short(after(3))];
        }"""
    )
    assert results == [["answered", None], ["running", "a"], ["running", None]]


def test_markup_in_a_question_stays_text(tab: Tab, photo_bytes: bytes) -> None:
    page = tab.open()
    tab.choose_file("photo.jpg", "image/jpeg", photo_bytes)
    tab.ask("What is <img src=x onerror=alert(1)> this?")
    tab.answer()
    assert "<img src=x" in page.locator(".me p").inner_text()
    assert page.locator(".turn img[src=x]").count() == 0
    assert tab.errors == []


def test_a_file_that_is_not_a_photo_is_refused_with_an_explanation(tab: Tab) -> None:
    page = tab.open()
    tab.choose_file("notes.jpg", "image/jpeg", b"these are only words")
    error = page.locator("#compose-error")
    error.wait_for()
    assert error.inner_text().count(".") >= 2, "what is wrong, and what to do"
    assert page.locator("#pending").is_hidden()


def test_at_phone_width_nothing_overflows_and_the_side_panel_is_a_drawer(phone: Tab, photo_bytes: bytes) -> None:
    page = phone.open()
    phone.choose_file("photo.jpg", "image/jpeg", photo_bytes)
    phone.ask("What is in this photo? And describe it.")
    phone.answer()
    for summary in page.locator(".receipt summary").all():
        summary.click()
    assert page.evaluate(OVERFLOW) <= 0
    assert page.locator("#history").is_hidden()
    page.get_by_role("button", name="Conversations").click()
    assert page.locator("#history").is_visible()
    for path in ("/devices/", "/models/", "/account/"):
        phone.open(path)
        assert page.evaluate(OVERFLOW) <= 0, path


def test_that_the_models_are_small_is_said_until_it_is_understood(tab: Tab) -> None:
    page = tab.open()
    said = page.locator("#small-models")
    said.get_by_text("The models that answer here are small.").wait_for()
    assert said.get_by_role("link").get_attribute("href") == "/models/"
    said.get_by_role("button", name="Got it").click()
    assert not said.is_visible()
    tab.open().locator("#question").wait_for()
    assert not said.is_visible()
    assert tab.errors == []
