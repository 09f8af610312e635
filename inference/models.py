"""The tables of answering: photos, turns, their steps with receipts, observed times."""

import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from inference.calls.tables import Allowance as Allowance  # Django looks for tables here
from inference.calls.tables import CallDay as CallDay
from inference.calls.tables import DayUse as DayUse
from inference.calls.tables import ModelCall as ModelCall
from inference.calls.tables import PlannerCall as PlannerCall
from inference.engine.photos import notes
from inference.engine.photos.notes import PhotoNote
from inference.model_jobs.tables import MethodAgreement as MethodAgreement
from inference.model_jobs.tables import ModelJob as ModelJob
from inference.photos.tables import FolderPhoto as FolderPhoto
from inference.photos.tables import QuestionPhoto as QuestionPhoto
from inference.photos.tables import Thumbnail as Thumbnail
from webapp.accounts.models import ApiToken

LIVE = ("queued", "planning", "running")
FINAL = ("answered", "failed", "stopped")
# Sources of photos that only a device has: its own camera, a browser that uploaded it there, and a folder of its own.
CAMERA, DIRECT, FOLDER = ON_DEVICES = "camera", "direct", "folder"
SLOT_S = 900  # a quarter of an hour divides every time zone's offset
ALBUM_NAME_CHARS = 80


def slot_of(moment: datetime) -> int:
    """The quarter of an hour since 1970 that a moment is in: what the library counts photos by."""
    return int(moment.timestamp()) // SLOT_S


class VisiblePhotos(models.Manager["Photo"]):
    """Photos as people see them: one that its owner just deleted is hidden until it is erased (inference/photos/trash.py)."""

    def get_queryset(self) -> "models.QuerySet[Photo]":
        return super().get_queryset().filter(hidden_at=None)


class Photo(models.Model):
    """A stored photo: upright, without metadata, JPEG. The file's name is its random id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bytes = models.PositiveIntegerField()
    source_format = models.CharField(max_length=10)
    source_bytes = models.PositiveIntegerField()
    # slug of a node that has it -> {"sizes": {"webp:50:384": bytes of its own encoder}, "ready": {task: [split points]}}
    placed = models.JSONField(default=dict)
    notes = models.JSONField(default=list, help_text="names in inference.engine.photos.notes")
    created = models.DateTimeField(default=timezone.now, editable=False)
    slot = models.PositiveIntegerField(default=0, editable=False, help_text="slot_of(created)")
    # Unknown (NULL) is not empty: a photo that the server has no file of has no digest.
    digest = models.CharField(max_length=64, null=True, editable=False, help_text="SHA-256 of the stored file")  # noqa: DJ001
    kept = models.BooleanField(default=False, help_text="added to the library: no rule of retention deletes it")
    favourite = models.BooleanField(default=False)
    thumbnail_came = models.BooleanField(default=False, editable=False, help_text="from its device; it does not come again")
    hidden_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="when its owner deleted it")

    objects = models.Manager()  # first: Django's own parts use it
    visible = VisiblePhotos()

    class Meta:
        indexes = [
            # The library's order; of what people see, so that counting reads the index alone.
            models.Index(
                fields=("owner", "-slot", "-created", "-id"), name="photos_of_a_person", condition=models.Q(hidden_at=None)
            ),
            models.Index(fields=("owner", "digest"), name="photos_by_digest"),
            models.Index(fields=("created",), name="photos_without_digest", condition=models.Q(digest=None)),
            models.Index(fields=("hidden_at",), name="hidden_photos", condition=models.Q(hidden_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.width}×{self.height} photo of {self.owner}"

    def save(self, **options: Any) -> None:
        if self._state.adding:
            self.slot = slot_of(self.created)
        super().save(**options)

    @property
    def on_device_alone(self) -> bool:
        """The server has no file of it."""
        return self.source_format in ON_DEVICES

    @property
    def home(self) -> str | None:
        """The device that alone has it, or can read it again from a folder of its own; None where there is none."""
        if not self.on_device_alone:
            return None
        return next(iter(self.placed), None) or FolderPhoto.objects.filter(photo=self).values_list("node", flat=True).first()

    @property
    def remarkable(self) -> list[PhotoNote]:
        """What people should know about it, from its pixels, its file and its shape."""
        return notes.named(self.notes, self.width, self.height)

    @property
    def path(self) -> Path:
        return Path(settings.PHOTO_DIR) / f"{self.id}.jpg"

    @property
    def small_path(self) -> Path:
        return Path(settings.PHOTO_DIR) / f"{self.id}.small.jpg"


class Album(models.Model):
    """A named set of a person's photos. Deleting it deletes no photo."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="albums")
    name = models.CharField(max_length=ALBUM_NAME_CHARS)
    photos = models.ManyToManyField(Photo, related_name="albums", blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), "owner", name="one_album_per_name")]

    def __str__(self) -> str:
        return self.name


class PhotoTrace(models.Model):
    """A node that may hold a photo or features of it, recorded before anything is sent there.

    It outlives the photo until the node has confirmed that it deleted everything (inference/photos/erasure.py).
    """

    photo = models.UUIDField(db_index=True)
    node = models.SlugField(max_length=40)
    since = models.DateTimeField(default=timezone.now, help_text="when something was last sent or taken there")
    deleted = models.DateTimeField(null=True, blank=True, db_index=True, help_text="when the photo was deleted")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("photo", "node"), name="one_trace_per_node")]

    def __str__(self) -> str:
        return f"{self.photo} at {self.node}"

    @classmethod
    def record(cls, photo: uuid.UUID, node: str) -> None:
        cls.objects.update_or_create(photo=photo, node=node, defaults={"since": timezone.now()})


class Turn(models.Model):
    """One question and its answer. A turn knows its conversation only as an id.

    The worker that answers holds a lease: `lease` is its token, and every write is conditional on it, so that a worker
    that was presumed dead and returns cannot write.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.UUIDField(db_index=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    photo = models.ForeignKey(Photo, null=True, blank=True, on_delete=models.SET_NULL)
    others = models.PositiveSmallIntegerField(default=0, help_text="how many photos it has besides the photo at hand")
    file = models.JSONField(
        null=True, blank=True, help_text="of a device's folder: the photo, which is read when the question's turn comes"
    )
    question = models.TextField(max_length=settings.QUESTION_MAX_CHARS)
    policy = models.CharField(max_length=10, default="fastest", help_text="a name in inference.placement.policies")
    route = models.CharField(max_length=10, blank=True, help_text="forced route: a name in inference.placement.routes")
    node = models.SlugField(max_length=40, blank=True, help_text="forced device")
    fresh = models.BooleanField(default=False, help_text="nothing computed or sent for an earlier question is used")
    background = models.BooleanField(default=False, help_text="nobody waits for this one: everybody's others go first")
    token = models.ForeignKey(ApiToken, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    given_plan = models.JSONField(null=True, blank=True, help_text="made before, for many turns; the question is not planned")

    state = models.CharField(max_length=10, default="queued", db_index=True)
    seq = models.PositiveIntegerField(default=1, help_text="grows by one with each stored transition")
    phase = models.JSONField(null=True, blank=True)
    plan = models.JSONField(null=True, blank=True)
    answer = models.TextField(blank=True)
    error = models.JSONField(null=True, blank=True)

    attempt = models.PositiveSmallIntegerField(default=0)
    lease = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    queued = models.DateTimeField(auto_now_add=True, help_text="when it was last put into the queue; a retry renews it")
    started = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="when a worker first took it; its deadline counts from here"
    )
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created",)

    def __str__(self) -> str:
        return self.question[:60]

    @property
    def visible_photo(self) -> Photo | None:
        """None also for a photo that its owner just deleted, which is there until it can no longer be undone."""
        return self.photo if self.photo and not self.photo.hidden_at else None


class Step(models.Model):
    """One model call of a turn's plan, with its receipt."""

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    task = models.CharField(max_length=10)
    question = models.TextField(blank=True)
    state = models.CharField(max_length=10, default="waiting")
    receipt = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    equals = models.CharField(
        max_length=64, blank=True, help_text="the same for equal questions: inference.answering.reuse.equal_steps"
    )
    held = models.JSONField(null=True, blank=True, help_text="features that an edge has kept: inference.answering.edge_cache")

    class Meta:
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=("turn", "number"), name="one_step_per_number")]
        indexes = [models.Index(fields=("equals",), name="equal_steps", condition=~models.Q(equals=""))]

    def __str__(self) -> str:
        return f"{self.number}. {self.task}"


class NodeProfile(models.Model):
    """The observed time of one part of a model on one node, which corrects the node's own profile after every job."""

    node = models.SlugField(max_length=40)
    part = models.CharField(max_length=60, help_text="for example compact/vqa/head/2")
    ms = models.FloatField()
    samples = models.PositiveIntegerField(default=1)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("node", "part"), name="one_profile_per_part")]

    def __str__(self) -> str:
        return f"{self.node} {self.part}: {self.ms:.1f} ms"
