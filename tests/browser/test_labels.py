"""A label that the server sends is the one a page shows."""

import json

import pytest

from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser
DUMMY_TASK = {"name": "dummy", "label": "dummy task", "shows_question": True}
DUMMY_SENSOR = {
    "name": "dummy_v", "label": "dummy voltage", "unit": "V", "divisor": 1, "digits": 1, "whole": "", "source": "nowhere",
    "chart": "Dummy, V", "maximum": None,
}  # fmt: skip


# Scripts run once the whole document is there, so they see the added rows.
ADD = """document.addEventListener("readystatechange", () => {
  const data = document.getElementById("labels");
  if (document.readyState !== "interactive" || !data) return;
  const labels = JSON.parse(data.textContent);
  labels.tasks.push(TASK);
  labels.sensors.push(SENSOR);
  data.textContent = JSON.stringify(labels);
});"""


def test_a_dummy_task_and_a_dummy_sensor_are_shown_by_their_labels(tab: Tab) -> None:
    tab.page.add_init_script(ADD.replace("TASK", json.dumps(DUMMY_TASK)).replace("SENSOR", json.dumps(DUMMY_SENSOR)))
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
