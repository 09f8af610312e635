"""The kinds of data that calls of models leave: the log, its texts, and what people used."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Count, Sum
from django.db.models.functions import Length
from django.utils.translation import gettext_noop

from inference.calls.tables import CallDay, DayUse, ModelCall
from webapp.ops.retention.contents import Rows, Several, Table, Usage
from webapp.ops.retention.kind import Kind

USE_DAYS = 62  # a month and the one before: no allowance looks further back


class WholeDays(Table):
    """The log goes with its sums, which are those of days in UTC."""

    def _due(self, before: datetime) -> Rows:
        return super()._due(before.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0))


class Texts:
    """Of questions, which are stored while the installation logs them."""

    def usage(self) -> Usage:
        sums = self._rows().aggregate(rows=Count("pk"), chars=Sum(Length("question")))
        return Usage(sums["rows"], sums["chars"] or 0, None)

    def due(self, before: datetime) -> int:
        return 0 if settings.CALL_TEXTS else self._rows().count()

    def delete(self, before: datetime, at_most: int) -> int:
        if settings.CALL_TEXTS:
            return 0
        chosen = list(self._rows().values_list("pk", flat=True)[:at_most])
        return ModelCall.objects.filter(pk__in=chosen).update(question="")

    def _rows(self) -> Rows:
        return ModelCall.objects.exclude(question="")


OF_CALLS: tuple[Kind, ...] = (
    Kind(
        "model_calls",
        gettext_noop("Calls of models"),
        gettext_noop("The log: task, model, route, time, bytes, outcome and cost of each call, and their sums by the day."),
        Several((WholeDays(ModelCall.objects.all, "created"), WholeDays(CallDay.objects.all, "day"))),
        setting="CALL_DAYS",
    ),
    Kind(
        "call_texts",
        gettext_noop("Questions in the log of calls"),
        gettext_noop("Stored where the installation logs texts; deleted once it does not."),
        Texts(),
        fixed=timedelta(0),
    ),
    Kind(
        "use",
        gettext_noop("What people used"),
        gettext_noop("Questions, bytes and cost of each person and token by the day, for allowances."),
        Table(DayUse.objects.all, "day"),
        fixed=timedelta(days=USE_DAYS),
    ),
)
