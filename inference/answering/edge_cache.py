"""What an edge should still hold of a photo, as the receipts of earlier answers say.

A guess that costs nothing when it is wrong: an edge that has lost the features says so, and they are sent again.
"""

from datetime import datetime, timedelta

from django.conf import settings

from inference.engine.catalogue import Profile
from inference.models import Photo, Step


def held(photo: Photo, edge: str, now: datetime, tasks: list[str]) -> dict[int, int]:
    """Split point -> highest level that was sent to the edge, or used there, within the time it keeps features.

    `tasks`: those that can use each other's features.
    """
    found: dict[int, int] = {}
    if settings.KEEP_FEATURES_S <= 0:
        return found
    # By key: a receipt names every candidate, and a long conversation about one photo has many receipts.
    keys = [f"receipt__{name}" for name in ("at", "split_at", "levels")]
    answered = Step.objects.filter(
        turn__photo=photo, state="answered", task__in=tasks, receipt__route="split", receipt__edge=edge
    )
    for at, k, levels in answered.values_list(*keys):
        if levels and now - datetime.fromisoformat(at) < timedelta(seconds=settings.KEEP_FEATURES_S):
            found[k] = max(levels[-1]["level"], found.get(k, 0))
    return found


def alike(profile: Profile, task: str) -> list[str]:
    """The tasks that look through the same tower, so that features made for one serve the others."""
    shared = ["classify", *(one for one in profile.tasks if profile.shares_tower(one))]
    return [one for one in profile.tasks if one in shared] if task in shared else [task]
