"""Models that a node is about to load, and how often it has begun to: a process that is killed while it loads them, or loses
power, leaves this behind, and the next one knows.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from devices.agent import config
from devices.contract.heartbeat import Models

FILE = "trial.json"


@dataclass(frozen=True)
class Trial:
    """`bundle`: the digest of what was fetched for the offer. `why`: a sentence, where they are loaded after a restart."""

    offer: Models
    bundle: str
    attempts: int = 0
    why: str = ""

    @property
    def models(self) -> Models:
        return self.offer.model_copy(update={"bundle": self.bundle})


def begin(home: Path, trial: Trial) -> Trial:
    """Count an attempt, before it is made. Raises OSError."""
    counted = replace(trial, attempts=trial.attempts + 1)
    save(home, counted)
    return counted


def save(home: Path, trial: Trial) -> None:
    """Raises OSError."""
    config.replace_private(home / FILE, json.dumps({**asdict(trial), "offer": trial.offer.model_dump()}))


def read(home: Path) -> Trial | None:
    """None without one, and for a damaged one."""
    try:
        values = json.loads((home / FILE).read_text())
        return Trial(**{**values, "offer": Models.model_validate(values["offer"])})
    except (OSError, ValueError, TypeError, KeyError, ValidationError):
        return None


def end(home: Path) -> None:
    (home / FILE).unlink(missing_ok=True)
