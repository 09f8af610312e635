"""Moments in the time zone of whoever reads them, and axes whose ticks say where they stand."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from bench.harness.stack import Stack
from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser


@pytest.fixture
def far_away(browser: Browser, stack: Stack, logged_in: Any) -> Iterator[Page]:
    """Where it is never the time that the server counts in: five hours and three quarters ahead."""
    context = browser.new_context(storage_state=logged_in, timezone_id="Asia/Kathmandu")
    yield context.new_page()
    context.close()


SHOWN = """async ([iso, shown]) => {
  const { timeWords, timeTitle, zone } = await import("/static/js/times.js");
  return [timeWords(iso, shown), timeTitle(iso), zone()];
}"""


def test_a_moment_is_shown_in_the_readers_zone_which_the_title_names(far_away: Page, stack: Stack) -> None:
    far_away.goto(stack.url)
    words, title, zone = far_away.evaluate(SHOWN, ["2026-03-01T12:30:05Z", "second"])
    assert re.fullmatch(r"1 Mar 2026, 18:15:05", words)
    assert "18:15:05 Nepal Time" in title and "45" in zone


def test_every_moment_of_a_page_is_local(far_away: Page, stack: Stack) -> None:
    far_away.goto(f"{stack.url}/devices/jetson-a/")
    row = far_away.locator("#trail time").first
    row.wait_for()
    iso = row.get_attribute("datetime") or ""
    assert "Nepal Time" in (row.get_attribute("title") or "")
    assert row.inner_text() == far_away.evaluate(SHOWN, [iso, "second"])[0]
    assert far_away.locator("[data-zone]").first.inner_text().startswith("times: ")


@pytest.mark.parametrize("path", ["/audit/audit.csv", "/planner/calls.csv"])
def test_downloads_have_moments_in_utc_with_a_z(stack: Stack, path: str) -> None:
    rows = stack.owner.get(path).text.strip().splitlines()
    moments = [row.split(",")[0] for row in rows[1:]]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", moment) for moment in moments)
    assert moments or "planner" in path


TICKS = """async ([name, most]) => {
  const charts = await import("/static/js/federation/charts.js");
  const axis = name === "seconds" ? charts.timeTicks(most) : charts.ticks(most, String);
  return axis.tickvals.map((value, index) => [value, axis.ticktext[index]]);
}"""
UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}


@pytest.mark.parametrize("most", [0.3, 4.0, 11.0, 42.0, 95.0, 150.0, 300.0, 1000.0, 5400.0, 40_000.0])
def test_a_tick_of_a_time_axis_says_exactly_where_it_stands(tab: Tab, most: float) -> None:
    ticks = tab.open().evaluate(TICKS, ["seconds", most])
    assert len(ticks) >= 3 and len({text for _, text in ticks}) == len(ticks)
    for value, text in ticks:
        number, unit = text.split()
        assert float(number) * UNITS[unit] == pytest.approx(value), text


@pytest.mark.parametrize("most", [1, 2, 3, 7, 40, 1000])
def test_rounds_and_bytes_are_whole(tab: Tab, most: int) -> None:
    ticks = tab.open().evaluate(TICKS, ["round", most])
    assert [text for _, text in ticks] == [str(int(value)) for value, _ in ticks]
    assert len({text for _, text in ticks}) == len(ticks)
