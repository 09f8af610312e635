"""The history of a node's sensors: what is stored, for how long, at what resolution, and what is dropped."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.models import Node, Reading, Sample
from devices.registry import enrolment
from devices.telemetry import history
from tests.devices.conftest import Board

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def device(board: Callable[..., Board]) -> Board:
    return board()


def send(device: Board, seconds: list[float], reading: Callable[[float], dict[str, Any]]) -> None:
    """Heartbeats at seconds after START, in order."""
    before = None
    for second in seconds:
        now = START + timedelta(seconds=second)
        history.store(device.node, reading(second), before, now)
        before = now


def test_a_heartbeat_stores_a_reading(device: Board) -> None:
    device.beat(sample={"cpu_percent": 12.5, "temperature_c": 51.0, "power_w": None})
    page = history.history("jetson-a", 1)
    assert (page["cpu_percent"], page["temperature_c"], page["power_w"]) == ([12.5], [51.0], [None])


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ({"cpu_percent": 100}, {"cpu_percent": 100}),
        ({"cpu_percent": 100.1}, {"cpu_percent": None}),
        ({"gpu_percent": -1}, {"gpu_percent": None}),
        ({"temperature_c": 511}, {"temperature_c": None}),
        ({"temperature_c": -256}, {"temperature_c": None}),
        ({"power_w": "hot"}, {"power_w": None}),
        ({"cpu_percent": True}, {"cpu_percent": None}),
        ({"memory_used_mb": 9000, "memory_total_mb": 8000}, {"memory_used_mb": None, "memory_total_mb": 8000}),
        ({"temperature_c": None}, {"temperature_c": None}),
    ],
)
def test_implausible_values_become_null_and_not_zero(sample: dict[str, Any], expected: dict[str, Any]) -> None:
    assert history.plausible(sample) == expected


def test_an_implausible_value_reaches_neither_the_node_nor_its_history(device: Board) -> None:
    device.beat(sample={"temperature_c": 1e9, "cpu_percent": 5.0})
    assert Node.objects.get().sensors == {"temperature_c": None, "cpu_percent": 5.0}
    assert Reading.objects.get().values == {"cpu_percent": 5.0}


def test_a_board_without_sensors_stores_no_rows(device: Board) -> None:
    device.beat(sample={"temperature_c": None})
    assert not Reading.objects.exists()


def test_a_minute_that_is_over_becomes_its_mean(device: Board) -> None:
    send(device, [0, 20, 40, 61], lambda second: {"cpu_percent": second, "temperature_c": 50.0 if second else None})
    mean = Reading.objects.get(span_s=history.MINUTE_S)
    assert (mean.at, mean.values) == (START, {"cpu_percent": 20.0, "temperature_c": 50.0})


def test_a_minute_is_averaged_once_however_many_heartbeats_begin_the_next(device: Board) -> None:
    for _ in range(2):
        history.store(device.node, {"cpu_percent": 1.0}, START, START + timedelta(seconds=60))
    send(device, [0, 61], lambda second: {"cpu_percent": 1.0})
    send(device, [0, 61], lambda second: {"cpu_percent": 9.0})
    assert Reading.objects.filter(span_s=history.MINUTE_S).count() == 1


def test_readings_live_for_an_hour_and_means_longer(device: Board) -> None:
    send(device, [0, 60, 3660, 3720], lambda second: {"cpu_percent": 1.0})
    raw = [row.at for row in Reading.objects.filter(span_s=0)]
    assert raw == [START + timedelta(seconds=second) for second in (3660, 3720)]
    assert Reading.objects.filter(span_s=history.MINUTE_S).count() == 3
    send(device, [24 * 3600 + 61, 24 * 3600 + 121], lambda second: {"cpu_percent": 1.0})
    assert START in [row.at for row in Reading.objects.filter(span_s=history.MINUTE_S)], "retention deletes these"


def test_quarters_are_means_of_minutes_and_days_are_means_of_quarters(device: Board) -> None:
    """However many heartbeats a minute has, and although the day has hours without any."""
    seconds = [*range(0, 60, 10), 70, *range(900, 960, 30), 1805, 12 * 3600 + 5]
    send(device, list(map(float, seconds)), lambda second: {"cpu_percent": second})
    quarters = {row.at: row.values["cpu_percent"] for row in Reading.objects.filter(span_s=history.QUARTER_S)}
    assert quarters[START] == (25 + 70) / 2 and quarters[START + timedelta(minutes=15)] == 915
    (day,) = Reading.objects.filter(span_s=history.DAY_S)
    assert day.at == datetime(2026, 3, 1, tzinfo=UTC)
    assert day.values["cpu_percent"] == pytest.approx(sum(quarters.values()) / len(quarters))


def test_a_quarter_has_the_bandwidth_of_its_transfers(device: Board) -> None:
    for second, size, ms in ((10, 1000, 20.0), (700, 99_000, 380.0), (1000, 5, 1.0)):
        Sample.objects.create(node="jetson-a", at=START + timedelta(seconds=second), bytes=size, ms=ms, source="transfer")
    send(device, [0, 900], lambda second: {})
    assert Reading.objects.get().values == {history.UPLINK: 250_000.0}


@pytest.mark.parametrize(
    ("hours", "ages", "expected"),
    [
        (168, {timedelta(days=6): 1.0, timedelta(days=8): 2.0}, [1.0]),
        (2160, {timedelta(days=80, minutes=20): 1.0, timedelta(days=80, minutes=5): 3.0, timedelta(days=91): 9.0}, [2.0]),
        (8760, {timedelta(days=300): 4.0, timedelta(days=370): 9.0}, [4.0]),
    ],
)
def test_longer_spans_are_in_coarser_rows(
    device: Board, colleague: Any, client_of: Any, hours: int, ages: dict[timedelta, float], expected: list[float]
) -> None:
    now = history.beginning(timezone.now(), history.DAY_S)
    for age, value in ages.items():
        span = history.SPANS[hours][0]
        Reading.objects.create(node="jetson-a", at=now - age, span_s=span, values={"cpu_percent": value})
    body = client_of(colleague).get(f"/devices/jetson-a/readings/?hours={hours}").json()
    assert (body["cpu_percent"], body["span_s"]) == (expected, history.SPANS[hours][1])
    assert len(body[history.UPLINK]) == len(expected)


def test_the_span_under_way_is_shown_with_what_there_is(device: Board) -> None:
    now = timezone.now()
    start = history.beginning(now, history.QUARTER_S)
    Reading.objects.create(node="jetson-a", at=start, span_s=history.MINUTE_S, values={"cpu_percent": 8.0})
    assert history.history("jetson-a", 168)["cpu_percent"] == [8.0]
    Reading.objects.create(node="jetson-a", at=start, span_s=history.QUARTER_S, values={"cpu_percent": 8.0})
    assert history.history("jetson-a", 8760)["cpu_percent"] == ([8.0] if start.date() == now.date() else [])


def test_another_nodes_history_is_left_alone(device: Board, board: Callable[..., Board]) -> None:
    other = board("jetson-b")
    send(device, [0], lambda second: {"cpu_percent": 1.0})
    send(other, [7200, 7261], lambda second: {"cpu_percent": 1.0})
    assert Reading.objects.filter(node="jetson-a").count() == 1


def test_the_history_of_a_day_is_in_minutes(device: Board, colleague: Any, client_of: Any) -> None:
    now = timezone.now()
    Reading.objects.create(node="jetson-a", at=now - timedelta(hours=2), span_s=60, values={"cpu_percent": 33.333})
    Reading.objects.create(node="jetson-a", at=now - timedelta(seconds=5), values={"cpu_percent": 50})
    client = client_of(colleague)
    assert client.get("/devices/jetson-a/readings/?hours=24").json()["cpu_percent"] == [33.3]
    assert client.get("/devices/jetson-a/readings/").json()["cpu_percent"] == [50.0]


@pytest.mark.parametrize("hours", ["0", "2", "nan", "", "1e9"])
def test_other_spans_are_refused_with_a_sentence(device: Board, colleague: Any, client_of: Any, hours: str) -> None:
    answer = client_of(colleague).get(f"/devices/jetson-a/readings/?hours={hours}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_hours")


def test_another_board_under_the_same_name_starts_its_own_history(device: Board) -> None:
    device.beat(sample={"cpu_percent": 1.0})
    enrolment.revoke("jetson-a")
    enrolment.join(enrolment.create_code(name="jetson-a", tier="device"), "0123:4567:89ab:cdef", {})
    assert not Reading.objects.exists()


def test_the_page_of_a_node_shows_the_trail_only_to_staff(device: Board, owner: Any, colleague: Any, client_of: Any) -> None:
    assert client_of(owner).get("/devices/jetson-a/").context["boot"]["audit"]
    page = client_of(colleague).get("/devices/jetson-a/")
    assert page.context["boot"]["audit"] is None
    assert "Audit" not in page.content.decode()


@pytest.mark.parametrize("path", ["/devices/jetson-a/", "/devices/jetson-a/readings/"])
def test_a_stranger_sees_neither(device: Board, stranger: Client, path: str) -> None:
    assert stranger.get(path)["Location"].startswith("/login/")


def test_a_node_that_does_not_exist_has_no_page(owner: Any, client_of: Any) -> None:
    assert client_of(owner).get("/devices/nobody/").status_code == 404
