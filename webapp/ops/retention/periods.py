"""How long each kind is stored: what an administrator chose, else the environment, else the kind's own default."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from webapp.accounts import audit
from webapp.live.errors import UserError
from webapp.ops.retention.kind import Kind
from webapp.ops.retention.kinds import BY_NAME
from webapp.ops.retention.models import Period

MOST_DAYS = 36_500
BAD_DAYS = gettext_noop("“%(value)s” is no number of days for “%(kind)s”.")


def default(kind: Kind) -> int | None:
    """Days; None for ever."""
    if kind.name in settings.KEEP_DAYS:
        return settings.KEEP_DAYS[kind.name]  # type: ignore[no-any-return]
    return getattr(settings, kind.setting) if kind.setting else kind.days


def chosen() -> dict[str, int | None]:
    """The days of every kind that has any."""
    own = dict(Period.objects.values_list("kind", "days"))
    return {name: own[name] if name in own else default(kind) for name, kind in BY_NAME.items() if kind.fixed is None}


def before(kind: Kind, now: datetime, days: dict[str, int | None]) -> datetime | None:
    """What is older is due; None where nothing ever is."""
    if kind.fixed is not None:
        return now - kind.fixed
    limit = days[kind.name]
    return None if limit is None else now - timedelta(days=limit)


def parsed(kind: Kind, text: str) -> int | None:
    """What a person typed; empty means for ever. Raises UserError."""
    words = text.strip()
    if not words:
        return None
    if not (words.isascii() and words.isdigit() and 1 <= int(words) <= MOST_DAYS):
        values = {"value": words[:20], "kind": gettext(kind.label), "most": MOST_DAYS}
        advice = gettext_noop("Type a whole number from 1 to %(most)s, or leave it empty to keep everything.")
        raise UserError("bad_days", BAD_DAYS, advice, 422, values)
    return int(words)


def change(wanted: dict[str, int | None]) -> list[str]:
    """Store other periods; names that are unknown or fixed are passed over. Returns those that changed."""
    present, changed = chosen(), []
    for name, days in wanted.items():
        if name not in present or present[name] == days:
            continue
        if days == default(BY_NAME[name]):
            Period.objects.filter(kind=name).delete()
        else:
            Period.objects.update_or_create(kind=name, defaults={"days": days})
        audit.record(None, "retention changed", "system:retention", f"{name}: {_words(present[name])} → {_words(days)}")
        changed.append(name)
    return changed


def _words(days: int | None) -> str:
    return "for ever" if days is None else f"{days} days"
