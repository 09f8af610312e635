"""`doctor` says how near the limits are, and what to do where there is little room."""

from typing import Any

import pytest

from webapp.ops import limits
from webapp.ops.limits import Use

REGISTERED = 1000


def test_a_thousand_nodes_fit_into_the_default_of_redis_and_two_thousand_do_not() -> None:
    assert limits.redis_clients(Use(40, 10_000), REGISTERED)[2] == ""
    subject, state, remedy = limits.redis_clients(Use(40, 10_000), 2 * REGISTERED)
    assert subject == "connections to Redis" and "2000 node(s)" in state
    least = int(remedy.partition("maxclients of Redis to ")[2].split()[0])
    assert not limits.redis_clients(Use(40, least), 2 * REGISTERED)[2], "the remedy does not help"


def test_what_is_connected_counts_where_it_is_more_than_expected() -> None:
    assert limits.redis_clients(Use(9000, 10_000), 1)[2]


@pytest.mark.parametrize(("used", "said"), [(10, False), (80, False), (81, True), (100, True)])
def test_the_database_is_near_its_limit_beyond_four_fifths(used: int, said: bool) -> None:
    assert bool(limits.database_connections(Use(used, 100))[2]) is said
    assert bool(limits.threads_of(Use(used, 100))[2]) is said


def test_open_files_must_hold_what_the_gate_lets_in() -> None:
    assert limits.open_files(1024, 900)[2].startswith("Raise the limit to 1100")
    assert not limits.open_files(4096, 900)[2]
    assert not limits.open_files(-1, 900)[2], "-1: there is no limit"


def test_the_lines_are_about_this_installation(redis_url: str, db: Any, settings: Any) -> None:
    settings.GATE_CONNECTIONS = 10**9
    lines = {subject: (state, remedy) for subject, state, remedy in limits.findings()}
    assert lines["connections to Redis"][0].partition(" of ")[0].isdecimal()
    assert "ISTHMUS_CONNECTIONS" in lines["open files"][1]
