"""Devices, runs and answered questions as rows, for questions about the system."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from devices.models import Node, Reading, Sample
from federation.models import ClientReport, Round, Run
from federation.runs import lifecycle
from inference.models import Photo, Step, Turn

CONVERSATION = UUID(int=7)
ORIN = "NVIDIA Jetson AGX Orin Developer Kit"


def node(slug: str, *, silent_s: float | None = 0.0, whole_ms: float | None = None, **fields: Any) -> Node:
    """A node whose last heartbeat was that long ago; `whole_ms`: of an answer to a question."""
    seen = None if silent_s is None else timezone.now() - timedelta(seconds=silent_s)
    times = {"vqa": {"whole_ms": whole_ms}, "classify": {"whole_ms": whole_ms}}
    profile = None if whole_ms is None else {"name": "compact", "tasks": times}
    values = {"tier": "device", "approved": True, "token_sha256": slug, "last_seen": seen, "profile": profile, **fields}
    return Node.objects.create(slug=slug, **values)


def fleet() -> None:
    """Two devices that are online, one that is not, one that was revoked, and an edge."""
    sensors = {"temperature_c": 51.4, "power_w": 7.44, "memory_used_mb": 2048}
    hardware = {"model": ORIN, "memory_total_mb": 8192}
    node("jetson-orin", whole_ms=80.0, hardware=hardware, sensors=sensors)
    node("nano-2", whole_ms=900.0, queue=2)
    node("tab-3", title="Barn tablet", silent_s=3 * 3600)
    node("edge-1", tier="edge", whole_ms=9.0)
    node("old-nano", revoked_at=timezone.now())
    for slug, bytes_per_s in (("jetson-orin", 250_000), ("nano-2", 31_000)):
        link(slug, bytes_per_s)


def link(slug: str, bytes_per_s: int) -> None:
    """Transfers of several sizes, so that the estimate has both a bandwidth and a round trip."""
    for number in range(12):
        size = 2_000 * (1 + number)
        at = timezone.now() - timedelta(seconds=20 - number)
        ms = 10 + 1000 * size / bytes_per_s
        Sample.objects.create(node=slug, at=at, bytes=size, ms=ms, rtt_ms=10.0, source="transfer")


def run(owner: Any, number: int, accuracies: list[float], *, state: str = "done", **fields: Any) -> Run:
    """A run with a round for each accuracy, of the clients jetson-orin and nano-2; each round takes 10 s and sends 3 KB."""
    spec = lifecycle.checked({"clients": 2, "rounds": 10, **fields.pop("spec", {})}).model_dump()
    row = Run.objects.create(pk=number, owner=owner, spec=spec, state=state, seconds=10.0 * len(accuracies), **fields)
    seconds = {"compute": 2.0, "uplink": 6.0, "downlink": 1.0, "waiting": 1.0, "total": 10.0}
    for n, accuracy in enumerate(accuracies, 1):
        stored = Round.objects.create(run=row, number=n, accuracy=accuracy, bytes_up=1000, bytes_down=2000, seconds=seconds)
        for partition, slug in enumerate(("jetson-orin", "nano-2")):
            spent = {"compute_s": 2.0, "up_s": 1.0 + 5 * partition, "down_s": 1.0}
            ClientReport.objects.create(round=stored, node=slug, partition=partition, state="ok", told=spent)
    return row


def started(owner: Any) -> None:
    """Run 9 is done, run 11 failed, run 12 is in its fourth round on jetson-orin."""
    run(owner, 9, [0.1 * n for n in range(1, 9)] + [0.85, 0.84])
    run(owner, 11, [0.3], state="failed", error={"code": "no_quorum", "message": "No round reached its quorum.", "next": ""})
    client = {"node": "jetson-orin", "partition": 0, "state": "training", "reason": ""}
    run(
        owner,
        12,
        [0.2, 0.4, 0.6],
        state="running",
        phase="round 4",
        progress={"round": 4, "since": "", "clients": {"0": client}},
    )


def drop(number: int, rounds: list[int], slug: str = "nano-2") -> None:
    rows = ClientReport.objects.filter(round__run=number, round__number__in=rounds, node=slug)
    rows.update(state="lost", reason=f"{slug} is offline.")


def answered(
    owner: Any, *, sent: int = 360, photo_bytes: int = 84_000, conversation: UUID = CONVERSATION, **receipt: Any
) -> Turn:
    """A question about a photo that was answered in 120 ms."""
    photo = Photo.objects.create(
        owner=owner, width=640, height=480, bytes=photo_bytes, source_bytes=photo_bytes, source_format="jpeg"
    )
    turn = Turn.objects.create(
        owner=owner, conversation=conversation, photo=photo, question="What is the dog doing?", state="answered"
    )
    stored = {
        "task": "vqa",
        "photo": str(photo.pk),
        "route": "split",
        "device": "jetson-orin",
        "edge": "edge-1",
        "reason": "Splitting sends least over this link.",
        "bytes": {"photo": photo_bytes, "uplink": sent, "placing": 0},
        "actual_ms": {"queue": 0.0, "device": 30.0, "uplink": 60.0, "edge": 20.0, "overhead": 10.0, "total": 120.0},
        "photo_left_device": False,
        "on_server": True,
        "fell_back_from": [],
        "answer": "running",
        "confidence": 0.9,
        **receipt,
    }
    Step.objects.create(turn=turn, number=1, task="vqa", state="answered", receipt=stored)
    return turn


def powered(slug: str, hours: int, watts: float) -> None:
    """Minute means of a board's power over the last hours."""
    now = timezone.now().replace(second=0, microsecond=0)
    minutes = [now - timedelta(minutes=n) for n in range(1, 60 * hours + 1)]
    Reading.objects.bulk_create([Reading(node=slug, at=at, span_s=60, values={"power_w": watts}) for at in minutes])
