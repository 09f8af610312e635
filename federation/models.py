"""Training runs, their rounds, and what each client did in each round."""

from django.conf import settings
from django.db import models

LIVE = ("queued", "running")
FINAL = ("stopped", "failed", "done")
STATES = ("draft", "queued", "running", "paused", *FINAL)
CLIENT_STATES = ("ok", "refused", "late", "lost")


class Run(models.Model):
    """Its number is also its name ("run 12"). Every stored change adds one to `seq`, as turns do."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="runs")
    turn = models.UUIDField(null=True, blank=True, unique=True, help_text="the question that drafted it")
    spec = models.JSONField(help_text="the specification: every field that decides what the run computes")
    why = models.JSONField(default=dict, blank=True, help_text="the words of the request behind each field it named")
    state = models.CharField(max_length=10, choices=[(state, state) for state in STATES], default="draft")
    seq = models.PositiveIntegerField(default=0)
    error = models.JSONField(null=True, blank=True, help_text="why it failed or was stopped: code, message, next")
    phase = models.CharField(max_length=120, blank=True, help_text="what it waits for, in words")
    progress = models.JSONField(null=True, blank=True, help_text="the round under way, by client")
    holdings = models.JSONField(null=True, blank=True, help_text="examples by client and class; null until they are counted")

    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True, blank=True)
    queued = models.DateTimeField(null=True, blank=True, help_text="since when it waits, or has waited last")
    claimed = models.DateTimeField(null=True, blank=True, help_text="when a process last began to work on it")
    finished = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(default=0.0, help_text="spent running, over all starts; the time limit counts these")
    lease = models.CharField(max_length=32, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="starts since the last completed round")

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"run {self.pk}"


class Round(models.Model):
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="rounds")
    number = models.PositiveIntegerField()
    loss = models.FloatField(null=True, blank=True)
    accuracy = models.FloatField(null=True, blank=True)
    epsilon = models.FloatField(null=True, blank=True)
    seconds = models.JSONField(default=dict, help_text="compute, uplink, downlink, waiting, total")
    bytes_up = models.PositiveBigIntegerField(default=0)
    bytes_down = models.PositiveBigIntegerField(default=0)
    counted = models.BooleanField(default=True, help_text="false: too few usable updates, the model stayed as it was")
    finished = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=("run", "number"), name="a_round_once")]

    def __str__(self) -> str:
        return f"round {self.number} of run {self.run_id}"


class ClientReport(models.Model):
    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="clients")
    node = models.CharField(max_length=40, blank=True, help_text="the slug; it outlives the node's row")
    partition = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=[(state, state) for state in CLIENT_STATES])
    reason = models.CharField(max_length=300, blank=True)
    told = models.JSONField(default=dict, help_text="examples, bytes_up, bytes_down, compute_s, up_s, down_s, loss, accuracy")

    class Meta:
        ordering = ("partition",)
        constraints = [models.UniqueConstraint(fields=("round", "partition"), name="a_client_once_a_round")]

    def __str__(self) -> str:
        return f"client {self.partition} in {self.round}: {self.state}"
