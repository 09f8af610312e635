"""What watching costs: counted once from each event of a device, by day, and summed over a month."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from devices.contract.watches import Cost
from inference.watches import costs
from inference.watches.events import intake
from inference.watches.models import Event, Watch, WatchDay
from tests.devices.conftest import Board
from tests.watches.server.calls import deliver, event, make
from webapp.ops.retention.kinds import BY_NAME

COST = {"frames": 60, "looks": 2, "bytes": 300, "ms": 150.0, "joules": 0.75, "seconds": 30.0}


def cost_of(client: Any) -> Any:
    return client.get("/api/v1/watches").json()["items"][0]["cost"]


def test_a_cost_that_is_delivered_twice_counts_once(device: Board, client: Any) -> None:
    make(client)
    assert cost_of(client) is None
    raised, tally = event(1, cost=COST), {**event(2, cost=COST), "kind": "tally"}
    deliver(device, raised, tally)
    deliver(device, raised, tally)
    assert cost_of(client) == {"frames": 120, "looks": 4, "bytes": 600, "ms": 300.0, "joules": 1.5, "seconds": 60.0}
    assert [row["kind"] for row in client.get("/api/v1/watches/events").json()["items"]] == ["raised"]


def test_energy_that_no_board_measured_is_not_zero(device: Board, client: Any) -> None:
    make(client)
    deliver(device, event(1, cost={"frames": 5, "ms": 10.0}))
    assert cost_of(client)["joules"] is None
    deliver(device, event(2, cost=COST))
    assert cost_of(client)["joules"] == 0.75


def test_only_a_month_is_summed_and_old_days_are_deleted(device: Board, client: Any) -> None:
    make(client)
    watch, now = Watch.objects.get(), timezone.now()
    for days in (0, 29, 31, 401):
        costs.add(watch, Cost(frames=1), now - timedelta(days=days))
    assert cost_of(client)["frames"] == 2
    BY_NAME["watch_days"].content.delete(now - timedelta(days=costs.KEPT_DAYS), 10)
    assert WatchDay.objects.count() == 3


def test_costs_that_were_reported_do_not_push_events_out(device: Board, client: Any) -> None:
    make(client)
    deliver(device, {**event(1), "kind": "tally"})
    Event.objects.update(received=timezone.now() - intake.TALLIES * 2)
    deliver(device, {**event(2), "kind": "tally"})
    assert list(Event.objects.values_list("number", flat=True)) == [2]
