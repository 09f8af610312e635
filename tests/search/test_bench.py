"""The search bench says what it could not measure, resumes, and estimates along the curve that it measured."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.search import backend, measurement
from bench.search.estimate import estimates

ROW = {"index_mb": 10.0, "store_s": 5.0, "build_s": 1.0, "first_ms": 100.0, "counting_ms": 2.0}


def row(photos: int, name: str, index_ms: float, whole_ms: float) -> dict[str, Any]:
    times = {"index_ms_p50": index_ms, "index_ms_p95": index_ms, "p50_ms": whole_ms, "p95_ms": whole_ms}
    return {"photos": photos, "backend": name, **times, **{key: value * photos / 100_000 for key, value in ROW.items()}}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """Measures nothing; what would have been measured."""
    runs = list[tuple[int, str]]()

    def measured(size: int, name: str, *_: Any) -> dict[str, Any]:
        runs.append((size, name))
        if size == 20:
            raise KeyboardInterrupt
        if name == measurement.PGVECTOR:
            raise measurement.NotMeasured("it took more than 1 s")
        return row(size, name, 1, 2)

    monkeypatch.setattr(measurement, "FILE", tmp_path / "search.json")
    monkeypatch.setattr(measurement, "_measured", measured)
    monkeypatch.setattr(measurement, "with_pgvector", lambda: None)
    return runs


def test_what_was_not_measured_is_said_and_the_rest_is_there(bench: list[tuple[int, str]]) -> None:
    figures = measurement.measure([10, 20, 30], (measurement.SCAN, measurement.PGVECTOR), 1)
    said = [(line["photos"], line["backend"], line.get("not_measured")) for line in figures["all"]]
    stopped = measurement.STOPPED
    assert said == [
        (10, "scan", None),
        (10, "pgvector", "it took more than 1 s"),
        *[(size, name, stopped) for size in (20, 30) for name in ("scan", "pgvector")],
    ]
    assert bench[-1] == (20, "scan") and figures["photos"] == 10 and figures["estimates"] == []


def test_a_resumed_run_measures_what_is_missing(bench: list[tuple[int, str]]) -> None:
    measurement.measure([10, 20], (measurement.SCAN,), 1)
    bench.clear()
    figures = measurement.measure([10, 15], (measurement.SCAN,), 1, measurement.earlier_rows())
    assert bench == [(15, "scan")] and [line["photos"] for line in figures["all"]] == [10, 15]


def test_five_million_are_estimated_along_the_curve() -> None:
    rows = [row(10_000, "scan", 9, 9), row(100_000, "scan", 4, 10), row(1_000_000, "scan", 40, 64)]
    rows += [row(1_000_000, "pgvector", 8, 32)]
    (scan,) = estimates(rows)
    assert (scan["photos"], scan["backend"], scan["from"]) == (5_000_000, "scan", [100_000, 1_000_000])
    assert scan["p95_ms"] == pytest.approx(200 + 104) and scan["index_mb"] == pytest.approx(500)
    pgvector = estimates([*rows, row(62_500, "pgvector", 1, 10)])[1]  # a sixteenth: an eighth of the vectors to compare
    compared, rest = 8 * 5**0.75, 9 + (24 - 9) * (5_000_000 - 62_500) / (1_000_000 - 62_500)
    assert pgvector["p50_ms"] == pytest.approx(compared + rest, abs=0.1)


def test_exact_answers_are_those_of_comparing_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "CHUNK", 70)
    dice = np.random.default_rng(2)
    matrix, wanted = (dice.standard_normal((count, 8), np.float32) for count in (300, 5))
    for rows, vector in zip(backend.exact(matrix, wanted), wanted, strict=True):
        assert set(rows) == set(np.argsort(-(matrix @ vector))[: backend.NEAREST])
