"""The tables of work on models: jobs, and what they measured. Django finds them through inference.models."""

from django.conf import settings
from django.db import models

LIVE = ("queued", "running")
STATES = (*LIVE, "stopped", "failed", "done")


class ModelJob(models.Model):
    """Work on models that takes minutes to hours: a process of a cloud worker does it, under a lease like a training run.

    What it has done so far lies on the disk, so that a job that was stopped, failed or lost its process resumes.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=20, help_text="a name in inference.model_jobs.kinds")
    profile = models.CharField(max_length=40)
    photos = models.CharField(max_length=10, blank=True, help_text="which photos it may use: data, own, or none")
    state = models.CharField(max_length=10, default="queued", db_index=True, choices=[(state, state) for state in STATES])
    seq = models.PositiveIntegerField(default=0)
    progress = models.JSONField(default=dict, blank=True, help_text="done, total, unit, what")
    error = models.JSONField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="starts since it last got further")
    lease = models.CharField(max_length=32, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "inference"
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.kind} of {self.profile}: {self.state}"


class MethodAgreement(models.Model):
    """How often a model answers as before when its photo or features were compressed in one way: measured without labels."""

    profile = models.CharField(max_length=40)
    task = models.CharField(max_length=20)
    weights = models.CharField(max_length=64, help_text="digest of the model's files")
    code = models.CharField(max_length=64, blank=True, help_text="digest of the feature code; pooled; empty for photos")
    method = models.CharField(max_length=40, help_text="photo/webp/20, split/4/3")
    bytes = models.FloatField(help_text="sent for a photo, on average")
    photos = models.PositiveIntegerField()
    answers = models.PositiveIntegerField()
    agreement = models.FloatField()
    low = models.FloatField(help_text="of the 95 % confidence interval")
    high = models.FloatField()
    measured = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "inference"
        ordering = ("profile", "task", "method")
        constraints = [
            models.UniqueConstraint(fields=("profile", "task", "weights", "code", "method"), name="one_agreement_per_method")
        ]

    def __str__(self) -> str:
        return f"{self.task} by {self.method}: {self.agreement:.3f} of {self.answers}"
