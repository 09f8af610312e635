"""Counts wrong secrets, so that nobody can try many: enrolment codes, the setup token, tokens of the API, logins.

Each web process counts for itself, in memory: a flood of guesses costs no database write.
"""

from django.core.cache import cache

from webapp.gate import peers
from webapp.live.errors import UserError


class Guesses:
    """At most `most` wrong guesses within `seconds` for each key. A key is mostly an address, IPv6 by its /64.

    Neither `name` nor key has spaces, which no key of a cache may have.
    """

    def __init__(self, name: str, most: int, seconds: int) -> None:
        self.name, self.most, self.seconds = name, most, seconds

    def exhausted(self, key: str) -> bool:
        return int(cache.get(self._key(key), 0)) >= self.most

    def wrong(self, key: str) -> None:
        """Count one more; the time starts with the first."""
        name = self._key(key)
        cache.add(name, 0, self.seconds)
        try:
            cache.incr(name)
        except ValueError:  # it expired between the two
            cache.add(name, 1, self.seconds)

    def _key(self, key: str) -> str:
        return f"guesses:{self.name}:{key}"


def by_address(address: str) -> str:
    return peers.group(address)


def too_many(sentence: str, seconds: int) -> UserError:
    return UserError("too_many_guesses", sentence, "Wait %(minutes)s minutes, then try again.", 429, {"minutes": seconds // 60})
