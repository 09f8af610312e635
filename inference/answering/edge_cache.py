"""Which features of a photo an edge should still have in its cache, judged by the receipts of earlier answers.

A wrong guess costs one call: an edge that has lost the features says so, and they are sent again.
"""

from datetime import datetime, timedelta

from django.conf import settings

from inference.engine.catalogue import Profile
from inference.models import Photo, QuestionPhoto, Step, Turn

LATEST = 16  # answers about a photo that tell what an edge has of it


def cached_levels(photo: Photo, edge: str, now: datetime, tasks: list[str]) -> dict[int, int]:
    """Split point -> highest level that was sent to the edge, or used there, within the lifetime of its cache.

    `tasks`: those that can use each other's features.
    """
    cached: dict[int, int] = {}
    if settings.KEEP_FEATURES_S <= 0:
        return cached
    # Only these keys of the latest: a receipt lists every candidate, and a long conversation about one photo has many receipts.
    keys = [f"receipt__{name}" for name in ("photo", "route", "edge", "crop", "at", "split_at", "levels")]
    beside = QuestionPhoto.objects.filter(photo=photo).order_by().values("turn")
    turns = Turn.objects.filter(photo=photo).order_by().values("pk").union(beside, all=True)
    answered = Step.objects.filter(turn__in=turns, state="answered", task__in=tasks).order_by("-pk")
    for subject, route, used, crop, at, k, levels in answered.values_list(*keys)[:LATEST]:
        if route != "split" or used != edge or crop or not levels or subject not in (None, str(photo.pk)):
            continue
        if now - datetime.fromisoformat(at) < timedelta(seconds=settings.KEEP_FEATURES_S):
            cached[k] = max(levels[-1]["level"], cached.get(k, 0))
    return cached


def tasks_sharing_tower(profile: Profile, task: str) -> list[str]:
    """The tasks that use the same vision tower, so that features computed for one serve the others."""
    shared = ["classify", *(other for other in profile.tasks if profile.shares_tower(other))]
    return [other for other in profile.tasks if other in shared] if task in shared else [task]
