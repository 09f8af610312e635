"""The page of accuracy against bytes in a real browser: the charts have the measured points, at both widths."""

import json

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Seen
from webapp import rate_accuracy_page

pytestmark = pytest.mark.browser
DRAWN = "() => [...document.querySelectorAll('.curve')].every((one) => one.querySelector('.scatterlayer .points path'))"


def points(page: Page, task: str) -> int:
    return page.locator(f".curve[data-task={task}] .scatterlayer .points path").count()


def test_every_level_and_quality_is_a_point_of_its_tasks_chart(seen: Seen) -> None:
    tasks = json.loads(rate_accuracy_page.RESULTS.read_text())["tasks"]
    page = seen.open("/curves/")
    page.wait_for_function(DRAWN)
    for task, results in tasks.items():
        qualities = sum(len({row["quality"] for row in results[name]}) for name in ("jpeg", "webp", "avif"))
        assert points(page, task) == len(results["code"]) + len(results["refine"]) + qualities + 1
    assert seen.errors == []
    assert seen.hosts == {seen.url.removeprefix("http://")}


def test_bytes_are_shown_with_their_unit(seen: Seen) -> None:
    page = seen.open("/curves/")
    page.wait_for_function("() => /\\d (B|KB)$/.test(document.querySelector('.ours .bytes').textContent)")


def test_a_phone_shows_all_of_it_without_scrolling_sideways(phone: Seen) -> None:
    page = phone.open("/curves/")
    page.wait_for_function(DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".summary .ours").first.bounding_box()["x"] < 390
    assert phone.errors == []
