"""A conversation groups turns; a turn knows it only by its id. What people do with answered turns is stored here: answering
needs none of it. Everything about a turn goes with it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from inference.models import Turn

TITLE_CHARS = 80
NOTE_CHARS = 500


class Conversation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations")
    title = models.CharField(max_length=TITLE_CHARS, blank=True)
    folded_title = models.TextField(blank=True, default="", help_text="for the search, which ignores case in every script")
    pinned = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True, help_text="when something was last asked in it")

    class Meta:
        ordering = ("-updated",)

    def __str__(self) -> str:
        return self.title or "Conversation"


class TurnText(models.Model):
    """What the search reads of a turn: question and answer, folded. It is out of date where `seq` is not the turn's."""

    turn = models.OneToOneField(Turn, primary_key=True, on_delete=models.CASCADE, related_name="folded")
    seq = models.PositiveIntegerField()
    text = models.TextField()

    def __str__(self) -> str:
        return self.text[:60]


class Replacement(models.Model):
    """A question that was edited and sent again. The earlier turn stays as it was."""

    earlier = models.OneToOneField(Turn, primary_key=True, on_delete=models.CASCADE, related_name="replacement")
    later = models.OneToOneField(Turn, on_delete=models.CASCADE, related_name="replaces")

    def __str__(self) -> str:
        return f"{self.earlier_id} by {self.later_id}"


class Share(models.Model):
    """A link with which everybody who is logged in here may read a conversation. Only the hash of its token is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="shares")
    hash = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField()

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"link to {self.conversation_id} until {self.expires:%Y-%m-%d}"


class Rating(models.Model):
    """What a person thinks of an answer, with what the answer was then: it is compared with the stated confidence."""

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="ratings")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ratings")
    up = models.BooleanField()
    note = models.CharField(max_length=NOTE_CHARS, blank=True)
    task = models.CharField(max_length=10, blank=True, help_text="of the step whose answer was given")
    route = models.CharField(max_length=10, blank=True)
    certainty = models.CharField(max_length=10, blank=True, help_text="how sure the answer sounded")
    confidence = models.FloatField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("created",)
        constraints = [models.UniqueConstraint(fields=("turn", "person"), name="one_rating_per_person_and_turn")]

    def __str__(self) -> str:
        return f"{self.person}: {'up' if self.up else 'down'}"
