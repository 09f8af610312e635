"""The tables of model calls: the log, daily sums and allowances. Django finds them through inference.models."""

from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from inference.calls import sums
from inference.planning.llm.llm_calls import SUCCESSES
from webapp.accounts.models import ApiToken

# `watch`: an event of a watch, and what an edge was asked about one. `looks`: those of a watch on its device, by the hour.
QUESTION, BATCH, PLANNER, WATCH, LOOKS = "question", "batch", "planner", "watch", "looks"
ORIGINS = (QUESTION, BATCH, PLANNER, WATCH, LOOKS)
# What filters, sums and percentiles read, so that they need the index alone.
_OF_A_NODE = ("owner", "origin", "purpose", "route", "ok", "cached", "up")
_FACTS = (*_OF_A_NODE, "device", "edge", "model", "outcome")
_SUMMED = ("calls", "link_bytes", "cost")


class ModelCall(models.Model):
    """One call of a model: of a step, of a watch, or of the planning model; or with LOOKS the `calls` of a watch in one hour.
    Written when it ends, and then never changed, but for `up` and for those of the present hour.

    Answers and receipts stay in their turn. The question is stored only where the installation logs texts
    (settings.CALL_TEXTS); tokens are stored nowhere.
    """

    created = models.DateTimeField(default=timezone.now, editable=False, help_text="when it ended; of an hour, when that began")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    token = models.ForeignKey(ApiToken, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    origin = models.CharField(max_length=10, default=QUESTION, help_text="what called: a name in ORIGINS")
    purpose = models.CharField(max_length=10, help_text="the task of a step; of the planning model plan or answer")
    model = models.CharField(max_length=100)
    route = models.CharField(max_length=10, blank=True, help_text="a name in inference.placement.routes")
    device = models.CharField(max_length=40, blank=True)
    edge = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=40, help_text="ok, repaired, or why it failed: invalid, timeout, no_route")
    ok = models.BooleanField(default=True, editable=False)
    calls = models.PositiveIntegerField(default=1, editable=False, help_text="that the row stands for")
    ms = models.FloatField(help_text="of all its calls together")
    link_bytes = models.PositiveBigIntegerField(default=0, help_text="that crossed the link, failed attempts included")
    confidence = models.FloatField(null=True, blank=True)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost = models.FloatField(default=0.0, help_text="at the configured prices")
    estimated = models.BooleanField(default=False, help_text="the server counted no tokens, so they are an estimate")
    cached = models.BooleanField(default=False, help_text="an earlier answer was used: nothing was computed")
    up = models.BooleanField(null=True, blank=True, help_text="what its owner thinks of the answer")
    turn = models.UUIDField(null=True, blank=True, db_index=True)
    step = models.PositiveSmallIntegerField(null=True, blank=True)
    watch = models.PositiveBigIntegerField(null=True, blank=True, help_text="primary key of the watch that looked")
    question = models.TextField(blank=True)

    class Meta:
        ordering = ("-created", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=("watch", "purpose", "created"), condition=models.Q(origin=LOOKS), name="one_sum_of_looks_an_hour"
            )
        ]
        indexes = [
            models.Index(fields=("created", *_FACTS, *_SUMMED), name="calls_by_time"),
            models.Index(fields=("owner", "created", *_FACTS[1:], *_SUMMED), name="calls_of_a_person"),
            # Of a node: as a device, and as an edge.
            models.Index(fields=("device", "created", "edge", *_OF_A_NODE, *_SUMMED), name="calls_of_a_device"),
            models.Index(
                fields=("edge", "created", *_OF_A_NODE, *_SUMMED), name="calls_of_an_edge", condition=~models.Q(edge="")
            ),
            # Of the calls that percentiles are of.
            models.Index(
                fields=("ms", "created", "owner", "origin", "purpose", "route", "device", "edge", "up", "model"),
                name="calls_by_duration",
                condition=models.Q(ok=True, cached=False),
            ),
            models.Index(fields=("created",), name="calls_with_text", condition=~models.Q(question="")),
        ]

    def __str__(self) -> str:
        return f"{self.model}: {self.outcome} in {self.ms:.0f} ms"

    def save(self, *args: Any, **named: Any) -> None:
        self.ok = self.outcome in SUCCESSES
        is_new = self._state.adding
        with transaction.atomic(savepoint=False):  # neither is stored without the other
            super().save(*args, **named)
            if is_new:
                CallDay.add(self)

    def sum_up(self) -> None:
        """Add this, which has the start of an hour as its time, to what its watch has computed in that hour."""
        assert self.origin == LOOKS
        key = {name: getattr(self, name) for name in ("origin", "watch", "purpose", "created")}
        first = {name: getattr(self, name) for name in ("owner_id", "model", "route", "device", "outcome", "question")}
        with transaction.atomic(savepoint=False):
            amounts = {name: getattr(self, name) for name in ("calls", "ms", "link_bytes")}
            sums.grow(ModelCall, key, amounts, **first, **dict.fromkeys(amounts, 0))
            CallDay.add(self)


class CallDay(models.Model):
    """The calls of one day that agree in what filters ask for most, summed as they are written: the log may have millions."""

    FACETS = ("owner_id", "origin", "purpose", "model", "route", "outcome", "ok", "cached")

    day = models.DateField(help_text="UTC")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    origin = models.CharField(max_length=10)
    purpose = models.CharField(max_length=10)
    model = models.CharField(max_length=100)
    route = models.CharField(max_length=10, blank=True)
    outcome = models.CharField(max_length=40)
    ok = models.BooleanField()
    cached = models.BooleanField()
    calls = models.PositiveIntegerField(default=0)
    link_bytes = models.PositiveBigIntegerField(default=0)
    cost = models.FloatField(default=0.0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("day", "owner", "origin", "purpose", "model", "route", "outcome", "ok", "cached"),
                name="one_sum_per_day_and_facets",
            )
        ]

    def __str__(self) -> str:
        return f"{self.calls} × {self.purpose} on {self.day}"

    @classmethod
    def add(cls, call: ModelCall) -> None:
        facets = {name: getattr(call, name) for name in cls.FACETS}
        amounts = {"calls": call.calls, "link_bytes": call.link_bytes, "cost": call.cost}
        sums.grow(cls, {"day": timezone.localdate(call.created), **facets}, amounts)


class PlannerCalls(models.Manager["PlannerCall"]):
    def get_queryset(self) -> "models.QuerySet[PlannerCall]":
        return super().get_queryset().filter(origin=PLANNER)


class PlannerCall(ModelCall):
    """One request to the planning model."""

    objects = PlannerCalls()

    class Meta:
        proxy = True

    def save(self, *args: Any, **named: Any) -> None:
        self.origin = PLANNER
        super().save(*args, **named)


class DayUse(models.Model):
    """What a person used on one day, by token. It outlives the log, the questions and the token."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    token = models.PositiveBigIntegerField(default=0, help_text="primary key of the personal token; 0: without one")
    questions = models.PositiveIntegerField(default=0)
    link_bytes = models.PositiveBigIntegerField(default=0)
    planner_tokens = models.PositiveBigIntegerField(default=0)
    planner_cost = models.FloatField(default=0.0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("person", "day", "token"), name="one_use_per_day_and_token")]

    def __str__(self) -> str:
        return f"{self.person} on {self.day}"


class Allowance(models.Model):
    """How much of one measure a person may use, or one of their tokens, in the measure's period."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="allowances")
    token = models.ForeignKey(ApiToken, null=True, blank=True, on_delete=models.CASCADE, related_name="allowances")
    measure = models.CharField(max_length=20, help_text="a name in inference.calls.measures")
    most = models.FloatField(help_text="in the measure's unit; 0 of a person: no limit, whatever the default is")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("person", "measure"), condition=models.Q(token=None), name="one_allowance_of_a_person"
            ),
            models.UniqueConstraint(fields=("token", "measure"), name="one_allowance_of_a_token"),
        ]

    def __str__(self) -> str:
        return f"{self.token or self.person}: {self.most:g} {self.measure}"
