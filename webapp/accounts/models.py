"""People and their personal tokens."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
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
    """A person. The first one is the owner; staff may register devices and add people."""

    objects: Any = People()

    class Meta:
        verbose_name_plural = "people"


class ApiToken(models.Model):
    """A personal token for scripts. Only its hash is stored, so it is shown once."""

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


def _hash(plain: str) -> str:
    # 256 random bits cannot be guessed, so a fast hash is enough.
    return hashlib.sha256(plain.encode()).hexdigest()
