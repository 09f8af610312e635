"""What the models page and the API say of both profiles: what they need, what they cost on this machine, what is under way."""

from typing import Any

from typing_extensions import TypedDict  # pydantic needs it before Python 3.12

from devices import model_choice
from devices.models import Node
from inference.agreement import store
from inference.bundles import failures
from inference.engine import catalogue, tasks
from inference.engine.catalogue import Profile
from inference.engine.hub import fetch, pins
from inference.model_jobs import kinds, lifecycle, photo_source
from inference.model_jobs.lifecycle import JobData
from inference.models import MethodAgreement


class Seconds(TypedDict):
    """A task's whole answer, as a node measured it when it started with these models."""

    task: str
    node: str
    tier: str
    ms: float


class AgreementData(TypedDict):
    task: str
    method: str
    bytes: float
    photos: int
    answers: int
    agreement: float
    low: float
    high: float


class ProfileData(TypedDict):
    name: str
    active: bool
    ready: bool
    missing: list[str]
    export_failure: str  # why nodes cannot fetch these models; empty where they can
    tasks: dict[str, str]  # the model of each
    fetch_bytes: int  # 0: they come with Isthmus
    revisions: dict[str, str]  # by task, the pinned commit; empty for bundled ones
    memory_mb: int | None  # of a node, measured; None: no node has loaded them yet
    seconds: list[Seconds]  # empty: not measured yet
    agreement: list[AgreementData]


class Overview(TypedDict):
    active: str
    choice: int
    changing: dict[str, list[str]]  # which nodes have changed, are on their way, or refused
    profiles: list[ProfileData]
    jobs: list[JobData]
    photos: dict[str, int]  # how many a job may use, by source


def overview(owner: Any) -> Overview:
    chosen = model_choice.current()
    return {
        "active": chosen.profile,
        "choice": chosen.number,
        "changing": model_choice.progress(),
        "profiles": [_profile(name, chosen.profile) for name in catalogue.PROFILES],
        "jobs": [lifecycle.as_json(job) for job in lifecycle.latest()],
        "photos": {source: photo_source.count(source, owner) for source in photo_source.SOURCES},
    }


def kinds_for_pages() -> list[dict[str, Any]]:
    return [{"name": kind.name, "label": kind.label, "uses_photos": kind.uses_photos} for kind in kinds.KINDS]


def _profile(name: str, active: str) -> ProfileData:
    profile = catalogue.profile(name)
    missing = catalogue.missing(profile)
    measured = [(node, node.measured[name]) for node in Node.objects.order_by("tier", "slug") if name in node.measured]
    memory = [values["memory_mb"] for _, values in measured if values.get("memory_mb")]
    return {
        "name": name,
        "active": name == active,
        "ready": not missing,
        "missing": missing,
        "export_failure": failure.sentence if (failure := failures.latest(name)) else "",
        "tasks": {task: profile.models[task] for task in profile.tasks},
        "fetch_bytes": fetch.required_bytes() if name == "paper" else 0,
        "revisions": _revisions(profile),
        "memory_mb": max(memory, default=None),
        "seconds": [
            {"task": task, "node": node.slug, "tier": node.tier, "ms": values["tasks"][task]["whole_ms"]}
            for node, values in measured
            for task in tasks.names()
            if task in values["tasks"]
        ],
        "agreement": _agreement(name) if not missing else [],
    }


def _revisions(profile: Profile) -> dict[str, str]:
    return {task: pins.of(profile.models[task]).revision for task in profile.on_towers} if profile.name == "paper" else {}


def _agreement(name: str) -> list[AgreementData]:
    """Only what was measured with the weights and codes that are here now."""
    rows = {(row.task, row.method): row for row in MethodAgreement.objects.filter(profile=name).order_by("measured")}
    if not rows:
        return []
    profile = catalogue.profile(name)
    valid = [rows[measured.task, measured.method] for measured in store.current(profile, rows.values())]
    return [
        {
            "task": row.task,
            "method": row.method,
            "bytes": row.bytes,
            "photos": row.photos,
            "answers": row.answers,
            "agreement": row.agreement,
            "low": row.low,
            "high": row.high,
        }
        for row in sorted(valid, key=lambda row: (row.task, row.bytes))
    ]
