"""The page of accuracy against bytes in a real browser: the charts have the measured points, at both widths."""

import json

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Tab
from webapp import rate_accuracy_page

pytestmark = pytest.mark.browser
DRAWN = "() => [...document.querySelectorAll('.curve')].every((one) => one.querySelector('.scatterlayer .points path'))"


def points(page: Page, task: str) -> int:
    return page.locator(f".curve[data-task={task}] .scatterlayer .points path").count()


def test_every_level_and_quality_is_a_point_in_the_chart_of_its_task(tab: Tab) -> None:
    tasks = json.loads(rate_accuracy_page.RESULTS.read_text())["tasks"]
    page = tab.open("/curves/")
    page.wait_for_function(DRAWN)
    for task, results in tasks.items():
        qualities = sum(len({row["quality"] for row in results[name]}) for name in ("jpeg", "webp", "avif"))
        assert points(page, task) == len(results["code"]) + len(results["refine"]) + qualities + 1
    assert tab.errors == []
    assert tab.hosts == {tab.url.removeprefix("http://")}


def test_bytes_are_shown_with_their_unit(tab: Tab) -> None:
    page = tab.open("/curves/")
    page.wait_for_function("() => /\\d (B|KB)$/.test(document.querySelector('.ours .bytes').textContent)")


def test_a_phone_shows_all_of_it_without_scrolling_sideways(phone: Tab) -> None:
    page = phone.open("/curves/")
    page.wait_for_function(DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".summary .ours").first.bounding_box()["x"] < 390
    assert phone.errors == []
