"""The log as a table and as JSON, both streamed: a million rows never are in memory together."""

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from inference.calls.tables import ModelCall
from webapp.csv_download import csv_download
from webapp.live.moments import iso

# Name of a column -> field.
COLUMNS = {
    "at": "created",
    "person": "owner__username",
    "token": "token__name",
    "origin": "origin",
    "task": "purpose",
    "model": "model",
    "route": "route",
    "device": "device",
    "edge": "edge",
    "outcome": "outcome",
    "calls": "calls",
    "ms": "ms",
    "link_bytes": "link_bytes",
    "confidence": "confidence",
    "tokens_in": "tokens_in",
    "tokens_out": "tokens_out",
    "cost": "cost",
    "estimated": "estimated",
    "cached": "cached",
    "rating": "up",
    "turn": "turn",
    "step": "step",
    "watch": "watch",
    "question": "question",
}
CHUNK = 2000
RATINGS = {True: "up", False: "down", None: None}


def as_csv(calls: QuerySet[ModelCall]) -> StreamingHttpResponse:
    rows = ([_cell(value) for value in row.values()] for row in _rows(calls))
    return csv_download("model-calls.csv", tuple(COLUMNS), rows)


def as_json(calls: QuerySet[ModelCall]) -> StreamingHttpResponse:
    """An array of objects, one in a line."""
    response = StreamingHttpResponse(_lines(calls), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="model-calls.json"'
    return response


def row_of(values: dict[str, Any]) -> dict[str, Any]:
    """A row of `values(*COLUMNS.values())` by the names of columns, as JSON has it."""
    row = {name: values[field] for name, field in COLUMNS.items()}
    turn = row["turn"]
    return {**row, "at": iso(row["at"]), "rating": RATINGS[row["rating"]], "turn": str(turn) if turn else None}


def _rows(calls: QuerySet[ModelCall]) -> Iterator[dict[str, Any]]:
    for values in calls.values(*COLUMNS.values()).iterator(chunk_size=CHUNK):
        yield row_of(values)


def _lines(calls: QuerySet[ModelCall]) -> Iterator[str]:
    before = "[\n"
    for row in _rows(calls):
        yield before + json.dumps(row, ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _cell(value: object) -> object:
    return "" if value is None else int(value) if isinstance(value, bool) else value
