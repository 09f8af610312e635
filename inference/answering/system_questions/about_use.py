"""Answers about a person's own questions: bytes that crossed links and that were saved, time, cost, energy, counts."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from statistics import median
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from devices.models import Node
from devices.telemetry import history
from inference.answering import planner_usage
from inference.answering.system_questions import run_source
from inference.answering.system_questions.question import Question, Span
from inference.formatting import bytes_text, count_text, list_text, moment_text, span_text, time_text
from inference.models import LIVE, Photo, PlannerCall, Step, Turn
from inference.photos import quota

NO_ANSWER = "No question about a photo has been answered in this conversation yet."
SHOWN = 80  # characters of an earlier question
A_MINUTE = timedelta(minutes=1)


def last_answer(question: Question) -> str:
    """The latest answer of this conversation: what it took, where, and why there."""
    steps = _last_steps(question)
    if not steps:
        return NO_ANSWER
    receipts = [step.receipt for step in steps]
    sentences = [_time(receipts)]
    if question.mentions("why|where|which|how come|route"):
        sentences += [str(receipt["reason"]) for receipt in receipts[:1] if receipt.get("reason")]
    if question.mentions("models?"):
        models = dict.fromkeys(str(receipt.get("answered_by") or "a model of this server") for receipt in receipts)
        sentences.append(f"It was answered by {list_text(list(models))}.")
    if question.mentions("photos?|pictures?|images?|private|leave|left"):
        sentences.append(_whereabouts(receipts))
    return " ".join(sentences)


def last_bytes(question: Question) -> str:
    """What the latest answer of this conversation sent, against its photos themselves, each counted once."""
    steps = _last_steps(question)
    if not steps:
        return NO_ANSWER
    photos = {str(step.receipt.get("photo")): int(step.receipt["bytes"]["photo"]) for step in steps}
    return _saving(sum(_sent(step.receipt) for step in steps), sum(photos.values()), "The last answer")


def savings(question: Question) -> str:
    return _savings_in(question.span(), question)


def cost(question: Question) -> str:
    """What a span of time cost: bytes over links, training, the planning model, energy."""
    span = question.span("today")
    return f"{span.words}: {_work(question, span)}. {_planning(question, span)} Energy: {_energy(span, question.nodes)}."


def energy(question: Question) -> str:
    """Of a span of time. What one question costs is not measured."""
    span = question.span("today")
    return f"{span.words}: energy {_energy(span, question.nodes)}."


def questions(question: Question) -> str:
    if question.mentions("last|previous|before|earlier") and not question.mentions(
        "how many|last (?:\\d+ )?(?:night|hour|day|week|month)s?"
    ):
        return _previous(question)
    span = question.span("today") if not question.mentions("ever|so far|in total|total") else question.span()
    rows = _within(Turn.objects.filter(owner=question.person), span)
    states = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    live = sum(states.pop(state, 0) for state in LIVE)
    parts = [f"{count} {state}" for state, count in sorted(states.items())] + (
        [f"{live} not answered yet, this one included"] if live else []
    )
    total = live + sum(states.values())
    return f"{span.words}: you asked {count_text(total, 'question')}{f' ({list_text(parts)})' if parts else ''}."


def times(question: Question) -> str:
    """How long answers take, by their receipts."""
    span = question.span()
    totals = [ms for ms in _steps(question, span).values_list("receipt__actual_ms__total", flat=True) if ms is not None]
    if not totals:
        return f"{span.words}: none of your questions about a photo was answered."
    middle, count = time_text(median(totals)), count_text(len(totals), "answer")
    return f"{span.words}: {count} about photos, with a median of {middle}; the slowest took {time_text(max(totals))}."


def planner(question: Question) -> str:
    model = settings.PLANNER["model"]
    who = (
        f"Questions are planned by {model}; photos are never sent to it."
        if model
        else "Questions are planned offline, on this server."
    )
    return f"{who} {_planning(question, question.span('today'))}" if model else who


def storage(question: Question) -> str:
    used, photos = quota.of(question.person), Photo.visible.filter(owner=question.person).count()
    size = f"{used.used / quota.MB:,.1f} MB of {used.limit / quota.MB:,.0f} MB"
    return f"You have {count_text(photos, 'photo')}; those on the server use {size}."


def _last_steps(question: Question) -> list[Step]:
    """The answered steps of the newest turn of this person's conversation that has any."""
    own = Step.objects.filter(turn__owner=question.person, turn__conversation=question.conversation)
    answered = own.filter(state="answered", receipt__bytes__isnull=False)
    last = answered.order_by("-turn__created", "number").first()
    return list(answered.filter(turn=last.turn_id).select_related("turn")) if last else []


def _time(receipts: list[dict[str, Any]]) -> str:
    names = {
        "device": "on {device}",
        "uplink": "on the link",
        "edge": "on {edge}",
        "queue": "waiting",
        "overhead": "of overhead",
    }
    parts = []
    for part, words in names.items():
        ms = sum(receipt["actual_ms"][part] for receipt in receipts if receipt["actual_ms"])
        parts += [f"{time_text(ms)} {words.format(**receipts[-1])}"] if ms >= 1 else []
    total = sum(receipt["actual_ms"]["total"] for receipt in receipts if receipt["actual_ms"])
    many = "The last answer" if len(receipts) == 1 else f"The {len(receipts)} steps of the last answer"
    return f"{many} took {time_text(total)}{f': {list_text(parts)}' if parts else ''}."


def _whereabouts(receipts: list[dict[str, Any]]) -> str:
    if sent := [receipt for receipt in receipts if receipt["photo_left_device"]]:
        return f"The photo was sent to {sent[0]['edge']}."
    copy = " The server keeps your upload." if receipts[0].get("on_server") else ""
    return f"The photo was not sent over the link of {receipts[0]['device']}.{copy}"


def _sent(receipt: Mapping[str, Any]) -> int:
    """Also what failed attempts sent in vain."""
    return int(receipt["bytes"]["uplink"]) + sum(
        int(failure.get("bytes", 0)) for failure in receipt.get("fell_back_from") or []
    )


def _saving(sent: int, photos: int, who: str) -> str:
    if sent >= photos:
        return f"{who} saved no bytes: {bytes_text(sent)} were sent, and the photo has {bytes_text(photos)}."
    ratio = photos / sent if sent else 0
    fewer = f", {ratio:,.{0 if ratio >= 10 else 1}f}× fewer" if ratio > 1.05 else ""
    return f"{who} saved {photos - sent:,} bytes: {bytes_text(sent)} were sent instead of {bytes_text(photos)}{fewer}."


def _savings_in(span: Span, question: Question) -> str:
    fields = "turn", "receipt__photo", "receipt__bytes", "receipt__fell_back_from"
    sent, photos = 0, dict[tuple[object, object], int]()
    for turn, photo, counts, failures in _steps(question, span).values_list(*fields).iterator():
        sent += _sent({"bytes": counts, "fell_back_from": failures})
        photos[turn, photo] = int(counts["photo"])
    if not photos:
        return f"{span.words}: none of your questions about a photo was answered."
    turns = count_text(len({turn for turn, _ in photos}), "question")
    return _saving(sent, sum(photos.values()), f"{span.words}: your {turns} about photos")


def _steps(question: Question, span: Span) -> QuerySet[Step]:
    rows = Step.objects.filter(turn__owner=question.person, state="answered", receipt__bytes__isnull=False)
    return rows.filter(turn__created__lt=span.end, **({"turn__created__gte": span.start} if span.start else {}))


def _within(rows: QuerySet[Any], span: Span) -> QuerySet[Any]:
    return rows.filter(Q(created__gte=span.start) if span.start else Q(), created__lt=span.end)


def _work(question: Question, span: Span) -> str:
    counts = _steps(question, span).values_list("turn", "receipt__bytes__uplink")
    count = _within(Turn.objects.filter(owner=question.person), span).count()
    questions = (
        f"{count_text(count, 'question')} of yours ({bytes_text(sum(sent or 0 for _, sent in counts))} sent for answers)"
    )
    effort = run_source.source().effort(question.person, span.start, span.end)
    if not effort.rounds:
        return f"{questions} and no training"
    figures = f"{bytes_text(effort.bytes)} sent, {span_text(effort.seconds)}"
    return f"{questions} and {count_text(effort.rounds, 'round')} of training ({figures})"


def _planning(question: Question, span: Span) -> str:
    """Administrators may see what everybody's planning cost, as on the Planner page."""
    calls = _within(PlannerCall.objects.all(), span)
    own, everybody = planner_usage.summary(calls.filter(owner=question.person)), planner_usage.summary(calls)
    if not (settings.PLANNER["price_in"] or settings.PLANNER["price_out"] or everybody["cost"]):
        return "Planning has no price set." if own["n"] else "Planning cost nothing."
    admin = get_user_model().objects.filter(pk=question.person, is_staff=True).exists()
    rest = f" ({everybody['cost']:.4f} for everybody)" if admin and everybody["n"] > own["n"] else ""
    return f"Planning cost {own['cost']:.4f} in {count_text(int(own['n']), 'call')}{rest}."


def _energy(span: Span, nodes: Sequence[Node]) -> str:
    """What no board measures is not available, never zero."""
    oldest = timezone.now() - history.MEANS_FOR
    start = span.start or oldest
    slugs = {node.slug for node in nodes or Node.objects.filter(revoked_at=None)}
    energies = {slug: wh for slug, wh in history.energy_wh(start, span.end).items() if slug in slugs}
    if not energies:
        who = f"{list_text(sorted(slugs))} measured no power" if nodes else "no device measured its power"
        return f"not available, because {who} then"
    part = "" if span.start and start >= oldest - A_MINUTE else f" since {moment_text(oldest)}"
    return f"{sum(energies.values()):.1f} Wh{part} by the sensors of {list_text(list(energies))}, for everybody's work"


def _previous(question: Question) -> str:
    own = Turn.objects.filter(owner=question.person, conversation=question.conversation).exclude(state__in=LIVE)
    turn = own.order_by("-created").first()
    if turn is None:
        return "There is no earlier question in this conversation."
    words = turn.question if len(turn.question) <= SHOWN else f"{turn.question[:SHOWN].rstrip()} …"
    return f"Your question before this one was “{words}”, on {moment_text(turn.created)}; it was {turn.state}."
