"""The last 24 hours in short: for each camera the times in which something was seen, or in which it failed.

What a page draws two or three pixels apart is one span here, so that a lane has a bounded number of them however much happens.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q
from typing_extensions import TypedDict

from devices.contract.watches import FAULTS
from inference.watches.events.selection import Selection, events
from inference.watches.models import DISMISSED

PERIOD = timedelta(hours=24)
NEAR = timedelta(minutes=4)  # spans of one sort at most this far apart are one
MOST_READ, MOST_LANES = 20_000, 30
FIELDS = ("pk", "node", "camera", "kind", "check_state", "at", "ended", "watch__title")


class SpanData(TypedDict):
    """`sort`: `raised`, `dismissed` or `fault`. `event`, `kind` and `title`: of the latest of `count` events.
    `until`: None while one of them lasts."""

    sort: str
    event: int
    kind: str
    title: str
    count: int
    at: str
    until: str | None


class LaneData(TypedDict):
    node: str
    camera: str
    spans: list[SpanData]


class LanesData(TypedDict):
    """`since`: all events from then on are in it. `hidden`: cameras for which there is no lane."""

    since: str
    lanes: list[LaneData]
    hidden: int


def of(person: AbstractBaseUser, selection: Selection, now: datetime) -> LanesData:
    """The selection's own times do not count."""
    begin = now - PERIOD
    chosen = events(person, replace(selection, since=None, until=None)).exclude(kind="camera_back")
    within = Q(at__gte=begin) | Q(kind="raised", ended__gte=begin) | Q(kind="raised", ended=None)
    rows = list(chosen.filter(within).values(*FIELDS)[: MOST_READ + 1])
    if len(rows) > MOST_READ:
        begin = max(begin, rows.pop()["at"])
    by_camera: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in reversed(rows):
        by_camera.setdefault((row["node"], row["camera"]), []).append(row)
    shown = sorted(by_camera)[:MOST_LANES]
    return {
        "since": begin.isoformat(),
        "lanes": [{"node": key[0], "camera": key[1], "spans": _spans(by_camera[key], now)} for key in shown],
        "hidden": len(by_camera) - len(shown),
    }


def _spans(rows: Iterable[Mapping[str, Any]], now: datetime) -> list[SpanData]:
    """Of the events of one camera, the oldest first."""
    spans: list[SpanData] = []
    latest: dict[str, tuple[SpanData, datetime]] = {}  # of each sort, with its end
    for row in rows:
        sort = _sort(row)
        until = row["at"] if sort == "fault" else row["ended"] or now
        last, end = latest.get(sort, (None, row["at"]))
        if last is None or row["at"] - end > NEAR:
            last, end = _empty(sort, row["at"]), until
            spans.append(last)
        end = max(end, until)
        lasts = sort != "fault" and row["ended"] is None
        last["event"], last["kind"], last["title"] = row["pk"], row["kind"], row["watch__title"] or ""
        last["until"] = None if lasts or (last["count"] and last["until"] is None) else end.isoformat()
        last["count"] += 1
        latest[sort] = (last, end)
    return spans


def _sort(row: Mapping[str, Any]) -> str:
    if row["kind"] in FAULTS:
        return "fault"
    return "dismissed" if row["check_state"] == DISMISSED else "raised"


def _empty(sort: str, at: datetime) -> SpanData:
    return {"sort": sort, "event": 0, "kind": "", "title": "", "count": 0, "at": at.isoformat(), "until": at.isoformat()}
