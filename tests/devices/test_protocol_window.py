"""Servers and agents are updated one after the other: an agent of the protocol before is served, any other gets a sentence."""

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from devices import dispatch, producer
from devices.agent.jobs import as_task
from devices.contract import protocol
from devices.contract.jobs import Place
from devices.contract.results import Placed
from devices.models import Node
from devices.telemetry import trouble
from tests.devices.conftest import Board

MODULES = ("devices.contract.protocol", "devices.producer", "devices.telemetry.trouble", "devices.agent.jobs")


@pytest.fixture
def next_protocol(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """As after an upgrade that changed the protocol."""
    number = protocol.PROTOCOL + 1
    for module in MODULES:
        monkeypatch.setattr(f"{module}.PROTOCOL", number, raising=False)
    monkeypatch.setattr(protocol, "OLDEST_PROTOCOL", number - 1)
    yield number


def test_an_agent_says_what_it_speaks(board: Callable[..., Board]) -> None:
    from devices.agent.sensors import board as facts

    joined = board()
    joined.beat(versions=facts.versions("0.2.0"))
    assert trouble.protocol(Node.objects.get()) == protocol.PROTOCOL


def test_a_node_of_the_version_before_gets_the_jobs_that_it_speaks(
    store: Any, board: Callable[..., Board], next_protocol: int
) -> None:
    joined = board()
    for spoken in (next_protocol - 1, next_protocol, next_protocol + 1):
        joined.beat(versions={"agent": "0.2.0", "protocol": spoken})
        with dispatch.producers.borrow(joined.node.slug) as app:
            producer.send(app, joined.node.slug, "1", Place(photo="p"), 5, "")
        _, message = store.brpop(f"{joined.node.slug}:stages", timeout=5)
        assert arguments(message)["protocol"] == min(spoken, next_protocol)


def arguments(message: bytes) -> dict[str, Any]:
    """Of a job as it lies in the queue."""
    import base64

    return dict(json.loads(base64.b64decode(json.loads(message)["body"]))[1])


@pytest.mark.parametrize(("behind", "remedy"), [(2, "run the installer"), (-1, "update the server")])
def test_one_outside_the_window_gets_no_questions_and_a_sentence(
    board: Callable[..., Board], next_protocol: int, behind: int, remedy: str
) -> None:
    joined = board()
    joined.beat(versions={"agent": "0.2.0", "protocol": next_protocol - behind})
    sentence = trouble.of(Node.objects.get(), timezone.now())
    assert (
        f"speaks protocol {next_protocol - behind}, and this server protocols {next_protocol - 1} to {next_protocol}"
        in sentence
    )
    assert remedy in sentence
    joined.beat(versions={"agent": "0.2.0", "protocol": next_protocol - 1})
    assert trouble.of(Node.objects.get(), timezone.now()) == ""


def test_an_earlier_agent_that_says_it_in_its_profile_only(db: None) -> None:
    node = Node(slug="n", approved=True, profile={"protocol": 3}, versions={"agent": "0.2.0"})
    assert "speaks protocol 3" in trouble.of(node, timezone.now())
    assert trouble.protocol(Node(profile=None, versions={})) == protocol.PROTOCOL


def test_an_agent_does_jobs_of_the_server_before_and_refuses_others(next_protocol: int) -> None:
    runtime: Any = SimpleNamespace(wanted=lambda job: True)
    run = as_task(runtime, Place, lambda job, arguments: Placed(bytes=1, sizes={}))
    for number in (next_protocol - 1, next_protocol):
        assert "error" not in run(job="1", protocol=number, photo="p")
    for number, remedy in ((next_protocol - 2, "update the server"), (next_protocol + 1, "update the agent")):
        error = run(job="1", protocol=number, photo="p")["error"]
        assert error["code"] == "protocol" and remedy in error["message"]
