"""What is limited for each person: bytes of photos, questions at once, and what their allowances say."""

from django.utils.translation import gettext

from inference.calls import allowances
from inference.calls.allowances import Standing
from inference.photos import quota
from inference.scheduling import limits
from webapp import languages
from webapp.accounts.models import User
from webapp.accounts.usage import Usage


def photos(person: User) -> list[Usage]:
    storage = quota.of(person.pk)
    values = {"used": languages.number(storage.used / quota.MB, 1), "limit": languages.number(storage.limit / quota.MB, 0)}
    text = gettext("%(used)s MB of %(limit)s MB") % values
    return [Usage(gettext("Photos on the server"), storage.used, storage.limit, text)]


def questions(person: User) -> list[Usage]:
    live, limit = limits.live(person.pk), limits.limit_of(person.pk)
    text = gettext("%(live)s of %(limit)s") % {"live": live, "limit": limit}
    return [Usage(gettext("Questions waiting or running"), live, limit, text)]


def allowed(person: User) -> list[Usage]:
    """Only what something limits; that of a token with the token's name."""
    rows = [_of_allowance(standing) for standing in allowances.of_person(person.pk) if standing.most]
    for token in person.api_tokens.filter(allowances__isnull=False).distinct():
        rows += [_of_allowance(row, token.name) for row in allowances.of_token(person.pk, token.pk) if row.most]
    return rows


def _of_allowance(standing: Standing, token: str = "") -> Usage:
    measure, most = standing.measure, standing.most or 0.0
    label = gettext(measure.label)
    if token:
        label = gettext("%(measure)s, token “%(token)s”") % {"measure": label, "token": token}
    used, limit = (languages.number(value, measure.decimals) for value in (standing.used, most))
    return Usage(label, standing.used, most, gettext("%(used)s of %(limit)s") % {"used": used, "limit": limit})
