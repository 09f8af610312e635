"""Pure decisions: pauses between attempts, quiet hours in a time zone, cool-down, and a flapping node."""

import random
from datetime import UTC, datetime, time, timedelta

import pytest

from webapp.ops.notifications import damping, schedule
from webapp.ops.notifications.damping import Past, Verdict

T0 = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
QUIET = timedelta(minutes=10)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def test_pauses_grow_exponentially_with_jitter_up_to_a_limit_and_end() -> None:
    chance = random.Random(1)
    for attempt in range(1, schedule.ATTEMPTS):
        middle = min(schedule.FIRST_PAUSE_S * schedule.GROWTH ** (attempt - 1), schedule.LONGEST_PAUSE_S)
        pauses = {schedule.pause(attempt, chance) for _ in range(50)}
        assert len(pauses) > 40, "jitter"
        seconds = [pause.total_seconds() for pause in pauses if pause is not None]
        assert 0.75 * middle <= min(seconds) and max(seconds) <= 1.25 * middle
    assert schedule.pause(schedule.ATTEMPTS, chance) is None


@pytest.mark.parametrize(
    ("hour", "until"),
    [
        ("2026-11-30T22:00+01:00", "2026-12-01T07:00+01:00"),
        ("2026-12-01T06:59+01:00", "2026-12-01T07:00+01:00"),
        ("2026-12-01T07:00+01:00", None),
        ("2026-11-30T21:59+01:00", None),
        ("2026-11-30T21:30+00:00", "2026-12-01T07:00+01:00"),  # by the person's clock, not the server's
        ("2026-03-28T23:00+01:00", "2026-03-29T07:00+02:00"),  # summer time begins in that night
    ],
)
def test_quiet_hours_go_past_midnight_by_the_clock_of_the_person(hour: str, until: str | None) -> None:
    end = schedule.quiet_until(datetime.fromisoformat(hour), "Europe/Berlin", time(22), time(7))
    assert end == (datetime.fromisoformat(until) if until else None)


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    assert schedule.quiet_until(T0, "UTC", time(11), time(13)) == at(60)
    assert schedule.quiet_until(T0, "UTC", time(13), time(14)) is None
    assert schedule.quiet_until(T0, "UTC", time(12), time(12)) is None
    assert schedule.quiet_until(T0, "UTC", None, time(13)) is None


def test_cool_down() -> None:
    assert schedule.is_cooling(at(1), T0, 120)
    assert not schedule.is_cooling(at(2), T0, 120)
    assert not schedule.is_cooling(at(1), None, 120)
    assert not schedule.is_cooling(at(1), T0, 0)


def test_the_first_of_each_direction_is_delivered() -> None:
    assert damping.decide("offline", False, [], T0, QUIET) is Verdict.DELIVER
    assert damping.decide("back", False, [Past("offline", T0, False, True)], at(1), QUIET) is Verdict.DELIVER


def test_a_second_one_within_the_quiet_time_is_held_until_it_is_over() -> None:
    before = [Past("offline", T0, False, True), Past("back", at(1), False, True)]
    assert damping.decide("offline", False, before, at(2), QUIET) == at(10)
    assert damping.decide("offline", False, before, at(10), QUIET) is Verdict.DELIVER


def test_a_held_one_is_delivered_if_it_is_still_true_and_news() -> None:
    before = [Past("offline", T0, False, True), Past("back", at(1), False, True)]
    assert damping.decide("offline", True, before, at(10), QUIET) is Verdict.DELIVER
    superseded = [*before, Past("back", at(3), True, False)]
    assert damping.decide("offline", True, superseded, at(10), QUIET) is Verdict.DROP
    # What was heard last is “back”, and it is back: nothing to say.
    assert damping.decide("back", True, [*before, Past("offline", at(2), False, False)], at(11), QUIET) is Verdict.DROP
