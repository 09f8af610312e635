"""The classifiers that finished training runs left behind, by the names a question may use: "run 12"."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from webapp.live.errors import UserError


@dataclass(frozen=True)
class Finished:
    name: str
    card: dict[str, Any]
    file: Path
    digest: str  # of the weights

    @property
    def told(self) -> dict[str, Any]:
        """What a node needs of the card."""
        return {key: self.card[key] for key in ("model", "dataset", "classes")}

    @property
    def accuracy(self) -> float | None:
        return self.card["accuracy"]  # type: ignore[no-any-return]

    @property
    def part(self) -> str:
        """What its time on a node is kept under."""
        return f"{self.digest[:12]}/classify/whole"

    def weights(self) -> bytes:
        """Raises UserError."""
        try:
            return self.file.read_bytes()
        except OSError:
            raise _gone(self.name) from None


def names(owner: int | None = None) -> tuple[str, ...]:
    """Runs whose model was written whole: its card is written last. Those of one person, or of all for who runs the machine."""
    numbers = [int(card.parent.name) for card in _folder().glob("*/card.json") if card.parent.name.isdigit()]
    return tuple(f"run {number}" for number in sorted(numbers) if owner in (None, _owner(number)))


def _owner(number: int) -> int | None:
    try:
        told = json.loads((_folder() / str(number) / "card.json").read_text())
    except (OSError, ValueError):  # deleted just now
        return None
    return told.get("owner")  # type: ignore[no-any-return]


def read(name: str, owner: int) -> Finished:
    """Raises UserError where this person has no such run, or no more."""
    place = _folder() / name.removeprefix("run ")
    file = place / "model.safetensors"
    try:
        card, digest = json.loads((place / "card.json").read_text()), hashlib.sha256(file.read_bytes()).hexdigest()
    except (OSError, ValueError):
        raise _gone(name) from None
    if card.get("owner") != owner:
        raise _gone(name)
    return Finished(name, card, file, digest)


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "federated"


def _gone(name: str) -> UserError:
    return UserError("no_model", f"The model of {name} is not there any more.", "Ask without naming the run.", 404)
