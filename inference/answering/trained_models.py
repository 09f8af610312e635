"""The classifiers that finished training runs left behind, by the names a question may use: "run 12"."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings

from webapp.live.errors import UserError


@dataclass(frozen=True)
class Finished:
    name: str
    card: dict[str, Any]
    weights: bytes

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.weights).hexdigest()

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


def names(owner: int | None = None) -> tuple[str, ...]:
    """Runs whose model was written whole: its card is written last. Those of one person, or of all for who runs the machine."""
    numbers = [int(card.parent.name) for card in _folder().glob("*/card.json") if card.parent.name.isdigit()]
    return tuple(f"run {number}" for number in sorted(numbers) if owner in (None, _card(str(number)).get("owner")))


def read(name: str, owner: int) -> Finished:
    """Raises UserError where this person has no such run, or no more."""
    number = name.removeprefix("run ")
    try:
        card, weights = _card(number), (_folder() / number / "model.safetensors").read_bytes()
    except OSError:
        card, weights = {}, b""
    if card.get("owner") != owner:
        raise UserError("no_model", f"The model of {name} is not there any more.", "Ask without naming the run.", 404)
    return Finished(name, card, weights)


def _card(number: str) -> dict[str, Any]:
    """Empty where the run was deleted just now."""
    try:
        return dict(json.loads((_folder() / number / "card.json").read_text()))
    except (OSError, ValueError):
        return {}


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "federated"
