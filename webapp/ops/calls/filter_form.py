"""The filters of the log, as its page has them in its address."""

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext_lazy

from inference.calls.log import Filters
from inference.calls.tables import BATCH, LOOKS, PLANNER, QUESTION, WATCH
from inference.planning.plan import TRAIN
from webapp import page_data

PERIODS = {
    "7": gettext_lazy("the last 7 days"),
    "1": gettext_lazy("today"),
    "30": gettext_lazy("the last 30 days"),
    "all": gettext_lazy("everything"),
}
DEFAULT_PERIOD = next(iter(PERIODS))
ANY = ("", gettext_lazy("any"))
ORIGINS = {
    QUESTION: gettext_lazy("a question"),
    BATCH: gettext_lazy("a batch"),
    PLANNER: gettext_lazy("the planner"),
    WATCH: gettext_lazy("a watch"),
    LOOKS: gettext_lazy("looks of a watch, by the hour"),
}
OF_PLANNER = {"plan": gettext_lazy("planning"), "answer": gettext_lazy("wording the answer")}
OUTCOMES = {"ok": gettext_lazy("answered"), "failed": gettext_lazy("failed")}
CACHED = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}
TEXTS = ("person", "token", "origin", "task", "model", "route", "node", "outcome", "rating")  # among the filters
RATINGS = {"up": pgettext_lazy("a rating", "good"), "down": pgettext_lazy("a rating", "bad")}


def labels(kind: str) -> list[tuple[str, str]]:
    rows: Any = page_data.labels()[kind]
    return [(row["name"], row["label"]) for row in rows]


def task_labels() -> list[tuple[str, Any]]:
    """Of everything that a model is called for."""
    return [*((name, label) for name, label in labels("tasks") if name != TRAIN), *OF_PLANNER.items()]


class FilterForm(forms.Form):
    """Each may be missing; one that cannot be read is left out, and the form says so."""

    period = forms.ChoiceField(choices=[*PERIODS.items()], label=gettext_lazy("Period"), required=False)
    day = forms.DateField(
        label=gettext_lazy("Or one day"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    person = forms.CharField(label=gettext_lazy("Person"), required=False, max_length=150)
    token = forms.CharField(label=gettext_lazy("Token"), required=False, max_length=60)
    origin = forms.ChoiceField(choices=[ANY, *ORIGINS.items()], label=gettext_lazy("Asked by"), required=False)
    task = forms.ChoiceField(choices=lambda: [ANY, *task_labels()], label=gettext_lazy("Task"), required=False)
    model = forms.CharField(label=gettext_lazy("Model"), required=False, max_length=100)
    route = forms.ChoiceField(choices=lambda: [ANY, *labels("routes")], label=gettext_lazy("Route"), required=False)
    node = forms.CharField(label=gettext_lazy("Node"), required=False, max_length=40)
    outcome = forms.ChoiceField(choices=[ANY, *OUTCOMES.items()], label=gettext_lazy("Outcome"), required=False)
    cached = forms.ChoiceField(choices=[ANY, *CACHED.items()], label=gettext_lazy("Answered before"), required=False)
    rating = forms.ChoiceField(choices=[ANY, *RATINGS.items()], label=gettext_lazy("Rating"), required=False)

    def __init__(self, *args: Any, everybody: bool, **named: Any) -> None:
        super().__init__(*args, **named)
        if not everybody:
            del self.fields["person"]

    def filters(self) -> Filters:
        values = self.cleaned_data if self.is_bound and (self.is_valid() or self.cleaned_data) else {}
        texts = {name: values.get(name, "") for name in TEXTS}
        cached = {"yes": True, "no": False}.get(values.get("cached", ""))
        since, until = _span(values.get("period") or DEFAULT_PERIOD, values.get("day"))
        return Filters(**texts, cached=cached, since=since, until=until)

    def shown_day(self) -> date:
        """The day that is drawn by the hour: today where none is chosen."""
        return (self.is_bound and self.is_valid() and self.cleaned_data["day"]) or timezone.localdate()

    def query(self, **other: object) -> str:
        """These filters for an address, some of them changed."""
        own = {name: value for name, value in self.data.items() if value and name in self.fields}
        return urlencode({name: value for name, value in {**own, **other}.items() if value})


def start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _span(period: str, day: date | None) -> tuple[datetime | None, datetime | None]:
    if day is not None:
        return start_of(day), start_of(day) + timedelta(days=1)
    first = timezone.localdate() - timedelta(days=int(period) - 1) if period != "all" else None
    return (start_of(first) if first else None, None)
