"""What of the chat is limited for each person: bytes of photos, questions at once."""

from inference.photos import quota
from inference.scheduling import limits
from webapp.accounts.models import User
from webapp.accounts.usage import Usage


def photos(person: User) -> Usage:
    storage = quota.of(person.pk)
    text = f"{storage.used / quota.MB:,.1f} MB of {storage.limit / quota.MB:,.0f} MB"
    return Usage("Photos on the server", storage.used, storage.limit, text)


def questions(person: User) -> Usage:
    live, limit = limits.live(person.pk), limits.limit_of(person.pk)
    return Usage("Questions waiting or running", live, limit, f"{live} of {limit}")
