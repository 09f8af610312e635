"""Receipts: levels, cached features, reconstructions."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Route

from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser

LEVELS = """async (receipts) => {
  const { levels } = await import("/static/js/receipt/levels.js");
  return receipts.map((receipt) => levels(receipt)?.textContent ?? null);
}"""
GONE = {"code": "features_gone", "message": "They are no longer at the edge.", "next": "Ask again."}


def receipt_with(*levels: dict[str, Any], refine_to: int | None = None) -> dict[str, Any]:
    return {"levels": list(levels), "candidates": [{"chosen": False, "refine_to": 8}, {"chosen": True, "refine_to": refine_to}]}


def test_each_level_shows_its_confidence_and_bytes(tab: Tab) -> None:
    first, more = {"level": 2, "bytes": 124, "confidence": 0.41}, {"level": 4, "bytes": 372, "confidence": 0.87}
    texts = tab.open().evaluate(
        LEVELS,
        [receipt_with(first, more, refine_to=4), receipt_with(more, refine_to=5), receipt_with(first), {"candidates": []}],
    )
    assert texts == [
        "level 2: 124 bytes, confidence 0.41 → level 4: 372 more bytes, confidence 0.87",
        "level 4: 372 bytes, confidence 0.87; level 5 was not needed",
        None,
        None,
    ]


def split(tab: Tab, photo: bytes, question: str) -> None:
    page = tab.open()
    page.locator("#options summary").click()
    page.select_option("#route", "split")
    tab.choose_file("photo.jpg", "image/jpeg", photo)
    tab.ask(question)
    tab.answer()


def test_a_second_question_about_a_photo_sends_nothing_and_states_it(tab: Tab, photo_bytes: bytes) -> None:
    split(tab, photo_bytes, "Describe the photo.")
    assert not re.search(r"\b0 B\b", tab.page.locator(".facts").inner_text())
    facts = []
    for _ in range(3):  # a busy machine may find another split point faster once; then its features are kept as well
        tab.ask("Describe the photo once more.")
        tab.answer()
        facts.append(tab.page.locator(".facts").last.inner_text())
        if "nothing was sent: the edge had this photo's features cached" in facts[-1]:
            return
    pytest.fail(f"each of three more questions sent something: {facts}")


def test_the_reconstruction_is_loaded_on_demand_and_shown_beside_the_photo(tab: Tab, photo_bytes: bytes) -> None:
    requests: list[str] = []
    tab.page.on("request", lambda request: requests.append(request.url) if "rebuild" in request.url else None)
    split(tab, photo_bytes, "What is in this photo?")
    assert not requests, "making it costs the edge time"
    tab.page.locator(".left summary").click()
    images = tab.page.locator(".pair img")
    images.nth(1).wait_for()
    tab.page.wait_for_function("() => [...document.querySelectorAll('.pair img')].every((image) => image.naturalWidth > 0)")
    assert len(requests) == 1
    assert "dB PSNR" in tab.page.locator(".left .hint").inner_text()


def test_expired_features_are_explained_in_place_of_the_picture(tab: Tab, photo_bytes: bytes) -> None:
    def gone(route: Route) -> None:
        route.fulfill(status=410, content_type="application/json", body=json.dumps({"error": GONE}))

    tab.page.route("**/rebuild.jpg", gone)
    split(tab, photo_bytes, "What is in this photo?")
    tab.page.locator(".left summary").click()
    tab.page.locator(".pair .note").get_by_text("They are no longer at the edge. Ask again.").wait_for()


TIME = re.compile(r"([\d.]+) (ms|s)")


def milliseconds(text: str) -> float:
    match = TIME.search(text)
    assert match, text
    return float(match[1]) * (1000 if match[2] == "s" else 1)


@pytest.mark.parametrize("route", ["device", "edge", "split"])
def test_the_labelled_parts_of_the_time_add_up_to_the_total_on_every_route(tab: Tab, photo_bytes: bytes, route: str) -> None:
    page = tab.open()
    page.locator("#options summary").click()
    page.select_option("#route", route)
    tab.choose_file("photo.jpg", "image/jpeg", photo_bytes)
    for _ in range(2):  # the second split finds its features cached
        tab.ask("Describe the photo.")
        tab.answer()
        receipt = page.locator(".receipt").last
        total = milliseconds(receipt.locator(".facts li", has_text="total").inner_text())
        parts = receipt.locator(".spans li").all_inner_texts()
        assert sum(milliseconds(part) for part in parts) == pytest.approx(total, abs=0.001), parts
        names = {TIME.sub("", part).strip() for part in parts}
        assert names <= {"device", "link", "edge", "waiting for a node", "overhead"} and "overhead" in names
        bars = receipt.locator(".drawing rect[class^=scale]").count()
        assert bars >= len(parts), "each piece of the bar has a name"


SPANS = """async (actual) => {
  const { spansOf } = await import("/static/js/receipt/spans.js");
  return spansOf(actual);
}"""


@pytest.mark.parametrize("scale", [0.001, 0.1, 1.0, 17.3, 333.3])
def test_times_are_rounded_so_that_they_still_add_up(tab: Tab, scale: float) -> None:
    names = ("queue", "device", "uplink", "edge", "overhead")
    result = tab.open().evaluate(SPANS, dict(zip(names, (scale * n for n in (33.4, 33.4, 33.3, 0.4, 99.5)), strict=True)))
    parts = [milliseconds(span["text"]) for span in result["spans"]]
    assert sum(parts) == pytest.approx(milliseconds(result["total"]), abs=1e-6)


def test_an_answer_and_its_receipt_are_equally_sure(tab: Tab, photo_bytes: bytes) -> None:
    page = tab.open()
    tab.choose_file("photo.jpg", "image/jpeg", photo_bytes)
    for question in ("What is this?", "How many people are there?", "What colour is it?", "Is it raining?"):
        tab.ask(question)
        answer, facts = tab.answer(), page.locator(".receipt").last.locator(".facts").inner_text()
        signs = {"A guess": "A guess", "Probably right": "robably", "Cannot tell": "I cannot tell"}
        (words,) = [words for words in ("Confident", *signs) if words in facts]
        assert [name for name, sign in signs.items() if sign in answer] == [name for name in signs if name == words], (
            answer,
            facts,
        )
