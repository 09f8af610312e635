"""Whether a failed call is Redis's fault or the node's."""

import pytest

from devices import dispatch
from devices.calls import redis_outage
from devices.calls.redis_outage import PATIENCE_S, SETTLING_S, Outages


class Redis:
    """A server that is restarted, and time."""

    run, now, looks = "first", 0.0, 0

    def outages(self) -> Outages:
        return Outages(self._look, lambda: self.now)

    def _look(self) -> str:
        self.looks += 1
        return self.run


@pytest.fixture
def server() -> Redis:
    return Redis()


def test_a_redis_that_stays_explains_nothing(server: Redis) -> None:
    outages = server.outages()
    assert outages.look()
    server.now = 1000
    assert outages.look()


@pytest.mark.parametrize("during", ["", "second"])
def test_nodes_get_time_to_find_the_one_in_use(server: Redis, during: str) -> None:
    outages = server.outages()
    outages.look()
    server.run, server.now = during, 10.0
    assert not outages.look()
    server.run = "second"
    server.now = 11.0
    assert not outages.look()
    server.now = 11.0 + SETTLING_S
    assert outages.look()


def test_a_first_look_finds_no_change(server: Redis) -> None:
    assert server.outages().look()


def test_questions_one_after_the_other_look_once_a_second(server: Redis) -> None:
    outages = server.outages()
    for server.now in (5.0, 5.2, 5.9, 6.1):
        outages.watch()
    assert server.looks == 2
    server.run, server.now = "second", 6.2
    outages.watch()
    assert not outages.look(), "what failed is explained all the same"


def test_waiting_ends_when_redis_answers_when_nobody_waits_or_after_long(
    server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(seconds: float) -> None:
        server.now += seconds
        if server.now > 3:
            server.run = "second"

    monkeypatch.setattr(redis_outage.time, "sleep", sleep)
    server.run = ""
    outages = server.outages()
    assert outages.wait(lambda: False) and 3 < server.now < 4
    server.run, server.now = "", -10 * PATIENCE_S
    assert not outages.wait(lambda: False)
    assert not outages.wait(lambda: True)


def test_a_node_that_refuses_is_to_blame_and_one_that_lost_redis_is_not(store: object) -> None:
    redis_outage.watch()
    assert not redis_outage.explains(dispatch.StageFailed("a", "bad_reply", "It sent nonsense."))
    assert redis_outage.explains(dispatch.StageFailed("a", "redis", "The node lost its connection to Redis."))
    assert redis_outage.explains(dispatch.RedisAway("a", "Redis does not answer."))
