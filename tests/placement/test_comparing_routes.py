"""The figures of the routes bench, and the shaped link it measures on."""

import socket
import threading
import time
from typing import Any

import pytest

from bench.harness import namespaces
from bench.routes.methods import AHEAD, FIXED, OURS, Measurement
from bench.routes.report import report, to_adapt
from bench.routes.runs import FROM, TO, Runs

KEY = ("split", 1, 2, None, None, False, None, "edge-1")


def measured(method: str, ms: float, task: str = "vqa", up: float = 100_000.0) -> Measurement:
    return Measurement(method, task, ms, 500, "split", KEY, ms * 0.9, ms, up, "transfers", [])


def decision(taken_ms: float, best_ms: float, rate: int = TO) -> dict[str, Any]:
    return {"rate": rate, "at_true_rate_ms": taken_ms, "best_at_true_rate_ms": best_ms, "route": "edge"}


@pytest.mark.parametrize(
    ("after", "questions"),
    [([(300, 90), (90, 90)], 1), ([(300, 90), (300, 90), (91, 90)], 2), ([(90, 90)], 0), ([(300, 90)] * 3, 3)],
)
def test_questions_on_a_wrong_route_after_the_drop_are_counted(after: list[tuple[float, float]], questions: int) -> None:
    assert to_adapt([decision(*times) for times in after]) == questions


def test_regret_is_ours_over_the_best_fixed_method_in_hindsight() -> None:
    times = {"device": 400.0, "upload": 1000.0, "photo_codec": 150.0, "split": 100.0, OURS: 110.0, AHEAD: 60.0}
    runs = Runs(
        {},
        {100_000: [measured(method, ms) for method, ms in times.items()]},
        [decision(90, 90), decision(9, 9, FROM)],
        placement_ms=0.1,
    )
    runs.busy = [{"crowd": crowd, "ms": 1.0, "split_ms": 2.0, "route": "edge"} for crowd in (0, 3)]
    figures = report(runs, {("vqa", KEY): 0.5})
    assert figures["bandwidths"]["100"]["regret_p50"] == pytest.approx(1.1)
    assert figures["speedup_vs_upload_at_100"] == pytest.approx(9.09)
    assert set(FIXED) < set(figures["bandwidths"]["100"])
    assert (figures["prediction_error"], figures["bandwidth_error"]) == (0.1, 0.0)


def test_a_namespace_limits_transfers_to_its_rate() -> None:
    if not namespaces.possible():
        pytest.skip("Only root may make network namespaces, and only on Linux.")
    size, rate = 60_000, 200_000
    with namespaces.Namespace() as link, socket.create_server((link.address, 0)) as server:
        link.rate(rate)
        program = f"import socket; s = socket.create_connection({server.getsockname()!r}); s.sendall(bytes({size})); s.recv(1)"
        sending = threading.Thread(target=namespaces.run, args=(link.command(["python3", "-c", program]),))
        sending.start()
        connection, _ = server.accept()
        started, left = time.perf_counter(), size
        while left:
            left -= len(connection.recv(left))
        took = time.perf_counter() - started
        connection.close()
        sending.join()
    assert took == pytest.approx(size / rate, rel=0.3)
