"""A node that has nothing to do gives memory back, once, and none while it works."""

import time
from pathlib import Path

import pytest

from devices.agent import memory
from devices.agent.config import Config
from devices.agent.runtime import Runtime

AT = {"scheme": "redis", "host": "127.0.0.1", "port": 9, "db": 0, "username": "u", "password": "p"}


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return Runtime(tmp_path / "home", Config("http://127.0.0.1:9", "jetson-a", "device", "token", "", AT))


def test_memory_is_given_back_once_after_work_and_a_pause(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[float] = []
    monkeypatch.setattr(memory, "give_back", lambda: times.append(time.monotonic()))
    memory.give_back_when_idle(runtime)
    assert not times, "nothing was computed"
    runtime.computed_at = time.monotonic()
    memory.give_back_when_idle(runtime)
    assert not times, "it may go on at once"
    runtime.computed_at = time.monotonic() - memory.IDLE_S - 1
    memory.give_back_when_idle(runtime)
    memory.give_back_when_idle(runtime)
    assert len(times) == 1
