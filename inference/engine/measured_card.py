"""What was measured on this installation, in the form of a model card, so that levels and photo encodings get their cost. Pure.

Of the bundled models the card itself has it, measured with labels; that stands. Agreement is relative to the uncompressed
model, so the uncompressed model's own is 1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from inference.engine import agreement
from inference.engine.catalogue import Profile

LABELS, AGREEMENT = "labels", "agreement"
PHOTO, SPLIT = "photo", "split"


@dataclass(frozen=True)
class Measured:
    """One task by one method: photo/CODEC/QUALITY or split/POINT/LEVEL."""

    task: str
    method: str
    bytes: float
    answers: int
    agreement: float


def photo_method(codec: str, quality: int) -> str:
    return f"{PHOTO}/{codec}/{quality}"


def split_method(split_at: int, level: int) -> str:
    return f"{SPLIT}/{split_at}/{level}"


def measured_by(profile: Profile) -> str:
    """What the profile's accuracies are: shares of right answers, or of answers that stay the same."""
    return str(profile.card.get("measured_by", LABELS))


def with_agreement(profile: Profile, rows: Iterable[Measured]) -> Profile:
    """The profile with the costs in `rows`, where its own card measures none. Too few answers count for nothing."""
    used = [row for row in rows if agreement.is_enough(row.answers)]
    if not used or profile.card.get("photo") or profile.card.get("code"):
        return profile
    tasks = sorted({row.task for row in used})
    photo, levels = _by_method(used, PHOTO), _by_method(used, SPLIT)
    card: dict[str, Any] = {
        **profile.card,
        "measured_by": AGREEMENT,
        "photo": [
            {"codec": codec, "quality": int(quality), "bytes": _mean(of), "accuracy": _accuracy(of)}
            for (codec, quality), of in photo.items()
        ],
        "code": {"full": dict.fromkeys(tasks, 1.0), "levels": {}},
    }
    for (split_at, level), of in levels.items():
        entry = {"level": int(level), "bytes": _mean(of), "accuracy": _accuracy(of)}
        card["code"]["levels"].setdefault(split_at, []).append(entry)
    return replace(profile, card=card)


def _by_method(rows: Iterable[Measured], kind: str) -> dict[tuple[str, str], list[Measured]]:
    found: dict[tuple[str, str], list[Measured]] = {}
    for row in rows:
        name, first, second = row.method.split("/")
        if name == kind:
            found.setdefault((first, second), []).append(row)
    return dict(sorted(found.items(), key=lambda item: (item[0][0], int(item[0][1]))))


def _accuracy(rows: Iterable[Measured]) -> Mapping[str, float]:
    return {row.task: row.agreement for row in rows}


def _mean(rows: list[Measured]) -> int:
    return round(sum(row.bytes for row in rows) / len(rows))
