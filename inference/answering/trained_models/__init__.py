"""The classifiers of finished training runs, by the names a question may use: "run 12"."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

from django.conf import settings
from pydantic import JsonValue

from inference.placement.task_choice import Learnt
from webapp.live.errors import UserError


@dataclass(frozen=True)
class TrainedModel:
    name: str
    card: dict[str, JsonValue]
    weights: bytes

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.weights).hexdigest()

    @property
    def node_card(self) -> dict[str, JsonValue]:
        """What a node needs of the card."""
        return {key: self.card[key] for key in ("model", "dataset", "classes")}

    @property
    def accuracy(self) -> float | None:
        return cast(float | None, self.card["accuracy"])

    @property
    def part(self) -> str:
        """The name under which its time on a node is observed."""
        return f"{self.digest[:12]}/classify/whole"


def names(owner: int | None = None) -> tuple[str, ...]:
    """Runs with a complete model (its card is written last): of one person, or everybody's."""
    numbers = [int(card.parent.name) for card in _folder().glob("*/card.json") if card.parent.name.isdigit()]
    return tuple(f"run {number}" for number in sorted(numbers) if owner in (None, _card(str(number)).get("owner")))


def cards(owner: int) -> list[Learnt]:
    """What one person's finished runs can tell apart, oldest first."""
    learnt = []
    for name in names(owner):
        card = _card(name.removeprefix("run "))
        classes, accuracy = card.get("classes"), card.get("accuracy")
        if isinstance(classes, list) and len(classes) > 1:
            learnt.append(Learnt(name, tuple(map(str, classes)), accuracy if isinstance(accuracy, float) else None))
    return learnt


def read(name: str, owner: int) -> TrainedModel:
    """Raises UserError where this person has no such run."""
    number = name.removeprefix("run ")
    try:
        card, weights = _card(number), (_folder() / number / "model.safetensors").read_bytes()
    except OSError:
        card, weights = {}, b""
    if card.get("owner") != owner:
        raise UserError("no_model", f"The model of {name} does not exist any more.", "Ask without naming the run.", 404)
    return TrainedModel(name, card, weights)


def _card(number: str) -> dict[str, JsonValue]:
    """Empty where the run has just been deleted."""
    try:
        return dict(json.loads((_folder() / number / "card.json").read_text()))
    except (OSError, ValueError):
        return {}


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "federated"
