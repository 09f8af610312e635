"""Periods that an administrator has chosen, and the runs that deleted what was older."""

from django.db import models
from django.utils import timezone


class Period(models.Model):
    """How long one kind is stored, where that differs from the default. No days: for ever."""

    kind = models.CharField(max_length=40, unique=True, help_text="a name in webapp.ops.retention.kinds")
    days = models.PositiveIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind}: {'for ever' if self.days is None else f'{self.days} days'}"


class Run(models.Model):
    """One deletion of what was due. `resume_at`: the kind at which its time was over; empty: it got through all of them."""

    started = models.DateTimeField(default=timezone.now, db_index=True)
    finished = models.DateTimeField(null=True, blank=True)
    deleted = models.JSONField(default=dict, help_text="rows or files, by kind; only those with any")
    errors = models.JSONField(default=dict, help_text="why a kind could not be deleted, by kind")
    resume_at = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ("-started", "-pk")

    def __str__(self) -> str:
        return f"{self.started:%Y-%m-%d %H:%M}: {self.total} deleted"

    @property
    def total(self) -> int:
        return sum(self.deleted.values())
