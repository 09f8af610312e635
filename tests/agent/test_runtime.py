"""What the stages find on a node."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from devices.agent import heartbeat
from devices.agent.config import Config
from devices.agent.home import health
from devices.agent.runtime import Runtime
from tests.settings import PRIVATE_REDIS


@pytest.fixture
def kept(store: Any) -> Config:
    at = {"scheme": "redis", "host": "127.0.0.1", "port": PRIVATE_REDIS.port, "db": 0}
    owner = {**at, "username": "default", "password": PRIVATE_REDIS.password}
    return Config("http://127.0.0.1:9", "jetson-a", "device", "t", "", owner, "compact", 250_000, 2.0)


@pytest.fixture
def runtime(kept: Config, tmp_path: Path) -> Runtime:
    return Runtime(tmp_path, kept)


def test_a_blob_goes_up_under_the_nodes_key_in_the_time_of_its_link(runtime: Runtime, store: Any) -> None:
    seconds = runtime.put_blob("x", bytes(50_000), 30)
    assert seconds == pytest.approx(0.2, rel=0.15)
    assert store.get("jetson-a:blob:x") == bytes(50_000)
    assert 0 < store.ttl("jetson-a:blob:x") <= 30


def test_what_the_cloud_laid_ready_is_found_and_the_rest_is_none(runtime: Runtime, store: Any) -> None:
    store.set("jetson-a:blob:photo", b"jpeg")
    assert runtime.get_blob("photo") == b"jpeg"
    assert runtime.get_blob("other") is None


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds slept, without sleeping."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def test_a_slower_machine_takes_that_much_longer(runtime: Runtime, pauses: list[float]) -> None:
    runtime.pace(0.2)
    assert pauses == pytest.approx([0.2])


def test_a_real_machine_is_not_slowed(runtime: Runtime, kept: Config, pauses: list[float]) -> None:
    runtime.simulate(kept.with_simulated(None))
    runtime.pace(5)
    runtime.put_blob("x", bytes(1_000_000), 30)
    assert pauses == []


def test_the_environment_chooses_the_profile_before_the_server(kept: Config, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("ISTHMUS_PROFILE", "paper")
    assert Runtime(tmp_path, kept).profile_name == "paper"


def beat_with(runtime: Runtime, kept: Config, answer: Any) -> tuple[heartbeat.Heartbeat, list[dict[str, Any]], list[str]]:
    """A heartbeat whose server answers (or raises) what it is told to; what it said; why it was told to stop."""
    said: list[dict[str, Any]] = []
    stopped: list[str] = []
    beat = heartbeat.Heartbeat(kept, runtime, stopped.append)

    class Told:
        url = "http://cloud"

        def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
            said.append(body)
            reply: dict[str, Any] = answer(len(said))
            return reply

    beat.server = Told()  # type: ignore[assignment]
    return beat, said, stopped


def run_for(beat: heartbeat.Heartbeat, until: Any) -> None:
    beat.start()
    end = time.monotonic() + 5
    while not until() and time.monotonic() < end:
        time.sleep(0.01)
    assert until()


def test_the_facts_of_a_start_are_said_until_they_were_heard(runtime: Runtime, kept: Config) -> None:
    def answer(times: int) -> dict[str, Any]:
        if times == 1:
            raise heartbeat.Unreachable("away")
        return {"state": "online", "next_s": 0.5}

    beat, said, _ = beat_with(runtime, kept, answer)
    run_for(beat, lambda: len(said) >= 3)
    assert [("boot" in body, body.get("profile", "left out")) for body in said[:3]] == [
        (True, None),
        (True, None),
        (False, "left out"),
    ]


@pytest.mark.parametrize(("asked_s", "waited_s"), [(2.0, 2.0), (30.0, 30.0), (3600.0, 60.0), (0.0, 0.5)])
def test_the_server_says_when_the_next_heartbeat_is_due(
    runtime: Runtime, kept: Config, asked_s: float, waited_s: float
) -> None:
    beat, _, _ = beat_with(runtime, kept, lambda times: {"state": "online", "next_s": asked_s})
    assert beat._beat()
    assert beat._pause() == waited_s


def test_a_profile_is_said_at_once(runtime: Runtime, kept: Config) -> None:
    beat, said, _ = beat_with(runtime, kept, lambda times: {"state": "online", "next_s": 15})
    run_for(beat, lambda: beat.answered.is_set())
    profile = {"name": "compact", "digest": "d", "protocol": 4, "tasks": {"classify": {"whole_ms": 5.0}}}
    beat.ready(profile)
    run_for_profile = threading.Event()
    run_for_profile.wait(0.5)
    assert said[-1]["profile"] == profile


def test_what_is_waiting_is_counted(runtime: Runtime, kept: Config, store: Any) -> None:
    store.lpush("jetson-a:stages", "one", "two")
    beat, said, _ = beat_with(runtime, kept, lambda times: {"state": "online"})
    run_for(beat, lambda: beat.answered.is_set())
    assert (said[0]["queue"], said[0]["redis"]) == (2, "ok")


def test_a_simulated_link_follows_the_server(runtime: Runtime, kept: Config) -> None:
    answer = {"state": "online", "simulated": {"uplink_bytes_per_s": 9000, "slowdown": 7}}
    beat, _, _ = beat_with(runtime, kept, lambda times: answer)
    run_for(beat, lambda: beat.answered.is_set())
    assert (runtime.uplink.bytes_per_s, runtime.slowdown) == (9000, 7.0)


def test_a_revoked_node_stops_and_says_so(runtime: Runtime, kept: Config) -> None:
    def answer(times: int) -> dict[str, Any]:
        raise heartbeat.Refused(401, "revoked", "This node was revoked.")

    beat, said, stopped = beat_with(runtime, kept, answer)
    run_for(beat, lambda: bool(stopped))
    assert stopped == ["This node was revoked."]
    assert len(said) == 1


def test_a_server_that_stays_away_is_looked_for_at_its_public_address(runtime: Runtime, kept: Config, monkeypatch: Any) -> None:
    def answer(times: int) -> dict[str, Any]:
        raise heartbeat.Unreachable("away")

    beat, said, _ = beat_with(runtime, kept, answer)
    offers: list[tuple[int, object]] = []
    beat.offered = lambda access: offers.append((len(said), access)) or True
    monkeypatch.setattr(beat, "_pause", lambda: 0.01)
    run_for(beat, lambda: bool(offers))
    assert offers == [(heartbeat.FEW_FAILURES, None)]
    time.sleep(0.1)
    assert len(said) == heartbeat.FEW_FAILURES, "the process starts over"


def test_the_heartbeat_records_the_health(runtime: Runtime, kept: Config) -> None:
    beat, said, _ = beat_with(runtime, kept, lambda times: {"state": "online", "next_s": 0.5})
    run_for(beat, lambda: len(said) >= 2)
    beat.ready({"name": "compact", "digest": "d", "protocol": 4, "tasks": {"classify": {"whole_ms": 5.0}}})
    run_for(beat, lambda: json.loads((runtime.home / health.FILE).read_text())["profile"] == "compact")
    assert json.loads((runtime.home / health.FILE).read_text())["redis"] == "ok"
