"""What happens to nodes, runs, the disk and the budget is told, to whom it is for."""

import secrets
from collections import namedtuple
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.models import Node
from devices.registry import enrolment
from devices.telemetry import node_events
from federation.models import Run
from federation.runs import lifecycle
from federation.runs.journal import Journal, claim_next
from federation.runs.spec import RunSpec
from inference.models import PlannerCall
from tests.devices.conftest import Board
from tests.notifications.conftest import deliver, make_due
from webapp.live.errors import UserError
from webapp.live.lease import LeaseLost
from webapp.notices.models import Delivery, Notice
from webapp.ops.notifications import sources
from webapp.ops.retention import pruning

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def node(board: Callable[..., Board]) -> Board:
    joined = board()
    joined.beat(queue=0)
    return joined


def go_offline() -> None:
    Node.objects.update(last_seen=timezone.now() - timedelta(seconds=13))
    node_events.record_all(timezone.now())


def told() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("kind", flat=True))


def logged() -> list[str]:
    """Kinds that were really delivered."""
    return list(Delivery.objects.filter(channel="log").order_by("pk").values_list("notice__kind", flat=True))


def test_a_node_that_goes_offline_and_comes_back_is_told_and_a_missed_heartbeat_is_not(node: Board) -> None:
    go_offline()
    node.beat(queue=0)
    Node.objects.update(last_seen=timezone.now() - timedelta(seconds=7))
    node_events.record_all(timezone.now())
    assert told() == ["node.offline", "node.back"]
    notice = Notice.objects.earliest("pk")
    assert (notice.subject, notice.link) == ("jetson-a", "/devices/jetson-a/")
    assert (notice.values["before"], notice.values["after"]) == ("online", "offline")


def test_a_node_that_flaps_is_one_message_for_each_direction_and_then_one_with_how_it_ended(node: Board) -> None:
    for _ in range(4):
        go_offline()
        deliver()
        node.beat(queue=0)
        deliver()
    assert len(told()) == 8
    assert logged() == ["node.offline", "node.back"]
    make_due()  # the quiet time is over: it is as was said last
    deliver()
    assert logged() == ["node.offline", "node.back"]
    go_offline()
    deliver()
    assert logged() == ["node.offline", "node.back"]
    make_due()
    deliver()
    assert logged() == ["node.offline", "node.back", "node.offline"]


def test_two_nodes_do_not_damp_each_other(board: Callable[..., Board]) -> None:
    for name in ("jetson-a", "jetson-b"):
        board(name).beat(queue=0)
    go_offline()
    deliver()
    assert logged() == ["node.offline", "node.offline"]


def test_a_node_that_the_server_revoked_is_told_and_one_that_an_admin_revoked_is_not(board: Callable[..., Board]) -> None:
    for name in ("jetson-a", "jetson-b"):
        board(name).beat(queue=0)
    enrolment.revoke("jetson-a")
    enrolment.revoke("jetson-b", because="It filled Redis.")
    assert told() == ["node.revoked"]
    assert Notice.objects.get().values["reason"] == "It filled Redis."


@pytest.fixture
def run(owner: Any) -> Run:
    return Run.objects.create(owner=owner, spec=RunSpec().model_dump(), state="queued", queued=timezone.now())


def test_a_run_that_ends_is_told_to_its_owner(run: Run, owner: Any, store: Any) -> None:
    claimed = claim_next()
    assert claimed is not None
    with Journal(*claimed) as journal:
        journal.ended("done")
    notice = Notice.objects.get()
    assert (notice.kind, notice.person, notice.link) == ("run.finished", owner, f"/federation/{run.pk}/")


def test_a_run_that_fails_says_why_and_one_that_its_owner_stops_says_nothing(run: Run, owner: Any, store: Any) -> None:
    lifecycle.fail(run, UserError("gone", "No node can train.", "Add one."))
    assert Notice.objects.get().values["reason"] == "No node can train. Add one."
    other = Run.objects.create(owner=owner, spec=RunSpec().model_dump(), state="queued")
    lifecycle.stop(other)
    assert told() == ["run.failed"]


def test_a_run_that_was_taken_over_tells_nothing(run: Run, store: Any) -> None:
    claimed = claim_next()
    assert claimed is not None
    with Journal(*claimed) as journal:
        Run.objects.update(lease=secrets.token_hex(8))
        with pytest.raises(LeaseLost):
            journal.ended("done")
    assert told() == []


def test_a_full_disk_is_told_once_a_day(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources.shutil, "disk_usage", lambda folder: Usage(1000e9, 890e9, 110e9))
    sources.look()
    assert told() == []
    monkeypatch.setattr(sources.shutil, "disk_usage", lambda folder: Usage(1000e9, 950e9, 50e9))
    sources.look()
    sources.look()
    assert told() == ["disk.low"]
    assert Notice.objects.get().values == {"free": "50.0 GB", "percent": "5.0"}


def test_eighty_percent_of_the_budget_is_told_once_a_day(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources.shutil, "disk_usage", lambda folder: Usage(1000e9, 0, 1000e9))
    settings.PLANNER = {**settings.PLANNER, "daily_limit": 1.0}
    PlannerCall.objects.create(model="m", purpose="plan", outcome="ok", ms=3.0, cost=0.79)
    sources.look()
    assert told() == []
    PlannerCall.objects.create(model="m", purpose="plan", outcome="ok", ms=3.0, cost=0.01)
    sources.look()
    sources.look()
    assert told() == ["budget.low"]


def test_notices_are_deleted_with_their_deliveries_when_they_are_old(node: Board, settings: Any) -> None:
    go_offline()
    deliver()
    Notice.objects.update(at=timezone.now() - timedelta(days=settings.NOTICE_DAYS - 1))
    pruning.run()
    assert Delivery.objects.exists()
    Notice.objects.update(at=timezone.now() - timedelta(days=settings.NOTICE_DAYS + 1))
    pruning.run()
    assert not Notice.objects.exists() and not Delivery.objects.exists()
