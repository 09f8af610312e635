"""What a person, or one of their tokens, may use only so much of. A new measure is one value in MEASURES."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_noop

MB = 1_000_000


@dataclass(frozen=True)
class Measure:
    """`field`: of DayUse. Sentences have placeholders `%(limit)s` and `%(used)s`, and those of a token `%(token)s`."""

    name: str  # stored and sent; never change it
    label: str
    field: str
    monthly: bool
    decimals: int
    per: int = 1  # of the field's unit in one of the measure's
    # What a question is refused with; without one, questions are planned offline instead.
    refusal: str = ""
    refusal_of_token: str = ""

    @property
    def default(self) -> float:
        """Of everybody without an allowance of their own; 0: no limit."""
        return float(settings.ALLOWANCES[self.name])


MEASURES: list[Measure] = [
    Measure(
        "questions",
        gettext_noop("Questions a day"),
        "questions",
        monthly=False,
        decimals=0,
        refusal=gettext_noop("Your allowance of questions does not suffice: %(used)s of %(limit)s are used today."),
        refusal_of_token=gettext_noop(
            "The allowance of the token “%(token)s” does not suffice: %(used)s of %(limit)s questions are used today."
        ),
    ),
    Measure(
        "link_mb",
        gettext_noop("MB over the links a day"),
        "link_bytes",
        monthly=False,
        decimals=1,
        per=MB,
        refusal=gettext_noop("Your allowance over the links is used up: %(used)s of %(limit)s MB today."),
        refusal_of_token=gettext_noop(
            "The allowance of the token “%(token)s” over the links is used up: %(used)s of %(limit)s MB today."
        ),
    ),
    Measure("planner_tokens", gettext_noop("Planner tokens a month"), "planner_tokens", monthly=True, decimals=0),
    Measure("planner_cost", gettext_noop("Planner cost a month"), "planner_cost", monthly=True, decimals=2),
]


def named(name: str) -> Measure:
    """Raises KeyError."""
    for measure in MEASURES:
        if measure.name == name:
            return measure
    raise KeyError(name)
