"""The planner of this installation: what it knows of a conversation, and its calls in the database with their cost."""

import logging
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import DatabaseError
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from devices import dispatch
from inference.answering import trained_models
from inference.calls import allowances, recording
from inference.engine.doubt import WORDS, Certainty
from inference.models import PlannerCall, Step, Turn
from inference.photos.earlier import count_before, photos_of
from inference.planning.context import Context
from inference.planning.llm.llm_calls import SUCCESSES, Call
from inference.planning.plan import MAX_BEFORE
from inference.planning.planner import Planner, make_planner
from inference.planning.planner_config import PlannerConfig
from inference.planning.rules import certain_sentences
from inference.receipt import certainty_of
from webapp.live import spans

log = logging.getLogger(__name__)
EARLIER = 5  # turns of the conversation
OPENAI = "https://api.openai.com/v1"  # where the package asks without an address
OWN_SHARE = 0.5  # of the daily budget that one person may spend
_replaced: list[Callable[[UUID], QuerySet[Any]]] = []


class DatabaseUsageLog:
    """A row that cannot be written becomes a line in the log; no question fails for it."""

    def record(self, call: Call) -> None:
        trace(call)
        try:
            recording.planner_call(dispatch.owner(), call)
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

    def has_allowance(self) -> bool:
        try:
            return (owner := dispatch.owner()) is None or allowances.planner_has_room(owner, recording.token())
        except DatabaseError as error:
            log.warning("could not read what a person may use of the planner: %s", error)
            return True


def trace(call: Call) -> None:
    """As OpenTelemetry's conventions for generative AI have it; neither what was asked nor what was answered is in it."""
    host, port = _server(settings.PLANNER["base_url"] or OPENAI)
    azure = bool(settings.PLANNER["azure_api_version"])
    ended = spans.now_ns()
    attributes: spans.Attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "azure.ai.openai" if azure else "openai",
        "gen_ai.request.model": call.model,
        "gen_ai.request.max_tokens": settings.PLANNER["max_tokens"],
        "gen_ai.usage.input_tokens": call.tokens_in,
        "gen_ai.usage.output_tokens": call.tokens_out,
        "gen_ai.output.type": "json" if call.purpose == "plan" else "text",
        "server.address": host,
        "server.port": port,
        "isthmus.purpose": call.purpose,
        "isthmus.outcome": call.outcome,
        "isthmus.tokens_estimated": call.estimated,
        "isthmus.cost": call.cost,
    }
    error = "" if call.outcome in SUCCESSES else call.outcome
    spans.past(f"chat {call.model}", ended - int(call.ms * 1e6), ended, attributes, "client", error=error)


def _server(address: str) -> tuple[str, int]:
    """Host and port. An address that is malformed was said to be so where it is used."""
    try:
        parts = urlsplit(address)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", 0


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


def summary(calls: QuerySet[PlannerCall] | None = None) -> dict[str, float]:
    """Calls, failures, tokens and cost; of today where no calls are given."""
    calls = today() if calls is None else calls
    totals = calls.aggregate(n=Count("pk"), tokens_in=Sum("tokens_in"), tokens_out=Sum("tokens_out"), cost=Sum("cost"))
    return {name: value or 0 for name, value in totals.items()} | {"failed": calls.exclude(outcome__in=SUCCESSES).count()}


def register_replaced_turns(reader: Callable[[UUID], QuerySet[Any]]) -> None:
    """`reader` gives the ids of turns of a conversation whose question was edited: what was meant is in the later one.
    Answering knows nothing of edits, so webapp.chat registers it."""
    _replaced[:] = [reader]


def context_of(turn: Turn) -> Context:
    """Earlier questions of this conversation, each with the answer of its last step. Not read for a sentence of which the
    offline planner is certain: whatever came before, it means the same."""
    size = (turn.photo.width, turn.photo.height) if turn.photo else None
    photos = len(own := photos_of(turn))
    if size and photos == 1 and not settings.PLANNER["model"] and certain_sentences.task_of(turn.question):
        return Context(has_photo=True, size=size)
    earlier = Turn.objects.filter(conversation=turn.conversation, created__lt=turn.created, state="answered")
    for reader in _replaced:
        earlier = earlier.exclude(pk__in=reader(turn.conversation))
    # Only what is needed: receipts list every candidate, and this is on the way of each question.
    last = list(earlier.order_by("-created").values_list("pk", "question", "photo")[:EARLIER])[::-1]
    steps = Step.objects.filter(turn__in=[pk for pk, _, _ in last]).order_by("number")
    answers = dict(steps.values_list("turn", "receipt__answer")) if last else {}
    return Context(
        any(own),
        tuple(question for _, question, _ in last),
        new_photo=not any(photo == turn.photo_id for _, _, photo in last),
        answers=tuple(str(answers.get(pk) or "") for pk, _, _ in last),
        models=trained_models.names(turn.owner_id),
        earlier_photos=min(MAX_BEFORE, count_before(turn, own)),
        photos=max(1, photos),
        size=size,
        certainty=_certainty_of(last[-1][0]) if last else "",
    )


def _certainty_of(turn: UUID) -> str:
    """How sure the answer to a turn was, in the words that its receipts have."""
    receipts = Step.objects.filter(turn=turn).order_by("number").values_list("receipt", flat=True)
    parts = []
    for receipt in receipts:
        if not receipt or receipt.get("confidence") is None:
            continue
        words = WORDS[certainty_of(receipt) or Certainty.NONE].lower()
        parts.append(f"{receipt['answer']}: {words}, confidence {receipt['confidence']:.2f}")
    return f"Of the answer before: {'; '.join(parts)}." if parts else ""
