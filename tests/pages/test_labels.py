"""Labels of closed lists reach the pages as data, so that scripts need not repeat them."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devices.contract import sensors
from inference.engine import tasks
from inference.placement import policies, routes
from webapp import page_data

PAGES = ("/", "/devices/", "/federation/")
SCRIPTS = Path(page_data.__file__).parents[1] / "static" / "js"
COMMENTS = re.compile(r"/\*[\s\S]*?\*/|//.*")


def labels_of(page: str) -> dict[str, list[dict[str, Any]]]:
    match = re.search(r'<script id="labels" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert match
    return dict(json.loads(match[1]))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_carries_every_route_and_policy(owner: Any, client_of: Callable[[Any], Any], path: str) -> None:
    labels = labels_of(client_of(owner).get(path).content.decode())
    assert [row["name"] for row in labels["routes"]] == routes.names()
    assert [row["name"] for row in labels["policies"]] == policies.names()
    assert all(row["label"] for rows in labels.values() for row in rows)


def test_a_dummy_task_reaches_the_page(owner: Any, client_of: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    words = replace(tasks.get("vqa").phrases, label="dummy task")
    monkeypatch.setattr(tasks, "TASKS", [*tasks.TASKS, replace(tasks.get("vqa"), name="dummy", phrases=words)])
    rows = {row["name"]: row for row in labels_of(client_of(owner).get("/").content.decode())["tasks"]}
    assert rows["dummy"] == {
        "name": "dummy",
        "label": "dummy task",
        "shows_question": True,
        "shows_guesses": False,
        "highlights": True,
        "confidence": "calibrated on held-out photos",
    }
    assert list(rows)[-2:] == ["train", "watch"]


def test_a_dummy_sensor_reaches_the_page(owner: Any, client_of: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    dummy = sensors.Sensor("dummy_v", "dummy voltage", "V", 0, 20, "nowhere", chart="Dummy, V")
    monkeypatch.setattr(sensors, "SENSORS", (*sensors.SENSORS, dummy))
    rows = {row["name"]: row for row in labels_of(client_of(owner).get("/devices/").content.decode())["sensors"]}
    assert (rows["dummy_v"]["label"], rows["dummy_v"]["chart"]) == ("dummy voltage", "Dummy, V")
    assert "memory_total_mb" not in rows, "it is shown with the memory in use"


def test_the_login_page_gives_no_labels_away(stranger: Any) -> None:
    assert 'id="labels"' not in stranger.get("/login/").content.decode()


@pytest.mark.parametrize("words", ["all on the device", "most accurate", "what is it", "Hottest zone", "WebP"])
def test_no_script_repeats_a_label(words: str) -> None:
    code = {path.name: COMMENTS.sub("", path.read_text()) for path in SCRIPTS.rglob("*.js")}
    assert [name for name, text in code.items() if words in text] == []
