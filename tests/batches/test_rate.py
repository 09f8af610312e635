"""The measured rate, from which the page says how long a batch will take."""

from datetime import UTC, datetime, timedelta

from inference.batches import rate

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


def _after(*seconds: float) -> list[datetime]:
    return [BEGIN + timedelta(seconds=number) for number in seconds]


def test_one_answer_is_no_rate() -> None:
    assert rate.per_second(_after(2), BEGIN) is None and rate.seconds_left(10, None) is None


def test_the_first_answers_are_measured_from_the_start() -> None:
    assert rate.per_second(_after(4, 2), BEGIN) == 0.5
    assert rate.seconds_left(10, 0.5) == 20


def test_later_the_latest_count_alone() -> None:
    slow, fast = [float(number) for number in range(10, 110, 10)], [100 + number / 10 for number in range(1, rate.WINDOW + 1)]
    measured = rate.per_second(_after(*slow, *fast), BEGIN)
    assert measured is not None and abs(measured - 10) < 1e-6


def test_what_ended_before_a_pause_does_not_count() -> None:
    resumed = BEGIN + timedelta(seconds=1000)
    assert rate.per_second(_after(1, 2, 3, 1001, 1002), resumed) == 1
