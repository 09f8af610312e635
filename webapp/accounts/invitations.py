"""Invitations: one-use links with which somebody creates their own account, with the role and limits an owner chose."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from webapp.accounts import audit
from webapp.accounts.models import Invitation, User
from webapp.accounts.roles import ROLES, Role, set_role
from webapp.live.errors import UserError

USED = UserError("invitation_used", "This invitation is invalid, expired or used.", "Ask an owner for a new one.", 404)


def create(role: Role, note: str = "", storage_limit_mb: int | None = None, turn_limit: int | None = None) -> str:
    """A new invitation; returns its secret, which is not stored."""
    secret = secrets.token_urlsafe(24)
    Invitation.objects.create(
        hash=_hash(secret),
        note=note,
        role=role,
        storage_limit_mb=storage_limit_mb,
        turn_limit=turn_limit,
        expires=timezone.now() + timedelta(days=settings.INVITATION_DAYS),
    )
    audit.record(None, "invited", "user:", f"{role}{f', {note}' if note else ''}")
    return secret


def open_ones() -> QuerySet[Invitation]:
    return Invitation.objects.filter(used_at=None, expires__gt=timezone.now())


def find(secret: str) -> Invitation:
    """Raises UserError."""
    row = open_ones().filter(hash=_hash(secret)).first()
    if row is None:
        raise USED
    return row


def accept(invitation: Invitation, person: User) -> None:
    """Save the new account. Of two people with one link one wins; the other gets a UserError, and no account."""
    set_role(person, next(role for role in ROLES if role == invitation.role))
    person.storage_limit_mb, person.turn_limit = invitation.storage_limit_mb, invitation.turn_limit
    with transaction.atomic():
        if not open_ones().filter(pk=invitation.pk).update(used_at=timezone.now()):
            raise USED
        person.save()
        detail = f"{invitation.role}, by invitation{f' ({invitation.note})' if invitation.note else ''}"
        audit.record(person, "account created", f"user:{person.get_username()}", detail)


def revoke(pk: int) -> None:
    if open_ones().filter(pk=pk).delete()[0]:
        audit.record(None, "invitation revoked", "user:")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
