"""Cameras are a list of values; the one string of names that earlier versions stored and sent is still understood."""

from typing import Any

import pytest

from devices import cameras, heartbeat
from devices.contract.heartbeat import Report
from devices.models import Node
from devices.telemetry import presence


@pytest.mark.django_db
@pytest.mark.parametrize(("reported", "names"), [
    ([{"name": "front"}, {"name": "yard"}], ["front", "yard"]),
    ("front yard", ["front", "yard"]),  # an agent of the version before, or a row that it left
    (None, []),
    ([], []),
])  # fmt: skip
def test_the_server_understands_both_forms(reported: Any, names: list[str]) -> None:
    node = Node.objects.create(slug="jetson-a", tier="device", approved=True, token_sha256="a")
    report = Report.model_validate({"boot": "b", "hardware": {"model": "Jetson", "cameras": reported}})
    heartbeat.receive(node, report.model_dump(exclude_unset=True))
    node = Node.objects.get(slug="jetson-a")
    assert cameras.names(node) == names
    data = presence.as_json(node)
    assert data["cameras"] == [{"name": name, "preview": False, "folder": False} for name in names]
    assert data["hardware"] == {"model": "Jetson"}


@pytest.mark.parametrize("camera", [{"name": "two words"}, {"name": ""}, {"name": "x", "source": "rtsp://secret"}, 7])
def test_a_camera_has_one_short_name_and_nothing_else(camera: Any) -> None:
    with pytest.raises(ValueError, match="cameras"):
        Report.model_validate({"hardware": {"cameras": [camera]}})
