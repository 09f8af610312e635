"""What of the chat is limited for each person: bytes of photos, questions at once."""

from django.utils.translation import gettext

from inference.photos import quota
from inference.scheduling import limits
from webapp import languages
from webapp.accounts.models import User
from webapp.accounts.usage import Usage


def photos(person: User) -> Usage:
    storage = quota.of(person.pk)
    values = {"used": languages.number(storage.used / quota.MB, 1), "limit": languages.number(storage.limit / quota.MB, 0)}
    text = gettext("%(used)s MB of %(limit)s MB") % values
    return Usage(gettext("Photos on the server"), storage.used, storage.limit, text)


def questions(person: User) -> Usage:
    live, limit = limits.live(person.pk), limits.limit_of(person.pk)
    return Usage(
        gettext("Questions waiting or running"), live, limit, gettext("%(live)s of %(limit)s") % {"live": live, "limit": limit}
    )
