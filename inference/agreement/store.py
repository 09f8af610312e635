"""What was measured here, by the digests of what it was measured with; and the profile that answers, with it."""

import hashlib
from collections.abc import Iterable

from devices import model_choice
from inference.agreement import known_profiles
from inference.engine import measured_card
from inference.engine.agreement import Share
from inference.engine.catalogue import Profile
from inference.engine.digests import sha256
from inference.engine.hub import snapshot
from inference.engine.measured_card import Measured
from inference.engine.tasks import SHARED_TOWER
from inference.models import MethodAgreement

POOLED = "pooled"  # in place of the digest of a learned code


def profile(name: str) -> Profile:
    """A profile with what was measured of it here."""
    plain = known_profiles.unchanged(name)
    rows = list(MethodAgreement.objects.filter(profile=name))
    return measured_card.with_agreement(plain, current(plain, rows)) if rows else plain


def active() -> Profile:
    """The profile that answers now."""
    return profile(model_choice.active())


def current(profile: Profile, rows: Iterable[MethodAgreement]) -> list[Measured]:
    """The rows that were measured with the weights and codes that are here now."""
    digests = {task: (weights_digest(profile, task), code_digest(profile, task)) for task in profile.on_towers}
    return [
        Measured(row.task, row.method, row.bytes, row.answers, row.agreement)
        for row in rows
        if row.task in digests and row.weights == digests[row.task][0] and row.code in ("", digests[row.task][1])
    ]


def record(profile: Profile, task: str, method: str, size: float, photos: int, share: Share) -> None:
    is_split = method.startswith(measured_card.SPLIT)
    MethodAgreement.objects.update_or_create(
        profile=profile.name,
        task=task,
        weights=weights_digest(profile, task),
        code=code_digest(profile, task) if is_split else "",
        method=method,
        defaults={
            "bytes": size,
            "photos": photos,
            "answers": share.answers,
            "agreement": share.mean,
            "low": share.low,
            "high": share.high,
        },
    )


def weights_digest(profile: Profile, task: str) -> str:
    """Of everything that answers a task: its own file and that of the tower it uses."""
    owners = (task, SHARED_TOWER) if profile.shares_tower(task) else (task,)
    return hashlib.sha256("".join(_file_digest(profile, owner) for owner in owners).encode()).hexdigest()


def code_digest(profile: Profile, task: str) -> str:
    file = profile.code_of(task)
    return sha256(file) if profile.learned(task) and file is not None else POOLED


def _file_digest(profile: Profile, task: str) -> str:
    folder = profile.folders[task]
    return snapshot.weights_digest(folder) if folder is not None else ""
