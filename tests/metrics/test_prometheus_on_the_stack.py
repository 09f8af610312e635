"""A real Prometheus reads the running system, and answers every question of the dashboard and of the alerts."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from websockets.typing import Origin

from bench.harness.processes import free_port, wait_for
from bench.harness.stack import ROOT, Stack
from tests.conftest import RECOVERY_S
from tests.metrics.prometheus import Prometheus, alert_rules, panels_without_answer, rules_with_errors
from webapp.ops import serving
from webapp.ops.metrics.counted import COUNTED

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]
QUESTION = "What is in this photo?"
ROUTES = ("device", "edge", "split")
ANSWERED = 'sum(isthmus_questions_total{outcome="answered"})'


@pytest.fixture
def prometheus(stack: Stack, tmp_path: Path) -> Iterator[Prometheus]:
    token = stack.var / "secrets" / "metrics_token"
    with Prometheus(tmp_path, token, f"127.0.0.1:{stack.port}") as running:
        running.scraped()
        yield running


def answers(port: int) -> bool:
    """Whether a web process is ready; its first response takes longest."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=30).status_code == 200
    except httpx.TransportError:
        return False


def ask(stack: Stack, photo: str, route: str) -> dict[str, Any]:
    turn = stack.finished(stack.put(QUESTION, photo=photo, route=route, fresh=True)["id"])
    assert turn["state"] == "answered", turn
    return turn


def test_questions_of_people_change_what_prometheus_reads_and_every_panel_has_an_answer(
    stack: Stack, prometheus: Prometheus, photo_bytes: bytes
) -> None:
    steps = 'sum by (route) (isthmus_steps_total{outcome="answered"})'
    names = {sample["metric"]["route"]: float(sample["value"][1]) for sample in prometheus.ask(steps)}
    before = prometheus.number(ANSWERED), prometheus.number("sum(isthmus_uplink_bytes_total)")
    photo = stack.upload(photo_bytes)
    turns = [ask(stack, photo, route) for route in ROUTES]
    receipts = [step["receipt"] for turn in turns for step in turn["steps"]]

    def reached() -> bool:
        prometheus.scraped()
        return prometheus.number(ANSWERED) >= before[0] + len(turns)

    wait_for(reached, 30, "the answers did not reach Prometheus")
    after = {sample["metric"]["route"]: float(sample["value"][1]) for sample in prometheus.ask(steps)}
    assert {route: after[route] - names[route] for route in ROUTES} == {
        route: sum(receipt["route"] == route for receipt in receipts) for route in ROUTES
    }
    sent = sum(receipt["bytes"]["uplink"] for receipt in receipts)
    assert sent > 0 and prometheus.number("sum(isthmus_uplink_bytes_total)") == before[1] + sent
    assert prometheus.number('isthmus_nodes{tier="edge", state="online"}') == 1
    assert prometheus.number('count(isthmus_node_state{state="online"})') == 3
    assert {sample["metric"]["engine"] for sample in prometheus.ask("isthmus_node_info")} <= {"onnx", "torch", "tensorrt"}
    assert prometheus.number('isthmus_processes{kind="web"}') == 1 and prometheus.number('isthmus_processes{kind="cloud"}') == 1
    for part in ("database", "redis", "cloud_worker", "clock"):
        assert prometheus.number(f"isthmus_{part}_up") == 1
    assert not panels_without_answer(prometheus)
    check_alerts(prometheus)


def check_alerts(prometheus: Prometheus) -> None:
    rules = {rule["name"]: rule for rule in prometheus.rules()}
    assert set(rules) == {rule["alert"] for rule in alert_rules()}
    assert not rules_with_errors(prometheus)
    # The disk of a machine that runs tests may be full, and a shared stack has had its faults.
    firing = {name for name, rule in rules.items() if rule["state"] == "firing"}
    assert not firing & {
        "IsthmusDown",
        "IsthmusDatabaseDown",
        "IsthmusRedisDown",
        "IsthmusNoCloudWorker",
        "IsthmusClockStopped",
    }


def test_an_open_page_is_an_open_socket(stack: Stack, prometheus: Prometheus) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in stack.owner.cookies.items())
    address = stack.url.replace("http", "ws") + "/ws/devices/"
    open_sockets = 'isthmus_sockets{kind="devices"}'
    before = prometheus.number(open_sockets)

    async def open_one() -> None:
        async with websockets.connect(address, additional_headers={"Cookie": cookie}, origin=Origin(stack.url)) as socket:
            await socket.recv()
            await asyncio.to_thread(
                wait_for, lambda: prometheus.number(open_sockets) == before + 1, 30, "the socket was not counted", 0.5
            )

    asyncio.run(open_one())
    wait_for(lambda: prometheus.number(open_sockets) == before, 30, "the socket was counted on", 0.5)


def test_two_web_processes_say_the_same_and_a_killed_worker_takes_nothing_with_it(
    stack: Stack, tmp_path: Path, photo_bytes: bytes
) -> None:
    port = free_port()
    targets = [f"127.0.0.1:{number}" for number in (stack.port, port)]
    command = serving.command(sys.executable, "127.0.0.1", port)
    answered = 'isthmus_questions_total{outcome="answered", background="no"}'

    def numbers() -> list[float]:
        return [float(sample["value"][1]) for sample in prometheus.ask(answered)]

    with subprocess.Popen(command, cwd=ROOT, env=stack.env) as second:
        try:
            wait_for(lambda: answers(port), 120, "the second web process did not start", 0.5)
            with Prometheus(tmp_path, stack.var / "secrets" / "metrics_token", *targets) as prometheus:
                prometheus.scraped()
                photo = stack.upload(photo_bytes)
                (before,) = set(numbers())
                ask(stack, photo, "split")
                wait_for(lambda: numbers() == [before + 1] * 2, 30, "the two did not say the same", 0.5)
                wait_for(
                    lambda: prometheus.number('min(isthmus_processes{kind="web"})') == 2, 30, "one of two was not seen", 0.5
                )
                stack.kill(stack.worker("celery", "webapp.celery"))
                wait_for(stack.recovered, RECOVERY_S, "the stack did not recover", every=0.5)
                ask(stack, photo, "device")
                wait_for(lambda: numbers() == [before + 2] * 2, 30, "what was answered after it was not counted", 0.5)
                for metric in COUNTED:
                    name = metric.name + ("_count" if metric.kind == "histogram" else "")
                    assert not prometheus.ask(f"resets({name}[30m]) > 0"), name
        finally:
            second.terminate()
