"""Nodes and their telemetry. Of every secret only a hash is stored."""

from django.conf import settings
from django.db import models

TIERS = ("edge", "device")
STATES = ("unseen", "online", "stale", "offline", "revoked")
SOURCES = ("transfer", "probe")


class Node(models.Model):
    """An edge or a device. Its state is computed from `last_seen` when read (devices.telemetry.presence)."""

    slug = models.SlugField(max_length=40, unique=True, help_text="also the prefix of all its keys in Redis")
    title = models.CharField(max_length=60, blank=True, help_text="what people call it; empty: as its slug")
    tier = models.CharField(max_length=10, choices=[(tier, tier) for tier in TIERS])
    approved = models.BooleanField(default=False)
    fingerprint = models.CharField(max_length=40, help_text="compare it with what the node itself shows before approving")
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    redis_sha256 = models.CharField(max_length=64, blank=True, editable=False, help_text="the form Redis itself accepts")
    rotation = models.CharField(max_length=32, blank=True, editable=False, help_text="names the secrets it is to change to")
    next_token_sha256 = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    next_redis_sha256 = models.CharField(max_length=64, blank=True, editable=False)

    boot = models.CharField(max_length=32, blank=True, editable=False, help_text="changes whenever the agent starts anew")
    profile = models.JSONField(null=True, blank=True, help_text="as measured by the node at start")
    queue = models.PositiveIntegerField(null=True, blank=True, help_text="jobs waiting or running")
    hardware = models.JSONField(default=dict, blank=True)
    versions = models.JSONField(default=dict, blank=True)
    hardware_before = models.JSONField(default=dict, blank=True, help_text="until an admin has seen that it changed")
    sensors = models.JSONField(default=dict, blank=True, help_text="last reading; what a board lacks is null")
    lanes = models.JSONField(default=dict, blank=True, help_text="which of its two worker processes listen: stages, train")
    obstacles = models.JSONField(default=dict, blank=True, help_text="by worker, why it does not listen")
    labelled = models.JSONField(default=dict, blank=True, help_text="photos it can train on: how many, by class")
    measured = models.JSONField(default=dict, blank=True, help_text="its last profile of each name, with its memory")
    choice = models.PositiveIntegerField(default=0, help_text="the choice of models (ProfileChoice) that it follows")
    change = models.JSONField(default=dict, blank=True, help_text="models it was offered, since when, and why it refused them")
    abilities = models.JSONField(default=list, blank=True, help_text="what its agent can be asked for from here, by name")
    wishes = models.JSONField(default=dict, blank=True, editable=False, help_text="what its agent is asked for, by ability")
    agent_update = models.JSONField(
        default=dict, blank=True, editable=False, help_text="of its agent: offered, failed, and why"
    )

    thumbnails = models.BooleanField(
        default=False, help_text="whether small pictures of photos that it alone has may come here"
    )

    created = models.DateTimeField(auto_now_add=True)
    last_seen = models.DateTimeField(null=True, blank=True)
    pace_s = models.FloatField(
        default=2.0, editable=False, help_text="seconds after which its next heartbeat was asked for (devices.telemetry.pace)"
    )
    recorded_state = models.CharField(
        max_length=10,
        choices=[(state, state) for state in STATES],
        default="unseen",
        editable=False,
        help_text="the state of its newest event",
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_because = models.CharField(max_length=300, blank=True, editable=False, help_text="empty: an admin revoked it")
    failures = models.PositiveSmallIntegerField(default=0, editable=False, help_text="jobs in a row that it failed")
    rests_until = models.DateTimeField(null=True, blank=True, editable=False, help_text="it gets no job before")
    rests_because = models.CharField(max_length=300, blank=True, editable=False)
    simulated_uplink_bytes_per_s = models.PositiveIntegerField(null=True, blank=True)
    simulated_downlink_bytes_per_s = models.PositiveIntegerField(null=True, blank=True)
    simulated_slowdown = models.FloatField(default=1.0)

    class Meta:
        ordering = ("tier", "slug")

    def __str__(self) -> str:
        return self.slug

    @property
    def simulated(self) -> bool:
        shaped = self.simulated_uplink_bytes_per_s is not None or self.simulated_downlink_bytes_per_s is not None
        return shaped or self.simulated_slowdown != 1


class NodeTag(models.Model):
    """A word by which nodes are grouped. A node may have several, and a tag exists as long as a node has it."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="tags")
    name = models.SlugField(max_length=30, allow_unicode=True)

    class Meta:
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=("node", "name"), name="a_tag_once")]

    def __str__(self) -> str:
        return self.name


class EnrolCode(models.Model):
    """A one-use code with which a board joins within minutes. Its first letters select the row; the whole is stored as a
    hash.
    """

    selector = models.CharField(max_length=8, db_index=True, editable=False)
    verifier = models.CharField(max_length=64, editable=False)
    tier = models.CharField(max_length=10, choices=[(tier, tier) for tier in TIERS])
    name = models.SlugField(max_length=40, blank=True, help_text="empty: the board's host name")
    preapproved = models.BooleanField(default=False)
    replaces = models.BooleanField(default=False, help_text="a node of this name, which is cut off when the code is used")
    simulated_uplink_bytes_per_s = models.PositiveIntegerField(null=True, blank=True)
    simulated_downlink_bytes_per_s = models.PositiveIntegerField(null=True, blank=True)
    simulated_slowdown = models.FloatField(default=1.0)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"code for {self.name or 'a'} {self.tier}"


class Sample(models.Model):
    """One measured transfer over a node's uplink. It names the node by slug, so it outlives the node's row."""

    node = models.SlugField(max_length=40)
    at = models.DateTimeField()
    bytes = models.PositiveIntegerField()
    ms = models.FloatField()
    rtt_ms = models.FloatField(null=True, blank=True)
    source = models.CharField(max_length=10, choices=[(source, source) for source in SOURCES])

    class Meta:
        ordering = ("-at",)
        indexes = [
            models.Index(fields=("node", "-at"), name="samples_of_a_node"),
            models.Index(fields=("at",), name="samples_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.node}: {self.bytes} bytes in {self.ms:.0f} ms"

    @property
    def bytes_per_s(self) -> float:
        return self.bytes / (self.ms / 1000)


class Reading(models.Model):
    """The values of a node's sensors at a heartbeat, or their means over a span; what was not available is null or absent."""

    node = models.SlugField(max_length=40)
    at = models.DateTimeField(help_text="of a mean: the beginning of its span")
    span_s = models.PositiveIntegerField(default=0, help_text="0: one heartbeat; of a mean: 60, 900 or 86,400")
    values = models.JSONField(default=dict, help_text="by sensor key")

    class Meta:
        ordering = ("at",)
        constraints = [models.UniqueConstraint(fields=("node", "span_s", "at"), name="one_reading_at_a_time")]
        indexes = [models.Index(fields=("span_s", "at"), name="readings_by_age")]

    def __str__(self) -> str:
        return f"{self.node} at {self.at:%H:%M:%S}"


class NodeEvent(models.Model):
    """One flip of a node's state."""

    node = models.SlugField(max_length=40)
    at = models.DateTimeField(db_index=True)
    from_state = models.CharField(max_length=10, choices=[(state, state) for state in STATES])
    to_state = models.CharField(max_length=10, choices=[(state, state) for state in STATES])
    reason = models.CharField(max_length=300, blank=True, help_text="where the state alone does not say it")

    class Meta:
        ordering = ("-at", "-pk")
        indexes = [models.Index(fields=("node", "-at"), name="events_of_a_node")]

    def __str__(self) -> str:
        return f"{self.node}: {self.from_state} → {self.to_state}"


class ProfileChoice(models.Model):
    """Which models answer: the newest row. Choosing the same profile again has every node load its files anew."""

    profile = models.CharField(max_length=40)
    previous = models.CharField(max_length=40)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.profile} since {self.since:%d %b %H:%M}"


class ExportedModels(models.Model):
    """The newest export of a profile, which nodes that read exported models are to have."""

    profile = models.CharField(max_length=40, unique=True)
    digest = models.CharField(max_length=16)

    def __str__(self) -> str:
        return f"{self.profile} {self.digest}"


class AgentRollout(models.Model):
    """One update of agents to the server's wheel; its nodes name it in `agent_update`."""

    digest = models.CharField(max_length=64)
    version = models.CharField(max_length=40)
    begun = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True, blank=True)
    stopped_because = models.CharField(max_length=300, blank=True, help_text="empty: it is under way, or every node has it")

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=("digest",), condition=models.Q(ended=None), name="one_agent_rollout_under_way"),
        )

    def __str__(self) -> str:
        return f"agent {self.version} since {self.begun:%d %b %H:%M}"


class CameraRule(models.Model):
    """Who may use one camera of a node, besides administrators. Without a row: nobody else."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="camera_rules")
    camera = models.CharField(max_length=40, help_text="its name, as the node reports it")
    everyone = models.BooleanField(default=False)
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    preview = models.BooleanField(default=False, help_text="whether those may see small pictures of it without taking a photo")
    folder = models.BooleanField(default=False, help_text="whether those may ask about all photos of the folder that it is")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("node", "camera"), name="one_rule_per_camera")]

    def __str__(self) -> str:
        return f"{self.camera} of {self.node}"
