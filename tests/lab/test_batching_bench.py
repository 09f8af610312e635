"""The figures of `bench.batching` from known runs."""

from collections.abc import Sequence

import pytest

from bench.batching import report
from bench.batching.callers import Run
from bench.batching.measurement import Results, Rounds


def _run(seconds: float, ms: Sequence[float] = (10.0,) * 20, batch: int = 1, answers: Sequence[str] = ("cat", "yes")) -> Run:
    return Run(seconds, list(ms), [batch] * len(ms), dict(enumerate(answers)))


def _figures(ours: Sequence[Run], theirs: Sequence[Run], alone: tuple[Run, Run] | None = None) -> dict[str, object]:
    first, second = alone or (_run(1.0), _run(1.0))
    rounds = {1: Rounds([first], [second]), 16: Rounds(list(ours), list(theirs))}
    return report.figures(Results(rounds, Rounds([_run(1.0)], [_run(1.5)])), {"cores": 2})


def test_a_gain_pairs_the_runs_of_one_round() -> None:
    """A machine that is ten times slower in one round changes no gain."""
    figures = _figures([_run(1.0, batch=4), _run(10.0, batch=4), _run(1.0, batch=4)], [_run(1.5), _run(15.0), _run(1.2)])
    assert (figures["gain"], figures["gain_low"], figures["gain_high"]) == (1.5, 1.2, 1.5)
    assert figures["gains"] == {"1": 1.0, "16": 1.5} and figures["whole_gain"] == 1.5 and figures["cores"] == 2


def test_callers_have_the_median_rate_and_the_tail_of_all_their_answers() -> None:
    slow = [10.0] * 18 + [50.0, 90.0]
    figures = _figures([_run(2.0, slow, batch=8), _run(1.0, slow, batch=4), _run(4.0, slow, batch=8)], [_run(1.0)] * 3)
    summary = figures["callers"]["16"]  # type: ignore[index]
    assert summary["per_s"] == 10.0 and summary["batch"] == pytest.approx(6.67) and 40 < summary["p95_ms"] <= 90
    assert figures["one_by_one"]["16"]["per_s"] == 20.0  # type: ignore[index]


def test_a_lone_caller_is_compared_by_its_tail() -> None:
    figures = _figures([_run(1.0)], [_run(1.0)], alone=(_run(1.0, [22.0] * 20), _run(1.0, [20.0] * 20)))
    assert figures["alone_p95_ratio"] == 1.1


def test_answers_that_differ_are_counted() -> None:
    figures = _figures([_run(1.0, answers=("cat", "no"))], [_run(1.0)])
    assert figures["agree"] == round(5 / 6, 4) and figures["answers"] == 6
