"""Exports that failed: why, and when the next attempt is due. A file beside the bundles, for every process of the server.

The cause rarely goes away by itself, so the pauses double. Other models are another matter, and are exported at once.
"""

import json
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from inference.engine import catalogue
from inference.engine.bundles.store import made_from

log = logging.getLogger(__name__)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 300.0, 6 * 3600.0
_unwritten: dict[Path, "Failure"] = {}  # where the disk is full, at least this process knows


@dataclass(frozen=True)
class Failure:
    profile: str
    reason: str  # a sentence
    digest: str  # of what was to be exported
    attempts: int  # in a row
    at: float  # Unix time

    @property
    def sentence(self) -> str:
        return f"The server could not export the {self.profile} models: {self.reason}"

    @property
    def pause_s(self) -> float:
        """Until the next attempt, from now; 0 where the clock was set back."""
        pause: float = min(FIRST_PAUSE_S * 2 ** (self.attempts - 1), LONGEST_PAUSE_S)
        elapsed = time.time() - self.at
        return pause - elapsed if elapsed >= 0 else 0.0

    @property
    def minutes(self) -> str:
        count = max(1, round(self.pause_s / 60))
        return f"{count} minute{'' if count == 1 else 's'}"


def latest(profile: str) -> Failure | None:
    """The last export's failure, until the next attempt is due."""
    failure = _read(profile)
    return failure if failure and failure.pause_s > 0 and failure.digest == _digest(profile) else None


def record(profile: str, reason: str) -> None:
    before, digest = _read(profile), _digest(profile)
    attempts = before.attempts + 1 if before and before.digest == digest else 1
    failure, file = Failure(profile, reason, digest, attempts, time.time()), _file(profile)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(failure)))
    except OSError as error:
        log.warning("%s cannot be written: %s", file, error)
        _unwritten[file] = failure


def forget(profile: str) -> None:
    """After an export that succeeded."""
    _unwritten.pop(_file(profile), None)
    _file(profile).unlink(missing_ok=True)


def _read(profile: str) -> Failure | None:
    if failure := _unwritten.get(_file(profile)):
        return failure
    try:
        return Failure(**json.loads(_file(profile).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _digest(profile: str) -> str:
    return made_from(catalogue.profile(profile))


def _file(profile: str) -> Path:
    root: Path = settings.BUNDLES_DIR
    return root / f"{profile}.failed"
