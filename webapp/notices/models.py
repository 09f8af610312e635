"""Notices, their deliveries, and what each person wants to hear of."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

WAITING, SENT, FAILED, SKIPPED = "waiting", "sent", "failed", "skipped"
STATES = (WAITING, SENT, FAILED, SKIPPED)


class Notice(models.Model):
    """Something that happened. `due_at` is when its deliveries are to be made; null: they are, or it was
    damped."""

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=80, blank=True, help_text="what it is about: a node's name, a run's number")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="notices"
    )
    values = models.JSONField(default=dict, blank=True, help_text="of the placeholders in its sentences; sent as data")
    link = models.CharField(max_length=300, blank=True, help_text="a path of this site")
    key = models.CharField(max_length=120, unique=True, help_text="the same key twice is one notice")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    held = models.BooleanField(default=False, help_text="its subject was flapping: it waits for the end of the quiet time")
    damped = models.BooleanField(default=False, help_text="not delivered: its subject was flapping")

    class Meta:
        ordering = ("-at", "-pk")
        indexes = [models.Index(fields=("subject", "kind", "-at"), name="notices_about_a_subject")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}".strip()


class Delivery(models.Model):
    """One notice by one channel to one address. `due_at` is when it is to be tried next; null: nothing left to do."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=20)
    target = models.CharField(max_length=40, blank=True, help_text="empty: the installation's own")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    state = models.CharField(max_length=10, choices=[(state, state) for state in STATES], default=WAITING)
    outcome = models.CharField(max_length=300, blank=True, help_text="why it failed, waits or was skipped")
    attempts = models.PositiveSmallIntegerField(default=0)
    created = models.DateTimeField(default=timezone.now)
    ended = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=("notice", "channel", "target"), name="a_delivery_once")]
        indexes = [
            models.Index(fields=("channel", "due_at"), name="due_deliveries"),
            models.Index(fields=("person", "-id"), name="deliveries_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.notice} by {self.channel}: {self.state}"


class Preferences(models.Model):
    """When a person wants to be left alone, by the clock of their time zone."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_preferences")
    time_zone = models.CharField(max_length=60, default="UTC")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.person}"


class Rule(models.Model):
    """By which channels a person has one kind. Without a row, by those that the kind has itself."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_rules")
    kind = models.CharField(max_length=40)
    channels: Any = models.JSONField(default=list, blank=True)
    cool_down_s = models.PositiveIntegerField(default=0, help_text="after one of this kind, further ones are skipped this long")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("person", "kind"), name="a_rule_once")]

    def __str__(self) -> str:
        return f"{self.person}: {self.kind} by {', '.join(self.channels) or 'nothing'}"


class Browser(models.Model):
    """A browser that takes push messages: the subscription that it made with its vendor's push service."""

    MOST = 20  # of one person

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="browsers")
    endpoint = models.CharField(max_length=600, unique=True)
    p256dh = models.CharField(max_length=120, help_text="the browser's public key")
    auth = models.CharField(max_length=60, help_text="the secret shared with the browser")
    name = models.CharField(max_length=120, blank=True, help_text="as the browser names itself")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.name or 'a browser'} of {self.person}"
