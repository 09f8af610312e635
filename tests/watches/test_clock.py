"""A board whose clock is wrong keeps quiet hours, and dates its events, by the server's clock."""

from devices.agent.watching.clock import ServerClock
from devices.agent.watching.quiet import is_quiet
from devices.contract.watches import QuietHours

NIGHT = QuietHours(start="22:00", until="06:00")
MIDNIGHT = 1_767_225_600.0  # 1 January 2026, 00:00 UTC


def test_a_board_that_believes_in_1970_follows_the_servers_clock() -> None:
    own = [600.0]
    clock = ServerClock(lambda: own[0])
    assert clock.now() == 600.0
    clock.set(MIDNIGHT)
    own[0] += 60
    assert clock.now() == MIDNIGHT + 60 and is_quiet(NIGHT, clock.now())


def test_a_clock_that_is_set_right_meanwhile_is_believed_with_the_next_heartbeat() -> None:
    own = [MIDNIGHT - 7200]
    clock = ServerClock(lambda: own[0])
    clock.set(MIDNIGHT)
    own[0] = MIDNIGHT + 2.0
    clock.set(MIDNIGHT + 1.0)
    assert clock.now() == own[0]  # a second is the reply's way


def test_a_clock_far_ahead_does_not_go_below_zero() -> None:
    clock = ServerClock(lambda: 10.0)
    clock.set(0.0)
    assert clock.now() == 0.0
