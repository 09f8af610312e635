"""A database as a busy installation has it after a year. Called with Django set up."""

import uuid
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

NODES, EDGES = 1000, 20
BATCH = 20_000
SPLITS = {str(k): 40.0 + k for k in range(0, 24, 2)}


def add_nodes() -> None:
    """With a profile and sensors as boards send them."""
    from devices.models import Node

    chance, now = Random(3), datetime.now(UTC)
    times = {"whole_ms": 120.0, "head_ms": SPLITS, "tail_ms": SPLITS, "encode_ms": SPLITS, "send_ms": {"webp": 9.0}}
    engine = {"name": "onnx", "device": "cpu", "precision": "float32", "reason": "It agrees with the reference."}
    profile = {"name": "compact", "digest": "d" * 64, "protocol": 4, "engine": engine}
    tasks = dict.fromkeys(("classify", "caption", "vqa", "read"), times)
    Node.objects.bulk_create(
        Node(
            slug=f"{'edge' if n < EDGES else 'jetson'}-{n}",
            tier="edge" if n < EDGES else "device",
            approved=True,
            token_sha256=f"{n:064x}",
            last_seen=now,
            profile={**profile, "tasks": tasks},
            queue=n % 3,
            versions={"agent": "0.2.0", "python": "3.10.12", "torch": None},
            sensors={
                "cpu_percent": chance.uniform(5, 90), "gpu_percent": chance.uniform(0, 99), "memory_used_mb": 3012.5,
                "memory_total_mb": 7620.0, "temperature_c": chance.uniform(40, 80), "power_w": chance.uniform(4, 15),
            },
        )
        for n in range(NODES)
    )  # fmt: skip


def add_questions(count: int, owner: int) -> None:
    """Ended ones, over a year, and a hundred that wait or run."""
    from inference.models import Turn

    chance, start = Random(5), datetime.now(UTC) - timedelta(days=365)
    for first in range(0, count, BATCH):
        rows = []
        for n in range(first, min(first + BATCH, count)):
            state = "queued" if n % (count // 50) == 0 else "running" if n % (count // 50) == 1 else "answered"
            moment = start + timedelta(seconds=365 * 86_400 * n / count)
            rows.append(
                Turn(
                    id=uuid.UUID(int=chance.getrandbits(128)), conversation=uuid.UUID(int=n // 20), owner_id=owner,
                    question="What is the dog doing?", state=state, answer="It runs.", started=moment, finished=moment,
                    background=n % 4 == 0,
                )
            )  # fmt: skip
        Turn.objects.bulk_create(rows)


def add_planner_calls(count: int, owner: int) -> None:
    """A fiftieth of them today."""
    from inference.models import PlannerCall

    fields: dict[str, Any] = {"owner_id": owner, "model": "a-model", "purpose": "plan", "outcome": "ok", "ms": 640.0}
    PlannerCall.objects.bulk_create(
        (PlannerCall(**fields, tokens_in=800, tokens_out=60, cost=0.001) for _ in range(count)), batch_size=BATCH
    )
    earlier = datetime.now(UTC) - timedelta(days=30)
    PlannerCall.objects.exclude(pk__in=PlannerCall.objects.order_by("-pk").values("pk")[: count // 50]).update(created=earlier)


def receipt(n: int) -> Any:
    """As placement writes it, with 40 candidates."""
    ways: list[tuple[str, int | None, int | None, str | None, int | None]] = [
        ("device", None, None, None, None),
        ("edge", None, None, None, None),
        *(("edge", None, None, "webp", quality) for quality in range(10, 98, 8)),
        *(("split", k, level, None, None) for k in (2, 5, 8, 11, 15, 20) for level in range(1, 5)),
        *(("edge", None, None, "jpeg", quality) for quality in (20, 50, 90)),
    ]
    names = ("route", "split_at", "level", "codec", "quality")
    same = {"side": 224, "held": False, "ready": False, "edge": "edge-1", "refine_to": None, "accuracy": 0.8, "why_not": None}
    costs = {"device_ms": 30.0, "edge_ms": 20.0, "overhead_ms": 5.0, "round_trips": 1.0}
    candidates = [
        {
            **dict(zip(names, way, strict=True)),
            **same,
            **costs,
            "predicted_ms": 80.0 + (7 * i + n) % 400,
            "uplink_bytes": 400 * i,
            "allowed": i % 3 > 0,
            "chosen": i == 20,
        }
        for i, way in enumerate(ways)
    ]
    parts = {"queue": 1.0, "device": 30.0 + n % 20, "uplink": 25.0, "edge": 20.0, "overhead": 5.0}
    return {
        "task": "vqa",
        "route": "split",
        "photo": f"photo-{n}",
        "forced": None,
        "minimises": "predicted_ms",
        "edge": "edge-1",
        "bytes": {"photo": 61_000, "uplink": 1_400, "placing": 0},
        "candidates": candidates,
        "predicted_ms": 90.0,
        "actual_ms": {**parts, "total": sum(parts.values())},
        "fell_back_from": [],
        "answer": "It runs.",
        "confidence": 0.9,
    }
