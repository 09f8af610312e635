"""The federated bench: its arms resume where they stopped, and its figures follow from the rounds."""

from pathlib import Path
from typing import Any

import pytest

from bench.federated import arms, report, summary

BASE: dict[str, Any] = {**arms.QUICK, "rounds": 3, "batch_size": 64}
LONGER = {**BASE, "rounds": 6}  # ours exchanges after every second epoch


def row(number: int, accuracy: float, sent: int) -> dict[str, Any]:
    return {
        "round": number,
        "accuracy": accuracy,
        "bytes_up": sent,
        "bytes_down": sent,
        "link_s": 2.0,
        "cpu_s": 5.0,
        "beside_training_s": 0.1,
    }


def test_a_stopped_arm_resumes(tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop(row: dict[str, Any]) -> None:
        if row["round"] == 2:
            raise Stopped

    with pytest.raises(Stopped):
        arms.run("iid-ours", LONGER, tmp_path, stop)
    seen: list[int] = []
    rows = arms.run("iid-ours", LONGER, tmp_path, lambda row: seen.append(row["round"]))
    assert [row["round"] for row in rows] == [1, 2, 3]
    assert seen == [2, 3]  # it stopped while reporting round 2, before storing its checkpoint
    assert arms.run("iid-ours", LONGER, tmp_path) == rows


def test_three_malicious_clients_are_excluded(tmp_path: Path) -> None:
    rows = arms.run("hostile3", {**BASE, "rounds": 2}, tmp_path)
    assert {"0", "1"} <= set(rows[0]["left_out"])
    assert rows[-1]["why_not_counted"] == ""


def test_bytes_ratio_and_link_time_follow_from_the_rounds() -> None:
    ours = [row(1, 0.5, 10), row(2, 0.71, 10), row(3, 0.8, 10)]
    plain = [row(1, 0.6, 400), row(2, 0.72, 400), row(3, 0.8, 400)]
    figures = report.figures({"iid-ours": report.arm_report(ours), "iid-plain": report.arm_report(plain)})
    assert figures["iid"]["bytes_ratio"] == pytest.approx(40)
    assert figures["iid"]["link_s_to_70"] == 4.0
    assert figures["dirichlet"] is None
    assert figures["hostile_points_lost"] is None


def test_only_runs_of_the_same_number_of_epochs_are_compared() -> None:
    plain = report.arm_report([row(number, 0.5, 400) for number in (1, 2, 3, 4)])
    ours = report.arm_report([row(number, 0.5, 20) for number in (1, 2)], local_epochs=2)
    assert report.figures({"iid-ours": ours, "iid-plain": plain})["iid"]["bytes_ratio"] == 40
    longer = report.arm_report([row(number, 0.5, 400) for number in (1, 2, 3, 4, 5)])
    unfinished = report.figures({"iid-ours": ours, "iid-plain": longer})["iid"]
    assert unfinished["bytes_ratio"] is None and unfinished["plain_accuracy"] is None


def test_a_disturbed_run_is_compared_with_an_undisturbed_one_of_the_same_length() -> None:
    def arm(*accuracies: float) -> dict[str, Any]:
        return report.arm_report([row(number, accuracy, 10) for number, accuracy in enumerate(accuracies, 1)])

    figures = report.figures({"short": arm(0.5, 0.6, 0.7), "hostile3": arm(0.4, 0.6, 0.5), "dropout1": arm(0.4, 0.6)})
    assert figures["hostile_points_lost"] == pytest.approx(0.1)
    assert figures["dropout_points_lost"]["1"] is None  # unfinished
    assert figures["round_overhead_s"] == 0.1


def test_arms_that_ran_elsewhere_stay_in_the_report(tmp_path: Path) -> None:
    earlier = {"iid-plain": report.arm_report([row(number, 0.5, 10**6) for number in (1, 2, 3, 4)])}
    arms.run("iid-ours", {**BASE, "rounds": 4}, tmp_path / "iid-ours")
    figures = summary.summarise(tmp_path, earlier)
    assert list(figures["arms"]) == ["iid-plain", "iid-ours"]
    assert figures["iid"]["bytes_ratio"] is not None
