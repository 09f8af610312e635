"""/metrics as a whole: its format, who may read it, and what it says while a part of the server is away."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as installed
from django.core.cache import cache
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from django.test import Client
from django.utils import timezone
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain

from devices.contract import sensors
from devices.contract.sensors import Sensor
from devices.models import Node
from inference.answering.cloud_queue import ALIVE_KEY
from tests.metrics.conftest import Scrape, answer
from webapp.ops.metrics import page
from webapp.ops.metrics.counted import COUNTED
from webapp.ops.metrics.gauges import fleet
from webapp.ops.metrics.read import READ
from webapp.ops.metrics.reporter import REPORTER
from webapp.ops.metrics.requests import GONE, SOCKETS, Measured, area_of, socket_of

pytestmark = pytest.mark.django_db
ENGINE = {"name": "onnx", "device": "cpu", "precision": "float32"}
PROFILE = {"name": "compact", "digest": "d", "protocol": 4, "engine": ENGINE, "tasks": {"vqa": {"whole_ms": 100.0}}}
SAMPLE = {"cpu_percent": 25.0, "temperature_c": 61.5, "power_w": 7.2, "memory_used_mb": 1024, "gpu_percent": None}


def node(slug: str, tier: str = "device", seen_s: float = 0, **fields: Any) -> Node:
    facts = {"profile": PROFILE, "sensors": SAMPLE, "queue": 2, "versions": {"agent": "0.2.0"}, **fields}
    seen = timezone.now() - timedelta(seconds=seen_s)
    return Node.objects.create(slug=slug, tier=tier, approved=True, token_sha256=slug, last_seen=seen, **facts)


# --- format ---


def test_both_formats_are_as_their_parsers_want_them(owner: Any, scraper: Client) -> None:
    answer(owner)
    node("jetson-a")
    old = scraper.get("/metrics")
    assert old["Content-Type"].startswith("text/plain; version=0.0.4") and old["Cache-Control"] == "no-store"
    new = scraper.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"})
    assert new["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    names = [{family.name for family in parse(text.content.decode())} for parse, text in ((plain, old), (open_metrics, new))]
    assert names[0] == names[1] and len(names[0]) > 50


def test_every_metric_says_what_it_is_and_has_its_unit_at_the_end() -> None:
    names = [metric.name for metric in (*COUNTED, *READ)]
    assert not [name for name, count in Counter(names).items() if count > 1]
    assert not [metric.name for metric in (*COUNTED, *READ) if not metric.help.endswith(".")]
    assert not [metric.name for metric in COUNTED if metric.name.endswith("_total") != (metric.kind == "counter")]
    histograms = [metric for metric in COUNTED if metric.kind == "histogram"]
    assert not [
        m.name for m in histograms if not m.name.endswith(("_seconds", "_ratio")) or list(m.buckets) != sorted(m.buckets)
    ]


# --- who may read it ---


def test_a_stranger_is_refused_in_the_form_of_every_error(stranger: Client) -> None:
    refused = stranger.get("/metrics")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
    assert refused.json()["error"]["code"] == "metrics_token" and refused.json()["error"]["next"]
    assert b"isthmus_questions" not in refused.content


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic dTpw", "nonsense", "Bearer ä"])
def test_a_wrong_token_is_none(header: str, stranger: Client) -> None:
    assert stranger.get("/metrics", headers={"Authorization": header}).status_code == 401


def test_neither_a_session_nor_a_personal_token_opens_it(owner: Any, client_of: Any, stranger: Client) -> None:
    from webapp.accounts.models import ApiToken

    _, plain_token = ApiToken.issue(owner, "script")
    assert client_of(owner).get("/metrics").status_code == 401
    assert stranger.get("/metrics", headers={"Authorization": f"Bearer {plain_token}"}).status_code == 401


def test_who_keeps_guessing_is_told_to_wait_and_the_right_token_still_works(
    stranger: Client, scraper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()  # where guesses are counted
    monkeypatch.setattr(page.GUESSES, "most", 3)
    answers = [stranger.get("/metrics", headers={"Authorization": f"Bearer {n}"}).status_code for n in range(5)]
    assert answers == [401, 401, 401, 429, 429]
    assert scraper.get("/metrics").status_code == 200


@pytest.mark.parametrize(
    ("networks", "address", "status"),
    [
        ("10.0.0.0/8", "10.1.2.3", 200),
        ("10.0.0.0/8", "::ffff:10.1.2.3", 200),
        ("10.0.0.0/8, fd00::/8", "fd00::7%eth0", 200),
        ("10.0.0.0/8", "11.1.2.3", 401),
        ("10.0.0.0/8", "", 401),
        ("", "127.0.0.1", 401),
    ],
)
def test_a_network_may_need_no_token(
    networks: str, address: str, status: int, stranger: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from webapp import env

    monkeypatch.setenv("ISTHMUS_METRICS_NETWORKS", networks)
    settings.METRICS_NETWORKS = env.networks("ISTHMUS_METRICS_NETWORKS")
    assert stranger.get("/metrics", REMOTE_ADDR=address).status_code == status


def test_a_network_that_is_none_stops_the_start_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from webapp import env

    monkeypatch.setenv("ISTHMUS_METRICS_NETWORKS", "10.0.0.0/8,office")
    with pytest.raises(env.BadSetting, match=r"ISTHMUS_METRICS_NETWORKS must be addresses .*office"):
        env.networks("ISTHMUS_METRICS_NETWORKS")


def test_switched_off_there_is_no_such_page(scraper: Client, settings: Any) -> None:
    settings.METRICS = False
    gone = scraper.get("/metrics")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "not_found")


def test_it_is_there_before_the_first_account(scraper: Client) -> None:
    assert scraper.get("/metrics").status_code == 200
    assert scraper.post("/metrics").status_code == 405


def test_the_token_is_a_secret_of_the_installation() -> None:
    file = installed.VAR_DIR / "secrets" / "metrics_token"
    assert file.read_text() == installed.METRICS_TOKEN and len(installed.METRICS_TOKEN) > 40
    assert file.stat().st_mode & 0o077 == 0


# --- while a part is away ---


def test_without_the_database_the_rest_is_there(
    owner: Any, scrape: Any, scraper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(owner)

    def refuse(*_: Any) -> None:
        raise OperationalError("it is gone")

    with monkeypatch.context() as database:
        database.setattr(CursorWrapper, "execute", refuse)
        shown = {name for name, _ in scrape()}
        assert scrape()["isthmus_database_up", frozenset()] == 0
    assert "isthmus_questions_waiting" not in shown and "isthmus_nodes" not in shown
    assert {"isthmus_redis_up", "isthmus_questions_total", "isthmus_disk_free_bytes"} <= shown


def test_without_redis_the_rest_is_there_and_what_was_counted_is_not_lost(
    owner: Any, scrape: Any, value: Scrape, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(REPORTER, "_client", None)
    answer(owner)
    shown = {name for name, _ in scrape()}
    assert scrape()["isthmus_redis_up", frozenset()] == 0 and scrape()["isthmus_database_up", frozenset()] == 1
    assert "isthmus_questions_total" not in shown and "isthmus_cloud_worker_up" not in shown
    assert "isthmus_questions_waiting" in shown
    settings.REDIS_URL = present
    monkeypatch.setattr(REPORTER, "_client", None)
    assert value("isthmus_questions_total", outcome="answered", background="no") == 1


def test_signs_of_life_of_worker_and_clock_are_shown(value: Scrape, store: Any) -> None:
    assert (value("isthmus_cloud_worker_up"), value("isthmus_clock_up")) == (0, 0)
    store.set(ALIVE_KEY, "1")
    store.set("clock:alive", "1")
    store.lpush("cloud", "message")
    assert (value("isthmus_cloud_worker_up"), value("isthmus_clock_up")) == (1, 1)
    assert value("isthmus_queue_messages", queue="cloud") == 1


# --- nodes ---


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
    node("jetson-a", seen_s=60)
    assert value("isthmus_node_state", node="jetson-a", tier="device", state="offline") == 1
    assert value("isthmus_nodes", tier="device", state="offline") == 1
    assert not {name for name, _ in scrape()} & {"isthmus_node_temperature_celsius", "isthmus_node_queue"}


def test_a_node_that_loads_its_models_or_measured_nothing_is_no_fault(value: Scrape) -> None:
    node("edge-1", "edge", profile=None, sensors={}, queue=None, versions={})
    facts = dict.fromkeys(("engine", "device", "precision", "profile", "agent"), "")
    shown = {name: label for name, label in facts.items() if label}
    assert value("isthmus_node_state", node="edge-1", tier="edge", state="online") == 1
    assert value("isthmus_node_info", node="edge-1", tier="edge", **{**facts, **shown}) == 1


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


# --- requests and sockets ---


def test_what_requests_take_is_counted_by_area_and_class_of_status() -> None:
    seen: list[tuple[str, str, float]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/broken/":
            raise ValueError
        if scope["path"] != "/left/":
            await send({"type": "http.response.start", "status": int(scope["path"].strip("/").rpartition("/")[2])})

    async def nothing(*_: Any) -> None:
        return None

    measured = Measured(app, lambda *facts: seen.append(facts), lambda kind: None, Counter())
    for path in ("/api/v1/turns/202", "/photos/404", "/static/js/304", "/left/", "/broken/"):
        try:
            asyncio.run(measured({"type": "http", "path": path}, nothing, nothing))
        except ValueError:
            assert path == "/broken/"
    assert [facts[:2] for facts in seen] == [
        ("api", "2xx"), ("photos", "4xx"), ("static", "3xx"), ("pages", GONE), ("pages", "5xx"),
    ]  # fmt: skip
    assert all(seconds >= 0 for *_, seconds in seen)


def test_a_socket_is_open_from_its_handshake_to_its_end() -> None:
    opened: list[str] = []
    sockets: Counter[str] = Counter()
    during: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] != "/ws/nonsense/":
            await send({"type": "websocket.accept"})
        during.append(sockets["chat"])
        if scope["path"] == "/ws/chat/1/":
            raise ConnectionError

    async def nothing(*_: Any) -> None:
        return None

    measured = Measured(app, lambda *_: None, opened.append, sockets)
    with pytest.raises(ConnectionError):
        asyncio.run(measured({"type": "websocket", "path": "/ws/chat/1/"}, nothing, nothing))
    asyncio.run(measured({"type": "websocket", "path": "/ws/nonsense/"}, nothing, nothing))
    assert (during, opened, sockets["chat"]) == ([1, 0], ["chat"], 0)


def test_every_websocket_of_the_site_has_a_kind() -> None:
    from webapp.sockets import websocket_urlpatterns

    paths = [str(pattern.pattern) for pattern in websocket_urlpatterns if str(pattern.pattern)]
    assert {socket_of(f"/{path}") for path in paths} == set(SOCKETS) - {"other"}
    assert socket_of("/ws/anything/else") == "other"


def test_every_address_of_the_site_has_an_area() -> None:
    areas = {
        path: area_of(path) for path in ("/", "/api/v1/turns", "/api/v1/nodes/me", "/v1/models", "/mcp", "/metrics", "/c/1/")
    }
    assert list(areas.values()) == ["pages", "api", "agents", "programs", "programs", "probes", "pages"]
