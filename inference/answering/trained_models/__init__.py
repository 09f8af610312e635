"""The classifiers of finished training runs, by the names a question may use: "run 12"."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import cast

from django.conf import settings
from pydantic import JsonValue

from inference.placement import task_choice
from inference.placement.task_choice import Learnt
from webapp.live.errors import UserError

_OWN = re.compile("^(?:the|an?|my|our) ")


@dataclass(frozen=True)
class TrainedModel:
    """`file` has the weights: `size` bytes, last changed at `changed`, in nanoseconds."""

    name: str
    card: dict[str, JsonValue]
    file: Path
    size: int
    changed: int

    @cached_property
    def weights(self) -> bytes:
        """Raises UserError where they were deleted meanwhile."""
        try:
            return self.file.read_bytes()
        except OSError:
            raise _deleted(self.name) from None

    @property
    def digest(self) -> str:
        try:
            return _digest(self.file, self.size, self.changed)
        except OSError:
            raise _deleted(self.name) from None

    @property
    def node_card(self) -> dict[str, JsonValue]:
        """What a node needs of the card."""
        return {key: self.card[key] for key in ("model", "dataset", "classes")}

    @property
    def classes(self) -> list[str]:
        names = self.card.get("classes")
        return [str(name) for name in names] if isinstance(names, list) else []

    @property
    def accuracy(self) -> float | None:
        return cast(float | None, self.card["accuracy"])

    @property
    def part(self) -> str:
        """The name under which its time on a node is observed."""
        return f"{self.digest[:12]}/classify/whole"

    def class_of(self, thing: str) -> str | None:
        """The class that a person means by this name, in its own spelling."""
        return _class_of(self.classes, thing)


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


def newest_with(thing: str, owner: int) -> int | None:
    """The number of a person's newest run that has a class of this name."""
    runs = [int(run.name.removeprefix("run ")) for run in cards(owner) if _class_of(run.classes, thing)]
    return max(runs, default=None)


def read(name: str, owner: int) -> TrainedModel:
    """Raises UserError where this person has no such run."""
    number = name.removeprefix("run ")
    file = _folder() / number / "model.safetensors"
    try:
        card, facts = _card(number), file.stat()
    except OSError:
        raise _deleted(name) from None
    if card.get("owner") != owner:
        raise _deleted(name)
    return TrainedModel(name, card, file, facts.st_size, facts.st_mtime_ns)


def _deleted(name: str) -> UserError:
    return UserError("no_model", f"The model of {name} does not exist any more.", "Ask without naming the run.", 404)


def _class_of(classes: Iterable[str], thing: str) -> str | None:
    """A class may be called “my cat”, and so may what people look for."""
    wanted = task_choice.plain(thing)
    named = {task_choice.plain(name): name for name in reversed(list(classes))}
    bare = {_OWN.sub("", name): label for name, label in named.items()}
    return named.get(wanted) or bare.get(_OWN.sub("", wanted))


@lru_cache(maxsize=64)
def _digest(file: Path, size: int, changed: int) -> str:
    """Heartbeats ask for it every few seconds, so it is computed once for each state of the file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _card(number: str) -> dict[str, JsonValue]:
    """Empty where the run has just been deleted."""
    try:
        return dict(json.loads((_folder() / number / "card.json").read_text()))
    except (OSError, ValueError):
        return {}


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "federated"
