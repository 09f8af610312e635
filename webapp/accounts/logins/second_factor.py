"""Two-factor login: a code from an authenticator app, or one of ten recovery codes that work once each."""

import math
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY, verify_token
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from webapp.accounts.models import LoginPolicy, User
from webapp.live.errors import UserError

RECOVERY_CODES = 10
APP, RECOVERY = "authenticator app", "recovery codes"
WRONG = UserError("wrong_code", "This code is wrong or has been used.", "Wait for the next code of your app.", 400)


def is_on(person: User) -> bool:
    return TOTPDevice.objects.filter(user=person, confirmed=True).exists()


def with_it_on() -> set[int]:
    """The people who have it on."""
    return set(TOTPDevice.objects.filter(confirmed=True).values_list("user_id", flat=True))


def policy() -> str:
    row = LoginPolicy.objects.first()
    return row.second_factor if row else LoginPolicy.NOBODY


def set_policy(second_factor: str) -> None:
    LoginPolicy.objects.update_or_create(pk=1, defaults={"second_factor": second_factor})


def is_required(person: User) -> bool:
    required = policy()
    return required == LoginPolicy.EVERYBODY or (required == LoginPolicy.ADMINS and person.is_staff)


def is_verified(session: SessionBase) -> bool:
    """Whether the login of this session took a code."""
    return DEVICE_ID_SESSION_KEY in session


def is_lacking(person: User, verified: bool) -> bool:
    """Whether this person must set it up before anything else. Who has it on cannot log in without a code."""
    return not verified and is_required(person)


def begin(person: User) -> TOTPDevice:
    """The secret that the person's app is to learn; the same one until it is confirmed."""
    device, _ = TOTPDevice.objects.get_or_create(user=person, confirmed=False, defaults={"name": APP})
    return device


def confirm(person: User, code: str) -> list[str]:
    """Turn it on with the first code of the app; returns the recovery codes. Raises UserError for a wrong code."""
    device = begin(person)
    _checked(device, _plain(code))
    with transaction.atomic():
        TOTPDevice.objects.filter(user=person).exclude(pk=device.pk).delete()
        TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
        return new_recovery_codes(person)


def new_recovery_codes(person: User) -> list[str]:
    """Ten new ones; the earlier ones no longer work."""
    with transaction.atomic():
        StaticDevice.objects.filter(user=person).delete()
        device = StaticDevice.objects.create(user=person, name=RECOVERY)
        codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
        StaticToken.objects.bulk_create([StaticToken(device=device, token=code) for code in codes])
    return [f"{code[:4]}-{code[4:]}" for code in codes]


def recovery_codes_left(person: User) -> int:
    return StaticToken.objects.filter(device__user=person).count()


def verify(person: User, code: str) -> Device:
    """Check a code of the app or a recovery code, and use it up. Raises UserError."""
    plain = _plain(code)
    devices: Any = TOTPDevice if plain.isdecimal() else StaticDevice
    device = devices.objects.filter(user=person, confirmed=True).first()
    if device is None:
        raise WRONG
    return _checked(device, plain)


def remove(person: User) -> bool:
    """Turn it off. False if it was not on."""
    was_on = is_on(person)
    TOTPDevice.objects.filter(user=person).delete()
    StaticDevice.objects.filter(user=person).delete()
    return was_on


def _checked(device: Any, code: str) -> Device:
    """After each wrong code twice as much time must pass before the next is looked at. Raises UserError."""
    allowed, details = device.verify_is_allowed()
    if not allowed:
        seconds = max(1, math.ceil((details["locked_until"] - timezone.now()).total_seconds()))
        raise UserError(
            "wait",
            "Too many wrong codes.",
            "Wait %(seconds)s s, then use the next code of your app.",
            429,
            {"seconds": seconds},
        )
    verified: Device | None = verify_token(device.user, device.persistent_id, code)
    if verified is None:
        raise WRONG
    return verified


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()[:16]
