"""Who is offered the update next."""

from dataclasses import replace

import pytest

from devices.agent_updates.stages import Member, State, Verdict, decide

WAIT_S = 600.0


def members(*states: State, **changes: object) -> list[Member]:
    return [Member(f"n{number}", state, **changes) for number, state in enumerate(states)]  # type: ignore[arg-type]


def test_one_goes_first() -> None:
    assert decide(members("waiting", "waiting", "waiting"), WAIT_S) == Verdict(offer=("n0",))


def test_the_first_is_one_that_can_be_reached() -> None:
    away, here = Member("away", "waiting", reachable=False), Member("here", "waiting")
    assert decide([away, here], WAIT_S) == Verdict(offer=("here",))
    assert decide([away], WAIT_S) == Verdict()


@pytest.mark.parametrize("state", ["offered", "updated"])
def test_the_others_wait_for_it(state: State) -> None:
    first = Member("first", state, healthy_s=WAIT_S - 1 if state == "updated" else 0)
    assert decide([first, *members("waiting", "waiting")], WAIT_S) == Verdict()


def test_the_others_follow_once_it_has_worked_for_long_enough() -> None:
    first = Member("first", "updated", healthy_s=WAIT_S)
    assert decide([first, *members("waiting", "waiting")], WAIT_S) == Verdict(offer=("n0", "n1"))


def test_each_wave_is_three_times_what_has_it() -> None:
    fleet = members(*["waiting"] * 40)
    sizes = []
    while not (verdict := decide(fleet, WAIT_S)).is_over:
        sizes.append(len(verdict.offer))
        fleet = [replace(one, state="updated", healthy_s=WAIT_S) if one.slug in verdict.offer else one for one in fleet]
    assert sizes == [1, 3, 12, 24]


@pytest.mark.parametrize("one", [Member("one", "offered"), Member("one", "updated", healthy_s=WAIT_S - 1)])
def test_a_wave_waits_for_all_of_the_one_before(one: Member) -> None:
    assert decide([*members("updated", healthy_s=WAIT_S), one, *members("waiting")], WAIT_S) == Verdict()


def test_who_is_away_is_left_for_later() -> None:
    fleet = [
        Member("first", "updated", healthy_s=WAIT_S),
        Member("away", "waiting", reachable=False),
        Member("here", "waiting"),
    ]
    assert decide(fleet, WAIT_S) == Verdict(offer=("here",))
    assert decide(fleet[:2], WAIT_S) == Verdict()


@pytest.mark.parametrize("others", [(), ("waiting",), ("offered", "waiting"), ("updated", "waiting")])
def test_the_first_failure_stops_it(others: tuple[State, ...]) -> None:
    verdict = decide([*members(*others), Member("bad", "failed", why="It does not start.")], WAIT_S)
    assert verdict == Verdict(is_over=True, why="bad: It does not start.")


@pytest.mark.parametrize("states", [(), ("updated",), ("updated", "updated")])
def test_it_is_over_when_nothing_is_left(states: tuple[State, ...]) -> None:
    assert decide(members(*states), WAIT_S) == Verdict(is_over=True)
