"""One question over many photos: a batch, and an item for each photo."""

import uuid

from django.conf import settings
from django.db import models

from inference.models import Photo, Turn
from webapp.accounts.models import ApiToken

RUNNING, PAUSED, STOPPED, DONE = "running", "paused", "stopped", "done"
STATES = (RUNNING, PAUSED, STOPPED, DONE)
WAITING, ASKED, ANSWERED, FAILED = "waiting", "running", "answered", "failed"  # of an item
ITEM_STATES = (WAITING, ASKED, ANSWERED, FAILED)


class Batch(models.Model):
    """A question, planned once, and where it stands. What its items cost is summed from them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="batches")
    question = models.TextField(max_length=settings.QUESTION_MAX_CHARS)
    plan = models.JSONField(help_text="of every item")
    policy = models.CharField(max_length=10, help_text="a name in inference.placement.policies")
    route = models.CharField(max_length=10, blank=True, help_text="forced route")
    node = models.SlugField(max_length=40, blank=True, help_text="forced device")
    fresh = models.BooleanField(default=False, help_text="nothing computed or sent for an earlier question is used")
    token = models.ForeignKey(ApiToken, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    # Of photos in a folder of a device: which. They are read there, each when its turn comes.
    device = models.SlugField(max_length=40, blank=True)
    folder = models.CharField(max_length=40, blank=True, help_text="the name of the camera that it is")
    waits = models.BooleanField(default=False, help_text="for that device, which cannot be asked now")
    repeated = models.PositiveIntegerField(default=0, help_text="photos that were listed again, and are asked about once")

    state = models.CharField(max_length=10, default=RUNNING, db_index=True)
    seq = models.PositiveIntegerField(default=1, help_text="grows by one with each stored transition")
    created = models.DateTimeField(auto_now_add=True)
    resumed = models.DateTimeField(auto_now_add=True, help_text="since when it runs; the rate is measured from here")
    finished = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created", "pk")

    def __str__(self) -> str:
        return self.question[:60]


class Item(models.Model):
    """One photo of a batch. It is asked about by a turn, whose receipts it sums when that has ended."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="items")
    number = models.PositiveIntegerField(help_text="in the order of the list, from 1")
    photo = models.ForeignKey(Photo, null=True, on_delete=models.SET_NULL, related_name="batch_items")
    photo_bytes = models.PositiveIntegerField()
    file = models.JSONField(null=True, help_text="of a device's folder: name, bytes, modified")
    returned = models.PositiveSmallIntegerField(default=0, help_text="how often its device went away while it was answered")
    turn = models.OneToOneField(Turn, null=True, on_delete=models.SET_NULL, related_name="batch_item")

    state = models.CharField(max_length=10, default=WAITING)
    answer = models.TextField(blank=True)
    confidence = models.FloatField(null=True, help_text="of its least certain step")
    certainty = models.CharField(max_length=10, blank=True, help_text="of that step: inference.engine.doubt")
    route = models.CharField(max_length=30, blank=True, help_text="routes of its steps, with commas")
    link_bytes = models.PositiveBigIntegerField(default=0, help_text="that crossed the link, failed attempts included")
    ms = models.FloatField(default=0.0, help_text="from its start until it was answered")
    device_ms = models.FloatField(default=0.0)
    uplink_ms = models.FloatField(default=0.0)
    edge_ms = models.FloatField(default=0.0)
    error = models.JSONField(null=True)
    finished = models.DateTimeField(null=True)

    class Meta:
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=("batch", "number"), name="one_item_per_number"),
            models.UniqueConstraint(fields=("batch", "photo"), name="one_item_per_photo"),
        ]
        indexes = [models.Index(fields=("batch", "state"), name="items_by_state")]

    def __str__(self) -> str:
        return f"{self.number}. {self.state}"
