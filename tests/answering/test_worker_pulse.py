"""A cloud worker shows life as long as it takes tasks; one that hangs while messages wait does not."""

from inference.scheduling.worker_pulse import STALLED_S, Pulse


class World:
    now, waiting = 0.0, False


def pulse() -> tuple[World, Pulse]:
    world = World()
    return world, Pulse(lambda: world.waiting, lambda: world.now)


def test_an_idle_worker_shows_life() -> None:
    world, worker = pulse()
    world.now = 10 * STALLED_S
    assert worker.beats()


def test_a_worker_that_takes_nothing_while_messages_wait_shows_none() -> None:
    world, worker = pulse()
    world.waiting = True
    world.now = STALLED_S - 1
    assert worker.beats()
    world.now = STALLED_S + 1
    assert not worker.beats()


def test_a_task_that_begins_or_ends_is_life() -> None:
    world, worker = pulse()
    world.waiting = True
    for _ in range(5):
        world.now += STALLED_S - 1
        worker.move(task_id="t")
        assert worker.beats()


def test_a_message_after_a_quiet_time_is_no_hang() -> None:
    world, worker = pulse()
    world.now = 5 * STALLED_S
    assert worker.beats()
    world.waiting = True
    world.now += 10
    assert worker.beats()
