"""What a person has chosen: which kinds by which channels, how often, and when not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext_lazy

from webapp.accounts.models import User
from webapp.live.errors import UserError
from webapp.notices import kinds
from webapp.notices.kinds import Kind
from webapp.notices.models import Preferences, Rule
from webapp.ops import notifications
from webapp.ops.notifications.channel import Channel

COOL_DOWNS = {
    0: gettext_lazy("every one"),
    600: gettext_lazy("at most one in 10 minutes"),
    3600: gettext_lazy("at most one an hour"),
    86400: gettext_lazy("at most one a day"),
}
BAD_COOL_DOWN = UserError("bad_cool_down", "This is no choice of how often.", "Reload the page and choose again.", 422)
BAD_ZONE = UserError("bad_time_zone", "There is no such time zone.", "Choose one from the list.", 422)
BAD_HOURS = UserError("bad_quiet_hours", "Quiet hours need a beginning and an end.", "Set both times, or neither.", 422)


@dataclass(frozen=True)
class Choice:
    """A channel in the row of a kind. `field` is its name in the form."""

    field: str
    channel: Channel
    chosen: bool


@dataclass(frozen=True)
class Row:
    kind: Kind
    choices: list[Choice]
    cool_down_s: int


def personal_channels() -> list[Channel]:
    return [channel for channel in notifications.CHANNELS if channel.personal]


def offered(person: User) -> list[Kind]:
    """The kinds that may concern them."""
    return [kind for kind in kinds.KINDS if kind.audience == "person" or person.is_staff]


def rows(person: User) -> list[Row]:
    stored = {rule.kind: rule for rule in Rule.objects.filter(person=person)}
    made = []
    for kind in offered(person):
        rule = stored.get(kind.name) or Rule(channels=list(kind.channels))
        choices = [
            Choice(f"{kind.name}:{channel.name}", channel, channel.name in rule.channels) for channel in personal_channels()
        ]
        made.append(Row(kind, choices, rule.cool_down_s))
    return made


def save_rules(person: User, form: Mapping[str, str]) -> None:
    """A form as `rows` describes it; a box that is missing is not ticked. All of it or nothing. Raises UserError."""
    chosen = {kind.name: _cool_down(form.get(f"{kind.name}:cool_down", "0")) for kind in offered(person)}
    with transaction.atomic():
        for name, cool_down_s in chosen.items():
            channels = [channel.name for channel in personal_channels() if f"{name}:{channel.name}" in form]
            values = {"channels": channels, "cool_down_s": cool_down_s}
            Rule.objects.update_or_create(person=person, kind=name, defaults=values)


def save_hours(person: User, zone: str, start: str, end: str) -> None:
    """Times as browsers send them, `22:00`; both empty: no quiet hours. Raises UserError."""
    if zone not in available_timezones():
        raise BAD_ZONE
    if bool(start) != bool(end):
        raise BAD_HOURS
    try:
        hours = {
            "quiet_from": time.fromisoformat(start) if start else None,
            "quiet_until": time.fromisoformat(end) if end else None,
        }
    except ValueError as error:
        raise BAD_HOURS from error
    Preferences.objects.update_or_create(person=person, defaults={"time_zone": zone, **hours})


def _cool_down(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 6 or int(text) not in COOL_DOWNS:
        raise BAD_COOL_DOWN
    return int(text)
