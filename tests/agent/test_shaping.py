"""A simulated link takes the time a real one of its rate would take."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devices.agent.shaping import STATE, Line, Link


def seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes only while somebody sleeps. For one thread."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda pause: now.append(now.pop() + pause))


@pytest.mark.parametrize(("rate", "size"), [(250_000, 100_000), (1_000_000, 400_000), (20_000, 6_000)])
def test_bytes_take_their_time(exact: None, rate: int, size: int) -> None:
    assert seconds(lambda: Link(rate).carry(size)) == pytest.approx(size / rate)


def test_a_few_bytes_take_next_to_nothing(exact: None) -> None:
    assert seconds(lambda: Link(250_000).carry(100)) == pytest.approx(0.0004)


def test_a_real_link_is_not_slowed(exact: None) -> None:
    assert seconds(lambda: Link(None).carry(10**9)) == 0


def test_a_pause_saves_nothing_up(exact: None) -> None:
    link = Link(250_000)
    link.carry(1000)
    time.sleep(0.3)
    assert seconds(lambda: link.carry(50_000)) == pytest.approx(0.2)


def test_two_transfers_share_the_link_evenly() -> None:
    link = Link(500_000)
    took: list[float] = []
    threads = [threading.Thread(target=lambda: took.append(seconds(lambda: link.carry(100_000)))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(took) == pytest.approx(0.4, rel=0.15)
    assert min(took) > 0.3


def test_a_changed_rate_counts_for_bytes_already_on_their_way() -> None:
    link = Link(10_000)
    threading.Timer(0.2, lambda: setattr(link, "bytes_per_s", 10_000_000)).start()
    assert seconds(lambda: link.carry(50_000)) < 1


def test_two_processes_stand_on_one_line(tmp_path: Path) -> None:
    links = [Link(500_000, Line(tmp_path / "line")) for _ in range(2)]  # each opens the file anew, as a process would
    took: list[float] = []
    threads = [threading.Thread(target=lambda at=at: took.append(seconds(lambda: at.carry(100_000)))) for at in links]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(took) == pytest.approx(0.4, rel=0.15)


def test_training_lets_an_answer_pass(tmp_path: Path) -> None:
    training, answering = Link(500_000, Line(tmp_path / "line"), yields=True), Link(500_000, Line(tmp_path / "line"))
    busy = threading.Thread(target=lambda: training.carry(200_000))
    busy.start()
    time.sleep(0.05)
    assert seconds(lambda: answering.carry(100_000)) < 0.27
    busy.join()


def test_what_was_left_before_the_machine_started_anew_holds_nobody_up(exact: None, tmp_path: Path) -> None:
    (tmp_path / "line").write_bytes(STATE.pack(1e12, 1e12))
    line = Line(tmp_path / "line")
    line.clear()
    assert seconds(lambda: Link(500_000, line, yields=True).carry(5000)) == pytest.approx(0.01)
