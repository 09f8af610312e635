"""People, how they get in (sessions, tokens, invitations, what logging in takes), and the audit trail."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone

SHELL = "shell"  # the account that `manage.py ask` uses
PREFIX = "isthmus_"


class People(UserManager["User"]):
    def humans(self) -> models.QuerySet["User"]:
        return self.exclude(username=SHELL)

    def shell(self) -> "User":
        user, created = self.get_or_create(username=SHELL)
        if created:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        return user


class User(AbstractUser):
    """A person. Owners (`is_superuser`) manage people, admins (`is_staff`) manage nodes; see webapp.accounts.roles."""

    storage_limit_mb = models.PositiveIntegerField(
        null=True, blank=True, help_text="megabytes of stored photos; empty: as the installation's default"
    )
    turn_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="questions waiting or running at once; empty: as the installation's default"
    )

    language = models.CharField(max_length=20, blank=True, help_text="of the pages; empty: as the browser asks for")

    objects: Any = People()

    class Meta:
        verbose_name_plural = "people"


class ApiToken(models.Model):
    """A personal token for scripts. Only its hash is stored, so it is shown once."""

    MOST = 50  # of one person

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    hash = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.owner})"

    @classmethod
    def issue(cls, owner: User, name: str) -> tuple["ApiToken", str]:
        """A new token and its plain text, which is not stored."""
        plain = PREFIX + secrets.token_urlsafe(32)
        return cls.objects.create(owner=owner, name=name, hash=_hash(plain)), plain

    @classmethod
    def holder(cls, plain: str) -> User | None:
        """The owner of this token; None for an unknown or revoked token and for a deactivated account."""
        token = cls.objects.select_related("owner").filter(hash=_hash(plain), owner__is_active=True).first()
        if token is None:
            return None
        now = timezone.now()
        if token.last_used is None or now - token.last_used > timedelta(minutes=1):  # at most one write per minute
            cls.objects.filter(pk=token.pk).update(last_used=now)
        return token.owner


class OpenSession(models.Model):
    """Where a person is logged in. The row goes with its session."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="open_sessions")
    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="opened")
    started = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField(null=True, blank=True)
    agent = models.CharField(max_length=300, blank=True, help_text="the browser, as it names itself")

    class Meta:
        ordering = ("-last_used",)

    def __str__(self) -> str:
        return f"{self.person} at {self.address}"


class Invitation(models.Model):
    """A one-use link with which somebody creates their account. Only the hash of its secret is stored."""

    hash = models.CharField(max_length=64, unique=True)
    note = models.CharField(max_length=100, blank=True, help_text="whom it is for")
    role = models.CharField(max_length=10, default="member")
    storage_limit_mb = models.PositiveIntegerField(null=True, blank=True)
    turn_limit = models.PositiveIntegerField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"invitation of {self.note or 'somebody'}"


class LoginPolicy(models.Model):
    """What an owner requires of everybody's login. One row."""

    NOBODY, ADMINS, EVERYBODY = "nobody", "admins", "everybody"
    second_factor = models.CharField(max_length=10, default=NOBODY, help_text="for whom it is required")

    def __str__(self) -> str:
        return f"second factor for {self.second_factor}"


class AppendOnly(Exception):
    """Somebody tried to change or delete rows of the audit trail."""


class AuditRows(models.QuerySet["AuditEntry"]):
    def about(self, subject: str) -> "AuditRows":
        """Rows about `kind:name`."""
        kind, _, name = subject.partition(":")
        return self.filter(kind=kind, name=name)

    def update(self, **changes: object) -> int:
        raise AppendOnly

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly

    def expire(self) -> int:
        """Delete these rows because their period of retention is over; the only way in which rows go."""
        return super().delete()[0]


class AuditEntry(models.Model):
    """Who did what to what (webapp.accounts.audit). Rows are append-only and outlive the account and the subject they name."""

    at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    by = models.CharField(max_length=150, db_index=True, help_text="the account's name then; the node's own, or the server")
    action = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=200, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)

    objects: Any = AuditRows.as_manager()

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name_plural = "audit trail"
        indexes = [models.Index(fields=("kind", "name", "-at"), name="audit_of_a_subject")]

    def __str__(self) -> str:
        return f"{self.by}: {self.action} {self.kind}:{self.name}"

    def save(self, *args: Any, **named: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **named)

    def delete(self, *args: Any, **named: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly


def _hash(plain: str) -> str:
    # 256 random bits cannot be guessed, so a fast hash is enough.
    return hashlib.sha256(plain.encode()).hexdigest()
