"""The planning model's calls in the database: outcomes, and what they cost today."""

import logging
from functools import cache

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import DatabaseError
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from devices import dispatch
from inference.models import PlannerCall
from inference.planning.llm.llm_calls import Call
from inference.planning.planner import Planner, make_planner
from inference.planning.planner_config import PlannerConfig

log = logging.getLogger(__name__)
OWN_SHARE = 0.5  # of the daily budget that one person may spend


class DatabaseUsageLog:
    """A row that cannot be written becomes a line in the log; no question fails for it."""

    def record(self, call: Call) -> None:
        try:
            PlannerCall.objects.create(
                owner_id=dispatch.owner(),
                model=call.model[:100], purpose=call.purpose, outcome=call.outcome[:20], tokens_in=call.tokens_in,
                tokens_out=call.tokens_out, ms=call.ms, cost=call.cost,
            )  # fmt: skip
        except DatabaseError as error:
            log.warning("could not record a planner call: %s", error)

    def spent_today(self) -> float:
        """At least twice of what this person has spent, where others have accounts: nobody uses up more than half for all."""
        try:
            own = _cost(today().filter(owner=owner)) if (owner := dispatch.owner()) and _others(owner) else 0.0
            return max(_cost(today()), own / OWN_SHARE)
        except DatabaseError as error:
            log.warning("could not read today's planner cost: %s", error)
            return 0.0


def _cost(calls: QuerySet[PlannerCall]) -> float:
    return float(calls.aggregate(cost=Sum("cost"))["cost"] or 0.0)


def _others(owner: int) -> bool:
    return get_user_model().objects.humans().filter(is_active=True).exclude(pk=owner).exists()


@cache  # so that one configuration has one planner, with its connections and its breaker
def usage_log() -> DatabaseUsageLog:
    return DatabaseUsageLog()


def planner() -> Planner:
    return make_planner(PlannerConfig(**settings.PLANNER), book=usage_log())


def today() -> QuerySet[PlannerCall]:
    return PlannerCall.objects.filter(created__gte=timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0))


def summary() -> dict[str, float]:
    """Calls, failures, tokens and cost of today."""
    calls = today()
    totals = calls.aggregate(n=Count("pk"), tokens_in=Sum("tokens_in"), tokens_out=Sum("tokens_out"), cost=Sum("cost"))
    return {name: value or 0 for name, value in totals.items()} | {"failed": calls.exclude(outcome="ok").count()}
