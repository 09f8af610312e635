"""A label that the server sends is the one a page shows."""

import json
import re

import pytest
from playwright.sync_api import Route

from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser
LABELS = re.compile(r'(<script id="labels" type="application/json">)(.*?)(</script>)', re.DOTALL)
DUMMY_TASK = {"name": "dummy", "label": "dummy task", "shows_question": True}
DUMMY_SENSOR = {
    "name": "dummy_v", "label": "dummy voltage", "unit": "V", "divisor": 1, "digits": 1, "whole": "", "source": "nowhere",
    "chart": "Dummy, V", "maximum": None,
}  # fmt: skip


def with_dummies(tab: Tab) -> None:
    def add(route: Route) -> None:
        response = route.fetch()
        match = LABELS.search(response.text())
        assert match
        labels = json.loads(match[2])
        labels["tasks"].append(DUMMY_TASK)
        labels["sensors"].append(DUMMY_SENSOR)
        route.fulfill(response=response, body=LABELS.sub(lambda m: m[1] + json.dumps(labels) + m[3], response.text()))

    tab.page.route(re.compile(r"/(devices/)?$"), add)


def test_a_dummy_task_and_a_dummy_sensor_are_shown_by_their_labels(tab: Tab) -> None:
    with_dummies(tab)
    text = tab.open("/").evaluate(
        """async () => {
          const { stepWords } = await import("/static/js/format.js");
          return [stepWords({ task: "dummy", question: "How much?" }), stepWords({ task: "unlabelled" })];
        }"""
    )
    assert text == ["dummy task: How much?", "unlabelled"]
    page = tab.open("/devices/")
    page.locator("[data-node=jetson-a] .state.online").wait_for()
    assert "dummy voltage" in page.locator("[data-node=jetson-a] dl").inner_text()
    assert tab.errors == []
