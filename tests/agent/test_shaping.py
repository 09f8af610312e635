"""A simulated link takes the time a real one of its rate would take."""

import threading
import time
from collections.abc import Callable

import pytest

from devices.agent.shaping import Uplink


def seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


@pytest.mark.parametrize(("rate", "size"), [(250_000, 100_000), (1_000_000, 400_000), (20_000, 6_000)])
def test_bytes_take_their_time(rate: int, size: int) -> None:
    took = seconds(lambda: Uplink(rate).carry(size))
    assert took == pytest.approx(size / rate, rel=0.15)


def test_a_few_bytes_take_next_to_nothing() -> None:
    assert seconds(lambda: Uplink(250_000).carry(100)) < 0.02


def test_a_real_link_is_not_slowed() -> None:
    assert seconds(lambda: Uplink(None).carry(10**9)) < 0.01


def test_a_pause_saves_nothing_up() -> None:
    link = Uplink(250_000)
    link.carry(1000)
    time.sleep(0.3)
    assert seconds(lambda: link.carry(50_000)) == pytest.approx(0.2, rel=0.15)


def test_two_transfers_share_the_link_evenly() -> None:
    link = Uplink(500_000)
    took: list[float] = []
    threads = [threading.Thread(target=lambda: took.append(seconds(lambda: link.carry(100_000)))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(took) == pytest.approx(0.4, rel=0.15)
    assert min(took) > 0.3


def test_a_changed_rate_counts_for_bytes_already_on_their_way() -> None:
    link = Uplink(10_000)
    threading.Timer(0.2, lambda: setattr(link, "bytes_per_s", 10_000_000)).start()
    assert seconds(lambda: link.carry(50_000)) < 1
