"""How much a person and each of their tokens have used of what they may, and what happens where that is all.

A day and a month are those of the server's clock (UTC). Sums are stored by day as they grow (DayUse), so that neither a deleted
conversation nor the retention of the log gives anything back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from inference.calls import sums
from inference.calls.measures import MEASURES, Measure
from inference.calls.tables import Allowance, DayUse
from webapp.accounts import audit
from webapp.accounts.models import ApiToken, User
from webapp.languages import lazy_number
from webapp.live.errors import UserError
from webapp.notices.tell import Event, tell

MOST = 1e15  # also keeps out what is no number
NEAR = 0.8  # of an allowance: then person and administrators are told
ANY_SET, ANY_SET_S = "allowances.any_set", 1.0  # what is remembered of the table, and for how long: a process reads it often
REMEDY = "Ask again after midnight UTC, or ask an administrator for more."


@dataclass(frozen=True)
class Standing:
    """`most`: in the measure's unit; None where nothing limits it. `token`: whose it is; None: the person's, of all tokens."""

    measure: Measure
    used: float
    most: float | None
    token: int | None = None

    @property
    def digits(self) -> str:
        """For the filter `floatformat`."""
        return f"{self.measure.decimals}g"

    @property
    def high(self) -> float:
        """From where little is left."""
        return NEAR * (self.most or 0.0)

    @property
    def is_near(self) -> bool:
        return self.most is not None and self.used >= self.high

    def has_room(self, wanted: float = 0.0) -> bool:
        """Whether `wanted` fits; without it, whether anything is left."""
        return self.most is None or (self.used + wanted <= self.most if wanted else self.used < self.most)


def token_of(owner: AbstractBaseUser) -> int | None:
    """Primary key of the personal token with which somebody asks; None for pages and the shell."""
    token: ApiToken | None = getattr(owner, "token", None)
    return token.pk if token else None


def of_person(person: int) -> list[Standing]:
    """With the defaults where the person has no allowance of their own."""
    most = _with_defaults(own(person))
    return _standings(person, [(measure, None, most[measure.name]) for measure in MEASURES])


def of_token(person: int, token: int) -> list[Standing]:
    most = own(person, token)
    return _standings(person, [(measure, token, most.get(measure.name, 0.0)) for measure in MEASURES])


def limiting(person: int, token: int | None) -> list[Standing]:
    """What limits the person and the token, and nothing else: no query where nothing does and nobody has an allowance."""
    set_here: dict[int | None, dict[str, float]] = {None: {}, token: {}}
    if _anybody_has_one():
        rows = Allowance.objects.filter(Q(token=None) | Q(token=token), person=person)
        for holder, name, value in rows.values_list("token", "measure", "most"):
            set_here[holder][name] = value
    set_here[None] = _with_defaults(set_here[None])
    wanted = [(m, holder, most[m.name]) for holder, most in set_here.items() for m in MEASURES if most.get(m.name)]
    return _standings(person, wanted)


def admit(person: int, token: int | None, questions: int = 1) -> None:
    """Count questions that are about to be asked. Raises UserError where person or token may not ask them.

    Within the transaction that stores them, after inference.scheduling.limits.lock: neither is wrong then when several ask at
    once.
    """
    assert transaction.get_connection().in_atomic_block, "the count must hold until the questions are stored"
    limits = limiting(person, token)
    _check(limits, questions)
    _count(person, token, {"questions": questions})
    of_questions = [standing for standing in limits if standing.measure.field == "questions"]
    _warn(person, [replace(standing, used=standing.used + questions) for standing in of_questions])


def planner_has_room(person: int, token: int | None) -> bool:
    """Whether the planning model may be asked; otherwise questions are planned offline."""
    return all(standing.has_room() for standing in limiting(person, token) if not standing.measure.refusal)


def add(person: int, token: int | None, **amounts: float) -> None:
    """Add to fields of today's sums, and say so where little is left. What fails is undone with the caller's transaction."""
    amounts = {field: amount for field, amount in amounts.items() if amount}
    if not amounts:
        return
    with transaction.atomic(savepoint=False):
        _count(person, token, amounts)
        _warn(person, [standing for standing in limiting(person, token) if standing.measure.field in amounts])


def own(person: int, token: int | None = None) -> dict[str, float]:
    """By measure, what was set for a person or a token."""
    return dict(Allowance.objects.filter(person=person, token=token).values_list("measure", "most"))


def change(person: User, token: ApiToken | None, most: Mapping[str, float | None]) -> bool:
    """Set allowances by measure; None: the default of a person, no limit of a token. Whether anything changed.

    Raises UserError for a measure that does not exist and an amount that is none."""
    for name, value in most.items():
        _check_amount(name, value)
    present = own(person.pk, token.pk if token else None)
    changes = {name: value for name, value in most.items() if present.get(name) != value}
    with transaction.atomic():
        for name, value in changes.items():
            rows = Allowance.objects.filter(person=person, token=token, measure=name)
            if value is None:
                rows.delete()
            elif not rows.update(most=value):
                Allowance.objects.create(person=person, token=token, measure=name, most=value)
        cache.delete(ANY_SET)  # for the rest of this transaction
        transaction.on_commit(lambda: cache.delete(ANY_SET))
        if changes:
            subject = f"token:{person}/{token.name}" if token else f"user:{person}"
            words = [f"{name} {'default' if value is None else f'{value:g}'}" for name, value in changes.items()]
            audit.record(None, "allowances changed", subject, ", ".join(words))
    return bool(changes)


def _check_amount(name: str, value: float | None) -> None:
    if name not in (names := [measure.name for measure in MEASURES]):
        raise UserError("unknown_measure", f"There is no measure “{name[:40]}”.", f"Use one of {', '.join(names)}.", 422)
    if value is not None and not 0 <= value <= MOST:
        raise UserError("bad_amount", "An allowance is a number from 0 on.", "Use 0 for no limit.", 422)


def _anybody_has_one() -> bool:
    """True for what was set here at once, and in another process within a second."""
    return bool(cache.get_or_set(ANY_SET, Allowance.objects.exists, ANY_SET_S))


def _with_defaults(of_person: Mapping[str, float]) -> dict[str, float]:
    return {measure.name: of_person.get(measure.name, measure.default) for measure in MEASURES}


def _standings(person: int, limits: Sequence[tuple[Measure, int | None, float]]) -> list[Standing]:
    """Of measures, each of a token or of the person, with what limits it. One query, or none."""
    if not limits:
        return []
    today = timezone.localdate()
    first = {measure: today.replace(day=1) if measure.monthly else today for measure, _, _ in limits}
    use = {}
    for number, (measure, token, _) in enumerate(limits):
        of_token = Q() if token is None else Q(token=token)
        use[f"use_{number}"] = Sum(measure.field, filter=Q(day__gte=first[measure]) & of_token)
    used = DayUse.objects.filter(person=person, day__gte=min(first.values()), day__lte=today).aggregate(**use)
    return [
        Standing(measure, (used[f"use_{number}"] or 0) / measure.per, most or None, token)
        for number, (measure, token, most) in enumerate(limits)
    ]


def _count(person: int, token: int | None, amounts: Mapping[str, float]) -> None:
    sums.grow(DayUse, {"person_id": person, "day": timezone.localdate(), "token": token or 0}, amounts)


def _check(standings: Collection[Standing], questions: int) -> None:
    for standing in standings:
        measure, token = standing.measure, standing.token
        wanted = questions if measure.field == "questions" else 0
        if not measure.refusal or standing.has_room(wanted):
            continue
        values: dict[str, object] = {
            "limit": lazy_number(standing.most, 0 if float(standing.most or 0).is_integer() else measure.decimals),
            "used": lazy_number(standing.used, measure.decimals),
        }
        sentence = measure.refusal
        if token is not None:
            sentence = measure.refusal_of_token
            values["token"] = _name_of(token)
        raise UserError("allowance_used", sentence, REMEDY, 429, values)


def _warn(person: int, standings: Collection[Standing]) -> None:
    """Each is told once in its period."""
    near = [standing for standing in standings if standing.is_near]
    if not near:
        return
    row = User.objects.get(pk=person)
    for standing in near:
        measure, name = standing.measure, row.get_username()
        holder = name if standing.token is None else f"{name}/{_name_of(standing.token)}"
        values = {
            "measure": measure.label,
            "holder": holder,
            "used": f"{standing.used:,.{measure.decimals}f}",
            "limit": f"{standing.most:,g}",
        }
        key = f"{measure.name}:{person}:{standing.token or 0}:{_period(measure, timezone.localdate())}"
        tell(Event("allowance.low", values, holder, "/account/", person=row, key=f"allowance.low:{key}"))
        tell(Event("allowance.of_others_low", values, holder, f"/allowances/{person}/", key=f"allowance.of_others_low:{key}"))


def _period(measure: Measure, day: date) -> str:
    return f"{day:%Y-%m}" if measure.monthly else day.isoformat()


def _name_of(token: int) -> str:
    return str(ApiToken.objects.filter(pk=token).values_list("name", flat=True).first() or token)
