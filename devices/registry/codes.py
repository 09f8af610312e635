"""One-use enrolment codes: eight letters, of which the server stores the first three and a keyed hash."""

import hmac
import re
import secrets
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.crypto import salted_hmac

from devices.models import EnrolCode

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ"  # no letters that are easily confused, read aloud or off a screen
CODE_LETTERS, SELECTOR_LETTERS = 8, 3
CODE_S = 15 * 60


def issue(**fields: Any) -> str:
    """Store a new code with the given fields of EnrolCode and return it in plain text, which is not stored."""
    plain = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))
    expires = timezone.now() + timedelta(seconds=CODE_S)
    EnrolCode.objects.create(selector=plain[:SELECTOR_LETTERS], verifier=_verifier(plain), expires=expires, **fields)
    return plain


def find(code: str) -> EnrolCode | None:
    """The valid code with these letters. A wrong guess changes nothing: nobody can use up a code that is somebody else's."""
    letters = _letters(code)
    match = None
    for candidate in EnrolCode.objects.filter(selector=selector(code), used_at=None, expires__gt=timezone.now()):
        if hmac.compare_digest(candidate.verifier, _verifier(letters)):
            match = candidate
    return match


def selector(code: str) -> str:
    """The letters that are stored as they are."""
    return _letters(code)[:SELECTOR_LETTERS]


def token(code: str, claim: str) -> str:
    """Derived, so that a repeated request gives the same token although only its hash is stored."""
    return salted_hmac("devices.join", f"{_letters(code)}:{claim}", algorithm="sha256").hexdigest()


def _letters(code: str) -> str:
    return re.sub(r"[^A-Z]", "", code.upper())


def _verifier(plain: str) -> str:
    # Eight letters could be brute-forced from a leaked database, so the server's key is part of the hash.
    return salted_hmac("devices.enrol", plain, algorithm="sha256").hexdigest()
