"""One question over all three routes, side by side."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import ANSWER_MS, Tab

pytestmark = pytest.mark.browser
ENDED = (
    "() => { const ways = [...document.querySelectorAll('.route')];"
    " return ways.length === 3 && ways.every((way) => ['answered', 'failed'].includes(way.dataset.state)) }"
)

GROUPED = """async ([turns, begun]) => {
  const { grouped } = await import("/static/js/turns/groups.js");
  return grouped(turns, new Set(begun)).map((one) => (Array.isArray(one) ? one.map((turn) => turn.id) : one.id));
}"""


def turn(id: str, route: str | None, question: str = "What is it?") -> dict[str, Any]:
    return {"id": id, "route": route, "question": question, "photo": {"id": "p"}, "node": "jetson-a", "policy": "fastest"}


def test_the_same_question_over_every_route_in_order_is_a_comparison(tab: Tab) -> None:
    turns = [
        turn("a", None),
        turn("b", "device"),
        turn("c", None, "And how many?"),
        turn("d", "edge"),
        turn("e", "split", "Another"),
        turn("f", "split"),
        turn("g", "device"),
    ]
    page = tab.open()
    assert page.evaluate(GROUPED, [turns, []]) == ["a", ["b", "d", "f"], "c", "e", "g"]
    assert page.evaluate(GROUPED, [turns[:2], ["b"]]) == ["a", ["b"]], "its other ways are still to come"


def compare(tab: Tab, question: str, photo: bytes) -> Page:
    page = tab.page
    tab.choose_file("photo.jpg", "image/jpeg", photo)
    tab.ask(question)
    tab.answer()
    page.get_by_role("button", name="Compare three routes").click()
    page.wait_for_function(ENDED, timeout=3 * ANSWER_MS)
    return page


def test_one_click_runs_the_question_over_every_route_and_shows_what_each_cost(tab: Tab, photo_bytes: bytes) -> None:
    tab.open()
    page = compare(tab, "What is in this photo?", photo_bytes)
    for route in ("device", "edge", "split"):
        way = page.locator(f".route[data-route={route}]")
        assert way.locator(".answer").inner_text().strip()
        assert way.locator(".drawing svg").count() == 1
        assert "time" in way.locator("dl").inner_text()
    assert "0 B" in page.locator(".route[data-route=device] dl").inner_text()
    assert page.locator(".turn").count() == 1, "the three are one comparison, not three more answers"
    assert tab.errors == []


def test_no_route_of_a_comparison_uses_what_an_earlier_question_left(tab: Tab, photo_bytes: bytes) -> None:
    page = tab.open()
    page.locator("#options summary").click()
    page.select_option("#route", "split")  # leaves its features at the edge
    page = compare(tab, "Describe the photo.", photo_bytes)
    numbers = page.locator(".route[data-route=split] dl").inner_text()
    assert "cached" not in numbers and not re.search(r"\b0 B\b", numbers)
    assert "nothing cached" in page.locator(".comparison").inner_text()


def test_a_comparison_stays_one_after_a_refresh(tab: Tab, photo_bytes: bytes) -> None:
    tab.open()
    page = compare(tab, "Describe the photo.", photo_bytes)
    answers = page.locator(".route .answer").all_inner_texts()
    page.reload()
    page.locator(".comparison").wait_for()
    assert page.locator(".route .answer").all_inner_texts() == answers
    assert page.locator(".turn").count() == 1


def test_an_impossible_route_states_why_and_the_others_answer(tab: Tab, photo_bytes: bytes) -> None:
    page = tab.open()
    page.locator("#options summary").click()
    page.select_option("#policy", "private")
    compare(tab, "What is this?", photo_bytes)
    assert "private" in page.locator(".route[data-route=edge]").inner_text()
    assert page.locator(".route .answer").count() == 2


def test_on_a_phone_the_routes_are_stacked(phone: Tab, photo_bytes: bytes) -> None:
    phone.open()
    page = compare(phone, "What is in this photo?", photo_bytes)
    tops = [way.bounding_box() for way in page.locator(".route").all()]
    assert all(box is not None and box["width"] > 300 for box in tops)
    assert page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_a_failed_comparison_states_why_beside_its_button(tab: Tab, photo_bytes: bytes) -> None:
    page = tab.open()
    tab.choose_file("photo.jpg", "image/jpeg", photo_bytes)
    tab.ask("What is this?")
    tab.answer()
    page.context.set_offline(True)
    button = page.get_by_role("button", name="Compare three routes")
    button.click()
    page.locator(".compare .note").get_by_text("The server cannot be reached.").wait_for()
    assert button.is_enabled(), "it can be tried again"
