"""Which features of a photo edges should still have in their caches, judged by earlier answers.

A wrong guess costs one call: an edge that has lost the features says so, and they are sent again.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TypedDict

from django.conf import settings

from inference.engine.catalogue import Profile
from inference.models import Photo, QuestionPhoto, Step, Turn
from inference.receipt import Receipt

LATEST = 16  # answers about a photo that tell what edges have of it


class Held(TypedDict):
    """What one answer left at an edge."""

    photo: str
    edge: str
    split_at: int
    level: int
    at: str  # when the features were sent or used, ISO 8601


def held_after(receipt: Receipt) -> Held | None:
    """None for an answer that left nothing there, or features of a part of the photo."""
    levels = receipt.get("levels")
    if receipt["route"] != "split" or not levels or receipt.get("crop"):
        return None
    edge, split_at, level = receipt["edge"], receipt["split_at"], levels[-1]["level"]
    assert edge is not None and split_at is not None and level is not None, "a split answer has them"
    return {"photo": receipt["photo"], "edge": edge, "split_at": split_at, "level": level, "at": receipt["at"]}


def cached_levels(photo: Photo, now: datetime, tasks: list[str]) -> dict[str, dict[int, int]]:
    """Edge -> split point -> highest level that was sent to it, or used there, within the lifetime of its cache.

    `tasks`: those that can use each other's features.
    """
    cached: dict[str, dict[int, int]] = defaultdict(dict)
    if settings.KEEP_FEATURES_S <= 0:
        return cached
    beside = QuestionPhoto.objects.filter(photo=photo).order_by().values("turn")
    turns = Turn.objects.filter(photo=photo).order_by().values("pk").union(beside, all=True)
    answered = Step.objects.filter(turn__in=turns, task__in=tasks, held__isnull=False).order_by("-pk")
    oldest = now - timedelta(seconds=settings.KEEP_FEATURES_S)
    for features in answered.values_list("held", flat=True)[:LATEST]:
        if features["photo"] == str(photo.pk) and datetime.fromisoformat(features["at"]) > oldest:
            levels, split_at = cached[features["edge"]], features["split_at"]
            levels[split_at] = max(features["level"], levels.get(split_at, 0))
    return cached


def tasks_sharing_tower(profile: Profile, task: str) -> list[str]:
    """The tasks that use the same vision tower, so that features computed for one serve the others."""
    shared = ["classify", *(other for other in profile.tasks if profile.shares_tower(other))]
    return [other for other in profile.tasks if other in shared] if task in shared else [task]
