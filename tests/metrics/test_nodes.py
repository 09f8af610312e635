"""What the metrics say of nodes: their states, engines and sensors."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.contract import sensors
from devices.contract.sensors import Sensor
from devices.models import Node
from devices.telemetry import presence
from tests.metrics.conftest import Scrape
from webapp.ops.metrics.gauges import fleet

pytestmark = pytest.mark.django_db
ENGINE = {"name": "onnx", "device": "cpu", "precision": "float32"}
PROFILE = {"name": "compact", "digest": "d", "protocol": 4, "engine": ENGINE, "tasks": {"vqa": {"whole_ms": 100.0}}}
SAMPLE = {"cpu_percent": 25.0, "temperature_c": 61.5, "power_w": 7.2, "memory_used_mb": 1024, "gpu_percent": None}


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine must not make a node look silent."""
    monkeypatch.setattr(presence, "STALE_S", 600.0)
    monkeypatch.setattr(presence, "OFFLINE_S", 1200.0)


def node(slug: str, tier: str = "device", seen_s: float = 0, **fields: Any) -> Node:
    facts = {"profile": PROFILE, "sensors": SAMPLE, "queue": 2, "versions": {"agent": "0.2.0"}, **fields}
    seen = timezone.now() - timedelta(seconds=seen_s)
    return Node.objects.create(slug=slug, tier=tier, approved=True, token_sha256=slug, last_seen=seen, **facts)


def test_a_node_shows_its_state_its_engine_and_what_its_sensors_read(value: Scrape, scrape: Any) -> None:
    node("jetson-a")
    assert value("isthmus_node_state", node="jetson-a", tier="device", state="online") == 1
    facts = {"engine": "onnx", "device": "cpu", "precision": "float32", "profile": "compact", "agent": "0.2.0"}
    assert value("isthmus_node_info", node="jetson-a", tier="device", **facts) == 1
    assert value("isthmus_node_temperature_celsius", node="jetson-a") == 61.5
    assert value("isthmus_node_power_watts", node="jetson-a") == 7.2
    assert value("isthmus_node_cpu_ratio", node="jetson-a") == 0.25
    assert value("isthmus_node_memory_used_bytes", node="jetson-a") == 1 << 30
    assert value("isthmus_node_queue", node="jetson-a") == 2
    assert "isthmus_node_gpu_ratio" not in {name for name, _ in scrape()}  # what a board lacks is absent, not zero


def test_a_silent_node_shows_no_old_readings(value: Scrape, scrape: Any) -> None:
    node("jetson-a", seen_s=3600)
    assert value("isthmus_node_state", node="jetson-a", tier="device", state="offline") == 1
    assert value("isthmus_nodes", tier="device", state="offline") == 1
    assert not {name for name, _ in scrape()} & {"isthmus_node_temperature_celsius", "isthmus_node_queue"}


def test_a_node_that_loads_its_models_or_measured_nothing_is_no_fault(value: Scrape) -> None:
    node("edge-1", "edge", profile=None, sensors={}, queue=None, versions={})
    facts = dict.fromkeys(("engine", "device", "precision", "profile", "agent"), "")
    assert value("isthmus_node_state", node="edge-1", tier="edge", state="online") == 1
    assert value("isthmus_node_info", node="edge-1", tier="edge", **facts) == 1


def test_the_number_of_nodes_with_series_is_bounded(value: Scrape, scrape: Any, settings: Any) -> None:
    settings.METRICS_NODES = 2
    for slug in ("jetson-a", "jetson-b", "jetson-c"):
        node(slug)
    node("edge-1", "edge")
    node("gone", revoked_at=timezone.now())
    named = {dict(labels)["node"] for name, labels in scrape() if name == "isthmus_node_state"}
    assert named == {"edge-1", "jetson-a"}
    assert value("isthmus_nodes_left_out") == 2
    assert value("isthmus_nodes", tier="device", state="online") == 3
    assert value("isthmus_nodes", tier="device", state="revoked") == 1


def test_a_new_sensor_has_a_metric(value: Scrape, monkeypatch: pytest.MonkeyPatch) -> None:
    extra = Sensor("fan_rpm", "fan", "rpm", 0, 20_000, "The fan")
    monkeypatch.setattr(sensors, "SENSORS", (*sensors.SENSORS, extra))
    monkeypatch.setattr(fleet, "SENSORS", sensors.SENSORS)
    node("jetson-a", sensors={"fan_rpm": 1200})
    assert fleet.gauges(timezone.now())
    metric = next(metric for metric in fleet.gauges(timezone.now()) if metric.name == "isthmus_node_fan_rpm")
    assert fleet.gauges(timezone.now())[metric] == {("jetson-a",): 1200}
