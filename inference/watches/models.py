"""Watches and their events. Pictures of events stay on the devices."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from devices.contract.watches import KINDS, WatchSettings
from inference.models import Photo

DRAFT, ON, PAUSED = "draft", "on", "paused"
STATES = (DRAFT, ON, PAUSED)
# Whether an edge was asked about what the device was unsure of.
CHECKING, CONFIRMED, DISMISSED = "checking", "confirmed", "dismissed"
UNDECIDED, UNCHECKED = "undecided", "unchecked"  # the edge is as unsure as the device; none could be asked
CHECKS = (CHECKING, CONFIRMED, DISMISSED, UNDECIDED, UNCHECKED)


class Watch(models.Model):
    """A standing question of a person about one camera of one device."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watches")
    node = models.SlugField(max_length=40)
    camera = models.CharField(max_length=40)
    title = models.CharField(max_length=80)
    settings: Any = models.JSONField(default=dict, help_text="as devices.contract.watches.WatchSettings, without the camera")
    run = models.PositiveIntegerField(null=True, blank=True, help_text="of which the model watches; empty: the bundled ones")
    state = models.CharField(max_length=10, choices=[(state, state) for state in STATES], default=ON)
    version = models.PositiveIntegerField(default=1, help_text="grows with each change")
    applied = models.BooleanField(default=False, help_text="the device follows this version")
    why: Any = models.JSONField(default=dict, blank=True, help_text="of a draft: the words behind each setting")
    obstacle = models.CharField(max_length=12, blank=True, help_text="why it is not evaluated although it is on")
    unable = models.CharField(max_length=300, blank=True, help_text="why its device cannot evaluate it now, in its words")
    turn = models.UUIDField(null=True, blank=True, unique=True, help_text="the question that it was drafted from")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)
        verbose_name_plural = "watches"
        indexes = [models.Index(fields=("node", "state"), name="watches_of_a_node")]

    def __str__(self) -> str:
        return self.title

    @property
    def spec(self) -> WatchSettings:
        return WatchSettings.model_validate({**self.settings, "camera": self.camera})

    @property
    def thing(self) -> str:
        """What it looks for, in words."""
        return str(self.settings.get("looks_for") or self.settings.get("question") or "")


class WatchDay(models.Model):
    """What a watch has cost on one day."""

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    seconds = models.FloatField(default=0.0, help_text="for which the camera was watched")
    frames = models.PositiveBigIntegerField(default=0)
    looks = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0, help_text="sent by the device about it")
    ms = models.FloatField(default=0.0, help_text="computed")
    joules = models.FloatField(null=True, blank=True, help_text="that the board took meanwhile; empty: it does not measure it")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("watch", "day"), name="a_day_of_a_watch_once")]

    def __str__(self) -> str:
        return f"{self.watch}, {self.day}"


class Event(models.Model):
    """What a device reported: of a watch, or of a camera."""

    node = models.SlugField(max_length=40)
    uid = models.CharField(max_length=32, help_text="chosen by the device; names the picture there")
    number = models.PositiveBigIntegerField(help_text="counts the device's events")
    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, null=True, blank=True, related_name="events")
    camera = models.CharField(max_length=40)
    kind = models.CharField(max_length=20, choices=[(kind, kind) for kind in KINDS])
    at = models.DateTimeField(db_index=True, help_text="by this server's clock")
    ended = models.DateTimeField(null=True, blank=True, help_text="of one that was raised: when it was cleared")
    received = models.DateTimeField(default=timezone.now)
    confidence = models.FloatField(null=True, blank=True)
    sure = models.BooleanField(default=True)
    seen = models.CharField(max_length=300, blank=True)
    caption = models.CharField(max_length=300, blank=True, help_text="of the picture; follows the event")
    has_snapshot = models.BooleanField(default=False, help_text="the device kept a picture")
    check_state = models.CharField(max_length=10, choices=[(state, state) for state in CHECKS], blank=True)
    label = models.CharField(max_length=60, blank=True, help_text="what a person says the picture shows; it is trained on")
    receipt: Any = models.JSONField(default=dict, help_text="what it cost")
    dropped = models.PositiveIntegerField(default=0, help_text="events before it that the device had no room for")

    class Meta:
        ordering = ("-at", "-pk")
        constraints = [models.UniqueConstraint(fields=("node", "uid"), name="an_event_once")]
        indexes = [models.Index(fields=("node", "camera", "-at"), name="events_of_a_camera")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.node}/{self.camera}"


class KeptPicture(models.Model):
    """The picture of an event that its watcher keeps: a photo of their library, and what took it. It outlives the event."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="kept_pictures")
    event = models.OneToOneField(Event, on_delete=models.SET_NULL, null=True, related_name="kept")
    node = models.SlugField(max_length=40)
    camera = models.CharField(max_length=40)
    at = models.DateTimeField(help_text="of the event")

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"picture of {self.node}/{self.camera} at {self.at}"
