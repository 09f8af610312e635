"""A sensor that is added to devices.contract.sensors reaches the history and the pages without another change."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devices.contract import sensors
from devices.models import Node, Reading
from devices.telemetry import history
from tests.devices.conftest import Board

FAN = sensors.Sensor("fan_rpm", "fan", "rpm", 0, 20_000, "The board's own fan", chart="Fan, rpm")


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch, board: Callable[..., Board]) -> Board:
    monkeypatch.setattr(sensors, "SENSORS", (*sensors.SENSORS, FAN))
    return board()


def test_its_readings_go_from_the_heartbeat_to_the_history_that_pages_get(
    joined: Board, colleague: Any, client_of: Callable[[Any], Any]
) -> None:
    joined.beat(sample={"cpu_percent": 12.5, "fan_rpm": 4200})
    joined.beat(sample={"cpu_percent": 13.5, "fan_rpm": 1e9})
    assert Node.objects.get().sensors == {"cpu_percent": 13.5, "fan_rpm": None}
    client = client_of(colleague)
    assert client.get("/devices/jetson-a/readings/").json()["fan_rpm"] == [4200, None]
    script = re.search(r'<script id="labels" type="application/json">(.*?)</script>', client.get("/devices/jetson-a/").text)
    assert script is not None
    (label,) = [row for row in json.loads(script[1])["sensors"] if row["name"] == "fan_rpm"]
    assert (label["label"], label["unit"], label["chart"]) == ("fan", "rpm", "Fan, rpm")


def test_its_readings_are_averaged_by_the_minute(joined: Board) -> None:
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for second, last_seen in ((0, None), (30, start), (61, start + timedelta(seconds=30))):
        history.store(joined.node, {"fan_rpm": 1000.0 + second}, last_seen, start + timedelta(seconds=second))
    assert Reading.objects.get(span_s=history.MINUTE_S).values == {"fan_rpm": 1015.0}


def test_rows_from_before_the_sensor_have_none_of_it(joined: Board) -> None:
    joined.beat(sample={"cpu_percent": 12.5})
    columns = history.history("jetson-a", 1)
    assert (columns["cpu_percent"], columns["fan_rpm"]) == ([12.5], [None])
