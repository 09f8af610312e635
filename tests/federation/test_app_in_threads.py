"""Whole runs on the digits, client and server as they are, in threads."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from flwr.app import ArrayRecord, ConfigRecord, Message, RecordDict

from federation.app import server_app
from federation.app.client_app import app as client_app
from federation.app.errors import RunError
from federation.app.reports import Result, RoundReport
from federation.app.threads import Tamper, ThreadGrid
from federation.runs.spec import RunSpec

CLIENTS = 4


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def run(
    tamper: Tamper | None = None, checkpoint: Path | None = None, grid: ThreadGrid | None = None, **fields: Any
) -> tuple[Result, list[RoundReport]]:
    spec = RunSpec(**{"clients": CLIENTS, "rounds": 2, "batch_size": 64, "learning_rate": 0.1, "quorum": 2, **fields})
    reports: list[RoundReport] = []
    grid = grid or ThreadGrid(client_app, spec.clients, tamper=tamper)
    result = server_app.start(grid, spec.model_dump(), reports.append, checkpoint)
    return result, reports


def flat(result: Result) -> np.ndarray:
    return np.concatenate([array.numpy().reshape(-1) for array in result.arrays.values()])


def states(report: RoundReport) -> list[str]:
    return [client.state for client in report.clients]


def test_a_model_learns_the_digits() -> None:
    _, reports = run(rounds=5, compression="none", batch_size=16, learning_rate=0.05)
    assert reports[-1].accuracy is not None
    assert reports[-1].accuracy > 0.8
    assert states(reports[-1]) == ["ok"] * CLIENTS


def test_few_bits_cost_a_small_share_of_the_bytes() -> None:
    _, plain = run(compression="none")
    _, few = run(bits=1)
    total = [sum(report.bytes_up + report.bytes_down for report in reports[1:]) for reports in (plain, few)]
    assert total[0] > 15 * total[1]


def test_the_first_model_is_made_from_the_seed_and_never_sent() -> None:
    _, reports = run(rounds=1)
    assert reports[0].bytes_down < CLIENTS * 2000


def test_equal_seeds_give_equal_runs() -> None:
    assert np.array_equal(flat(run(rounds=1)[0]), flat(run(rounds=1)[0]))


def test_masks_change_nothing_but_what_the_server_sees() -> None:
    plain, masked = (
        run(bits=8, share=1.0, learning_rate=0.01),
        run(bits=8, share=1.0, learning_rate=0.01, secure_aggregation=True),
    )
    assert [states(report) for report in masked[1]] == [states(report) for report in plain[1]]
    away = np.linalg.norm(flat(masked[0]) - flat(plain[0])) / np.linalg.norm(flat(plain[0]))
    assert away < 0.05


def test_a_client_lost_under_masks_does_not_break_the_sum() -> None:
    def lose(request: Message, reply: Message) -> Message | None:
        lost = request.metadata.dst_node_id == 4 and request.metadata.message_type == "train"
        return None if lost else reply

    _, reports = run(lose, bits=8, share=1.0, secure_aggregation=True, round_deadline_s=20)
    assert [report.why_not_counted for report in reports] == ["", ""]
    assert states(reports[0]) == ["ok", "ok", "ok", "late"]
    assert all(report.loss is not None and report.loss < 3 for report in reports)


def test_a_client_that_lost_its_memory_is_brought_up_to_date_in_the_same_round() -> None:
    grid = ThreadGrid(client_app, CLIENTS)

    def forget(report: RoundReport) -> None:
        grid._contexts[2].state = RecordDict()
        reports.append(report)

    reports: list[RoundReport] = []
    spec = RunSpec(clients=CLIENTS, rounds=3, batch_size=64, quorum=2)
    server_app.start(grid, spec.model_dump(), forget)
    assert [states(report) for report in reports] == [["ok"] * CLIENTS] * 3


def malicious(request: Message, reply: Message) -> Message:
    if request.metadata.dst_node_id == 1 and "arrays" in reply.content:
        broken = [np.full_like(array, np.nan) for array in reply.content.array_records["arrays"].to_numpy_ndarrays()]
        names = list(reply.content.array_records["arrays"])
        reply.content["arrays"] = ArrayRecord(dict(zip(names, map(_array, broken), strict=True)))
    return reply


def _array(values: np.ndarray) -> Any:
    from flwr.app import Array

    return Array(values)


def test_a_malicious_client_is_refused_with_its_reason_and_the_model_stays_sound() -> None:
    result, reports = run(malicious, compression="none")
    assert states(reports[0]) == ["refused", "ok", "ok", "ok"]
    assert reports[0].clients[0].reason == "Its update contains non-finite values."
    assert np.isfinite(flat(result)).all()


@pytest.mark.parametrize("masks", [False, True])
def test_an_update_that_cannot_be_read_is_refused(masks: bool) -> None:
    def cut(request: Message, reply: Message) -> Message:
        if request.metadata.dst_node_id == 1 and "update" in reply.content:
            fields = dict(reply.content.config_records["update"])
            reply.content["update"] = ConfigRecord({**fields, "codes": b"short"})
        return reply

    _, reports = run(cut, rounds=1, bits=8, share=1.0, secure_aggregation=masks)
    assert states(reports[0]) == ["refused", "ok", "ok", "ok"]
    assert reports[0].why_not_counted == ""


def test_a_round_below_its_quorum_leaves_the_model_as_it_was() -> None:
    def lose(request: Message, reply: Message) -> Message | None:
        return None if request.metadata.dst_node_id > 1 else reply

    first, _ = run(rounds=1, learning_rate=1e-6)
    result, reports = run(lose, rounds=1)
    assert reports[0].why_not_counted == "1 of 4 updates could be used; the quorum is 2."
    assert np.allclose(flat(result), flat(first), atol=1e-3)


def test_a_round_that_does_not_count_is_repeated() -> None:
    """As on a machine that was overloaded for a moment: the run still has as many rounds as it was to have."""

    def lose_once(request: Message, reply: Message) -> Message | None:
        return None if request.metadata.group_id == "1" else reply

    _, reports = run(lose_once, rounds=2)
    assert [(report.round, bool(report.why_not_counted)) for report in reports] == [(1, True), (2, False), (3, False)]


def test_a_run_whose_rounds_never_count_ends_all_the_same() -> None:
    _, reports = run(lambda request, reply: None, rounds=2)
    assert len(reports) == 2 + server_app.REPEATS
    assert all(report.why_not_counted for report in reports)


def test_a_round_ends_when_its_quorum_has_replied_and_the_grace_period_is_over() -> None:
    def sleep(request: Message, reply: Message) -> Message:
        time.sleep(8 if request.metadata.dst_node_id == 4 else 0)
        return reply

    began = time.monotonic()
    _, (report,) = run(sleep, grid=ThreadGrid(client_app, CLIENTS, workers=4, tamper=sleep), rounds=1, quorum=3, grace_s=0.5)
    assert states(report) == ["ok", "ok", "ok", "late"]
    assert time.monotonic() - began < 7


def test_a_run_goes_on_from_its_last_completed_round(tmp_path: Path) -> None:
    whole, _ = run(rounds=3, strategy="fedadam", bits=8)
    halves = [tmp_path / "checkpoint", tmp_path / "clients"]
    spec = RunSpec(
        clients=CLIENTS, rounds=3, batch_size=64, learning_rate=0.1, quorum=2, strategy="fedadam", bits=8
    ).model_dump()
    seen: list[RoundReport] = []
    grid = ThreadGrid(client_app, CLIENTS, folder=halves[1])
    server_app.start(grid, spec, seen.append, halves[0], stop=lambda: len(seen) == 2)
    resumed = ThreadGrid(client_app, CLIENTS, folder=halves[1])
    result = server_app.start(resumed, spec, seen.append, halves[0])
    assert [report.round for report in seen] == [1, 2, 3]
    assert np.array_equal(flat(result), flat(whole))


def test_a_damaged_checkpoint_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(b"PK\x03\x04 not a checkpoint")
    with pytest.raises(RunError, match="checkpoint of this run is damaged"):
        run(checkpoint=tmp_path / "checkpoint")


@pytest.mark.parametrize("strategy", ["fedprox", "fedadam", "scaffold", "trimmed-mean", "krum"])
def test_each_strategy_makes_a_finite_model(strategy: str) -> None:
    result, reports = run(strategy=strategy, clients=5, quorum=5)
    assert [report.why_not_counted for report in reports] == ["", ""]
    assert np.isfinite(flat(result)).all()


def test_privacy_tells_the_epsilon_that_is_spent() -> None:
    _, reports = run(compression="none", privacy={"noise_multiplier": 2.0, "clip": 1.0})
    assert reports[0].epsilon is not None and reports[1].epsilon is not None
    assert 0 < reports[0].epsilon < reports[1].epsilon


def test_missing_data_is_the_clients_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path))
    _, reports = run(rounds=1, dataset="cifar10")
    assert states(reports[0]) == ["refused"] * CLIENTS
    assert "CIFAR-10 is not on this machine" in reports[0].clients[0].reason
