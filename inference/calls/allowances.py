"""How much a person and each of their tokens have used of what they may, and what happens where that is all.

A day and a month are those of the server's clock (UTC). Sums are stored by day as they grow (DayUse), so that neither a deleted
conversation nor the retention of the log gives anything back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from inference.calls.measures import MEASURES, Measure
from inference.calls.tables import Allowance, DayUse
from webapp.accounts import audit
from webapp.accounts.models import ApiToken, User
from webapp.languages import lazy_number
from webapp.live.errors import UserError
from webapp.notices.tell import Event, tell

MOST = 1e15  # also keeps out what is no number
NEAR = 0.8  # of an allowance: then person and administrators are told
REMEDY = "Ask again after midnight UTC, or ask an administrator for more."


@dataclass(frozen=True)
class Standing:
    """`most`: in the measure's unit; None where nothing limits it."""

    measure: Measure
    used: float
    most: float | None

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
    set_here = own(person)
    return _standings(DayUse.objects.filter(person=person), {m.name: set_here.get(m.name, m.default) for m in MEASURES})


def of_token(person: int, token: int) -> list[Standing]:
    return _standings(DayUse.objects.filter(person=person, token=token), own(person, token))


def admit(person: int, token: int | None, questions: int = 1) -> None:
    """Count questions that are about to be asked. Raises UserError where person or token may not ask them.

    Within the transaction that stores them, after inference.scheduling.limits.lock: neither is wrong then when several ask at
    once.
    """
    assert transaction.get_connection().in_atomic_block, "the count must hold until the questions are stored"
    _check(of_person(person), questions)
    if token is not None:
        _check(of_token(person, token), questions, token)
    add(person, token, questions=questions)


def planner_has_room(person: int, token: int | None) -> bool:
    """Whether the planning model may be asked; otherwise questions are planned offline."""
    standings = [*of_person(person), *(of_token(person, token) if token is not None else [])]
    return all(standing.has_room() for standing in standings if not standing.measure.refusal)


def add(person: int, token: int | None, **amounts: float) -> None:
    """Add to fields of today's sums, and say so where little is left."""
    amounts = {field: amount for field, amount in amounts.items() if amount}
    if not amounts:
        return
    with transaction.atomic():
        row, _ = DayUse.objects.get_or_create(person_id=person, day=timezone.localdate(), token=token or 0)
        DayUse.objects.filter(pk=row.pk).update(**{field: F(field) + amount for field, amount in amounts.items()})
        _warn(person, token, of_person(person), amounts)
        if token is not None:
            _warn(person, token, of_token(person, token), amounts, of_token_alone=True)


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


def _standings(rows: QuerySet[DayUse], most: Mapping[str, float]) -> list[Standing]:
    today = timezone.localdate()
    month = rows.filter(day__gte=today.replace(day=1), day__lte=today)
    sums = {f"sum_{m.name}": Sum(m.field, filter=None if m.monthly else Q(day=today)) for m in MEASURES}
    used = month.aggregate(**sums)
    return [Standing(m, (used[f"sum_{m.name}"] or 0) / m.per, most.get(m.name) or None) for m in MEASURES]


def _check(standings: list[Standing], questions: int, token: int | None = None) -> None:
    for standing in standings:
        measure = standing.measure
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
            values["token"] = ApiToken.objects.filter(pk=token).values_list("name", flat=True).first() or token
        raise UserError("allowance_used", sentence, REMEDY, 429, values)


def _warn(
    person: int, token: int | None, standings: list[Standing], grown: Mapping[str, float], of_token_alone: bool = False
) -> None:
    """Each is told once in its period."""
    near = [standing for standing in standings if standing.measure.field in grown and standing.is_near]
    if not near:
        return
    row = User.objects.get(pk=person)
    holder = row.get_username()
    if of_token_alone:
        holder = f"{holder}/{ApiToken.objects.filter(pk=token).values_list('name', flat=True).first() or token}"
    for standing in near:
        measure = standing.measure
        values = {
            "measure": measure.label,
            "holder": holder,
            "used": f"{standing.used:,.{measure.decimals}f}",
            "limit": f"{standing.most:,g}",
        }
        key = f"{measure.name}:{person}:{token if of_token_alone else 0}:{_period(measure, timezone.localdate())}"
        tell(Event("allowance.low", values, holder, "/account/", person=row, key=f"allowance.low:{key}"))
        tell(Event("allowance.of_others_low", values, holder, f"/allowances/{person}/", key=f"allowance.of_others_low:{key}"))


def _period(measure: Measure, day: date) -> str:
    return f"{day:%Y-%m}" if measure.monthly else day.isoformat()
