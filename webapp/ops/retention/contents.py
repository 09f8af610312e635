"""What a kind consists of: counted, weighed, and deleted in bounded pieces. Rows of a table, or files."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Protocol, TypeAlias

from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

WEIGHED = 100  # newest rows that the bytes of a table are estimated from
ROW_BYTES, NUMBER_BYTES, INDEX_SHARE = 24, 8, 1.3  # of a row beside its values; of a number; with the indexes

Rows: TypeAlias = "QuerySet[Any]"


@dataclass(frozen=True)
class Usage:
    """`bytes` is exact for files and an estimate for rows."""

    rows: int
    bytes: int
    oldest: datetime | None


class Content(Protocol):
    def usage(self) -> Usage: ...

    def due(self, before: datetime) -> int:
        """How many are older and needed by nothing that runs."""

    def delete(self, before: datetime, at_most: int) -> int:
        """Delete some of these; how many. 0 where none is left."""


def delete_rows(rows: Rows) -> int:
    """With what refers to them; counts the rows themselves."""
    return int(rows.delete()[1].get(rows.model._meta.label, 0))


@dataclass(frozen=True)
class Table:
    """Rows of one table, with the age that `at` holds.

    `due`: those of a query set of old rows that may go; asked again in the transaction that deletes them. `parts`: rows of
    other tables that go with them, for the estimate of bytes.
    """

    rows: Callable[[], Rows]
    at: str
    due_of: Callable[[Rows], Rows] = field(default=lambda rows: rows)
    remove: Callable[[Rows], int] = delete_rows
    parts: Callable[[], Iterable[Rows]] = tuple
    bytes_of: Callable[[], int] | None = None

    def usage(self) -> Usage:
        rows = self.rows()
        weight = self.bytes_of() if self.bytes_of else sum(estimate(part) for part in (rows, *self.parts()))
        return Usage(rows.count(), weight, _moment(rows.aggregate(oldest=Min(self.at))["oldest"]))

    def due(self, before: datetime) -> int:
        return self._due(before).count()

    def delete(self, before: datetime, at_most: int) -> int:
        due = self._due(before)
        chosen = list(due.order_by(self.at).values_list("pk", flat=True)[:at_most])
        if not chosen:
            return 0
        with transaction.atomic():
            return self.remove(due.filter(pk__in=chosen))

    def _due(self, before: datetime) -> Rows:
        return self.due_of(self.rows().filter(**{f"{self.at}__lt": before}))


@dataclass(frozen=True)
class Several:
    """Contents that go together."""

    contents: tuple[Content, ...]

    def usage(self) -> Usage:
        parts = [content.usage() for content in self.contents]
        oldest: list[datetime] = [part.oldest for part in parts if part.oldest]
        return Usage(sum(part.rows for part in parts), sum(part.bytes for part in parts), min(oldest, default=None))

    def due(self, before: datetime) -> int:
        return sum(content.due(before) for content in self.contents)

    def delete(self, before: datetime, at_most: int) -> int:
        return next((count for content in self.contents if (count := content.delete(before, at_most))), 0)


def _moment(value: date | None) -> datetime | None:
    """The beginning of a day."""
    if value is None or isinstance(value, datetime):
        return value
    return timezone.make_aware(datetime.combine(value, time.min))


def one_by_one(delete: Callable[[Any], object]) -> Callable[[Rows], int]:
    """Rows that have to be deleted one by one, by a function that takes along what belongs to them."""

    def remove(rows: Rows) -> int:
        count = 0
        for row in rows.model._base_manager.select_for_update().filter(pk__in=list(rows.values_list("pk", flat=True))):
            if rows.filter(pk=row.pk).exists():  # nobody needed it again until it was locked
                delete(row)
                count += 1
        return count

    return remove


def estimate(rows: Rows) -> int:
    """Bytes that these rows take with their indexes: as many as the newest of them on average."""
    newest = list(rows.order_by("-pk").values_list()[:WEIGHED])
    if not newest:
        return 0
    average = sum(ROW_BYTES + sum(_weight(value) for value in row) for row in newest) / len(newest)
    return round(average * INDEX_SHARE * rows.count())


def _weight(value: object) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bytes | memoryview):
        return len(value)
    if isinstance(value, dict | list):
        return len(json.dumps(value))
    return NUMBER_BYTES
