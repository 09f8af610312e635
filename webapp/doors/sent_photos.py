"""Photos that come as base64 within a request, and the same photo sent again.

Programs repeat a whole conversation with every request, photos included. What the same person sent lately is recognised by
its bytes, so that it is neither stored nor counted twice. The memory of it is in Redis, keyed with this server's secret.
"""

import base64
import binascii
import logging
from uuid import UUID

import redis
from django.conf import settings
from django.utils.crypto import salted_hmac

from inference.models import Photo
from inference.photos import store
from webapp.accounts.models import User
from webapp.live.errors import UserError
from webapp.redis_access import connections

log = logging.getLogger(__name__)
REMEMBER_S = 7 * 24 * 3600
WHITESPACE = str.maketrans("", "", " \t\r\n")
NOT_BASE64 = UserError("not_base64", "The photo is not valid base64.", "Encode the bytes of the file as standard base64.", 400)


def decoded(text: str) -> bytes:
    """Line breaks are allowed, as some encoders make them. Raises UserError."""
    try:
        data = base64.b64decode(text.translate(WHITESPACE), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NOT_BASE64 from error
    if not data:
        raise NOT_BASE64
    return data


class SentPhotos:
    """The photos of one request of one person."""

    def __init__(self, person: User) -> None:
        self.person = person
        self._new: list[Photo] = []

    def recalled(self, data: bytes) -> UUID | None:
        """The photo that these bytes became, unless it was deleted."""
        try:
            with _client() as client:
                pk = client.get(self._key(data))
        except redis.RedisError as error:
            log.warning("sent photos are not recognised: %s", error)
            return None
        known = Photo.visible.filter(pk=pk.decode(), owner=self.person).first() if isinstance(pk, bytes) else None
        return known.pk if known else None

    def stored(self, data: bytes) -> Photo:
        """Raises UserError as every upload does."""
        if (known := self.recalled(data)) and (photo := Photo.visible.filter(pk=known).first()):
            return photo
        photo = store.store(self.person, [data])
        self._new.append(photo)
        try:
            with _client() as client:
                client.set(self._key(data), str(photo.pk), ex=REMEMBER_S)
        except redis.RedisError as error:
            log.warning("a sent photo will not be recognised: %s", error)
        return photo

    def undo(self) -> None:
        """Delete what was stored for a question that was then refused."""
        for photo in self._new:
            if not (photo.turn_set.exists() or photo.question_photos.exists()):
                store.forget(photo)
        self._new.clear()

    def _key(self, data: bytes) -> str:
        return f"doors:photo:{self.person.pk}:{salted_hmac('doors.photo', data, algorithm='sha256').hexdigest()}"


def _client() -> "redis.Redis":
    return connections.connect(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
