"""Where the time of a round went, and what is said of each client."""

from federation.app.reports import ClientReport
from federation.client_jobs import Served
from federation.runs.runner import client_row, split_of_time


def served(client: int, node: str, state: str = "ok", reason: str = "", **seconds: float) -> Served:
    return Served(client, node, state, reason, None, seconds)


def test_the_node_that_was_busy_longest_tells_where_the_time_went() -> None:
    rows = {
        1: [served(1, "jetson-a", down_s=1.0, compute_s=2.0, up_s=0.5)],
        2: [served(2, "jetson-b", down_s=0.1, compute_s=0.2, up_s=0.1)],
        3: [served(3, "jetson-a", down_s=1.0, compute_s=2.0, up_s=0.5)],
    }
    seconds = split_of_time(rows, 8.0)
    assert seconds == {"compute": 4.0, "uplink": 1.0, "downlink": 2.0, "waiting": 1.0, "total": 8.0}


def test_a_round_in_which_nobody_answered_was_all_waiting() -> None:
    seconds = split_of_time({1: [served(1, "jetson-a", "late", "It was late.")]}, 5.0)
    assert seconds == {"compute": 0.0, "uplink": 0.0, "downlink": 0.0, "waiting": 5.0, "total": 5.0}


def test_the_strategys_refusal_keeps_its_own_reason() -> None:
    row = client_row(ClientReport(1, 0, "refused", "The update is not finite."), [served(1, "jetson-a", compute_s=1.5)])
    assert (row["state"], row["reason"], row["node"]) == ("refused", "The update is not finite.", "jetson-a")
    assert row["told"]["compute_s"] == 1.5


def test_what_the_node_said_stands_where_no_update_came() -> None:
    row = client_row(ClientReport(1, 0, "lost", "No reply."), [served(1, "jetson-a", "lost", "jetson-a is offline.")])
    assert (row["state"], row["reason"]) == ("lost", "jetson-a is offline.")


def test_a_client_that_moved_says_so() -> None:
    row = client_row(ClientReport(1, 0, "ok"), [served(1, "jetson-b", reason="jetson-a is offline. jetson-b took over.")])
    assert (row["node"], row["reason"]) == ("jetson-b", "jetson-a is offline. jetson-b took over.")
