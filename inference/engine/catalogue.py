"""Which model serves which task, per profile, with what was measured about it. No torch: web and cloud read this too."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from devices.contract import wire
from inference.engine.answer import Calibration
from inference.engine.codecs import feature_code
from inference.engine.model_files import config, has_vision, has_weights, weights_file
from inference.engine.model_files import sha256 as sha256  # training names the file it started from by it
from inference.engine.model_options import PAPER_SHAPES as PAPER_SHAPES
from inference.engine.model_options import Level, PhotoLevel, Refinement, Shape, shape_of

TASKS = ("classify", "caption", "vqa")
PROFILES = ("compact", "paper")
CODE = "codec.safetensors"
WEIGHTS = Path(__file__).resolve().parent / "weights"
REPAIR = "run `git checkout -- inference/engine/weights`, or install Isthmus again"
PAPER = {
    "classify": "google/vit-base-patch16-224",
    "caption": "Salesforce/blip-image-captioning-base",
    "vqa": "Salesforce/blip-vqa-base",
}
# What to encode a photo with where nothing was measured: a small, a middling and a nearly lossless one.
UNMEASURED_PHOTO = (("webp", 20), ("webp", 60), ("jpeg", 90))


class UnknownProfile(ValueError):
    pass


@dataclass(frozen=True)
class Profile:
    name: str
    folders: Mapping[str, Path | None]  # by task; None: not on this machine
    models: Mapping[str, str]  # by task, what people call them
    card: Mapping[str, Any] = field(default_factory=dict)
    code_file: Path | None = None

    @classmethod
    def from_folders(
        cls, name: str, folders: Mapping[str, Path | str], code_file: Path | None = None, card: Mapping[str, Any] | None = None
    ) -> "Profile":
        """Models in transformers' own folders. A BLIP folder without `vision_model` weights uses the classifier's tower."""
        paths = {task: Path(folder) for task, folder in folders.items()}
        return cls(name, paths, {task: path.name for task, path in paths.items()}, card or {}, code_file)

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(task for task in TASKS if task in self.folders)

    @cached_property
    def _shapes(self) -> dict[str, Shape]:
        return {task: self._shape(task) for task in self.tasks}

    def _shape(self, task: str) -> Shape:
        folder = self.folders["classify" if self.shares_tower(task) else task]
        return shape_of(task, config(folder) if folder else None)

    def code_of(self, task: str) -> Path | None:
        """The file of the code that serves a task: the profile's own, or one beside a model with a tower of its own."""
        owner = "classify" if self.shares_tower(task) else task
        if owner == "classify" and self.code_file is not None:
            return self.code_file
        folder = self.folders[owner]
        return folder / CODE if folder is not None and (folder / CODE).exists() else None

    @cached_property
    def _code_sizes(self) -> dict[str, dict[int, tuple[int, ...]]]:
        return {task: sizes for task in self.tasks if (sizes := self._sizes(task))}

    def _sizes(self, task: str) -> dict[int, tuple[int, ...]] | None:
        """Payload bytes by split point of the learned code; None without one, or with one made for other weights."""
        file, folder = self.code_of(task), self.folders["classify" if self.shares_tower(task) else task]
        if file is None or folder is None or not file.exists():
            return None
        try:
            told = feature_code.about(file)
        except feature_code.CodecError:  # `missing` says so
            return None
        if told["weights"] != sha256(weights_file(folder)):
            return None
        return {int(k): tuple(sizes) for k, sizes in told["sizes"].items()}

    def learned(self, task: str) -> bool:
        """Whether a learned code serves this task; a task that looks through the classifier's tower uses that tower's."""
        return task in self._code_sizes

    def shares_tower(self, task: str) -> bool:
        folder = self.folders[task]
        return task != "classify" and "classify" in self.folders and folder is not None and not has_vision(folder)

    def shape(self, task: str) -> Shape:
        return self._shapes[task]

    def image_size(self, task: str) -> int:
        return self._shapes[task].image_size

    def blocks(self, task: str) -> int:
        return self._shapes[task].blocks

    def split_points(self, task: str) -> tuple[int, ...]:
        if self.learned(task):
            return tuple(sorted(self._code_sizes[task]))
        blocks = self.blocks(task)  # a third at most: further in, a slow device pays more for compute than bytes cost
        return tuple(sorted({0, blocks // 6, blocks // 3}))

    def accuracy(self, task: str) -> float | None:
        """Of the uncompressed model, on the very photos that levels and encodings were measured on: like against like."""
        value = self.card.get("code", {}).get("full", {}).get(task, self._told(task).get("accuracy"))
        return None if value is None else float(value)

    def calibration(self, task: str) -> Calibration:
        told = self._told(task)
        return Calibration(float(told.get("temperature", 1.0)), float(told.get("unsure_below", 0.5)))

    def code_levels(self, task: str, k: int) -> list[Level]:
        """Every level at a split point with its exact bytes. Raises KeyError where the model is not split."""
        if self.learned(task):
            measured = self.card.get("code", {}).get("levels", {}).get(str(k), [])
            known = {one["level"]: one["accuracy"].get(task) for one in measured}
            return [Level(n, wire.HEADER_BYTES + size, known.get(n)) for n, size in enumerate(self._code_sizes[task][k], 1)]
        if k not in self.split_points(task):
            raise KeyError(k)
        sizes = feature_code.pooled_sizes(*self.shape(task).features[k])
        return [Level(n, wire.HEADER_BYTES + size, None) for n, size in enumerate(sizes, 1)]

    def refinements(self, task: str, k: int) -> list[Refinement]:
        """Ways to answer first and refine when unsure at a split point, as the card measured them; empty without any."""
        if not self.learned(task):
            return []
        measured = self.card.get("code", {}).get("refine", {}).get(task, [])
        return [Refinement(**one) for one in measured if one["split_at"] == k]

    def photo_levels(self, task: str) -> list[PhotoLevel]:
        measured = self.card.get("photo") or []
        if not measured:
            return [PhotoLevel(name, quality, None) for name, quality in UNMEASURED_PHOTO]
        return [PhotoLevel(one["codec"], int(one["quality"]), one["accuracy"].get(task)) for one in measured]

    def describe(self) -> dict[str, Any]:
        """For pages and scripts; JSON."""
        absent = missing(self)
        return {
            "name": self.name,
            "ready": not absent,
            "missing": absent,
            "version": self.card.get("version"),
            "measured": self.card.get("measured"),
            "tasks": {task: self._describe(task) for task in self.tasks},
        }

    def _describe(self, task: str) -> dict[str, Any]:
        told, shape = self._told(task), self.shape(task)
        return {
            "model": self.models[task],
            "image_size": shape.image_size,
            "blocks": shape.blocks,
            **{name: told.get(name) for name in ("accuracy", "metric", "temperature", "unsure_below", "question_only")},
            "code": "learned" if self.learned(task) else "pooled",
            "split_points": list(self.split_points(task)),
            "levels": {str(k): [vars(level) for level in self.code_levels(task, k)] for k in self.split_points(task)},
            "photo": [vars(level) for level in self.photo_levels(task)],
        }

    def _told(self, task: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.card.get("tasks", {}).get(task, {})
        return found


def profile(name: str) -> Profile:
    if name == "compact":
        root = WEIGHTS / "compact"
        file = root / "card.json"
        card = json.loads(file.read_text()) if file.exists() else {}
        return Profile(
            name,
            {task: root / task for task in TASKS},
            {task: f"compact {task}" for task in TASKS},
            card,
            root / CODE,
        )
    if name == "paper":
        return Profile(name, {task: _paper_folder(task) for task in TASKS}, PAPER)
    raise UnknownProfile(f"There is no profile named {name}; choose one of {', '.join(PROFILES)}.")


def missing(profile: Profile) -> list[str]:
    """What has to be put in place before this profile can answer, one sentence each; empty when all is there.

    Files that the card names are compared with it, so that a half copied folder is noticed here and not in an answer.
    """
    remedy = "run `python manage.py models fetch`" if profile.name == "paper" else REPAIR
    absent = [task for task in profile.tasks if not has_weights(profile.folders[task])]
    sentences = [f"The {task} model ({profile.models[task]}) is not on this machine; {remedy}." for task in absent]
    for name, told in profile.card.get("digest", {}).items():
        task, _, rest = name.partition("/")
        folder = profile.folders.get(task)
        file = folder / rest if folder and rest else profile.code_file
        if file is not None and task not in absent and sha256(file) != told:
            sentences.append(f"{file} is damaged or of another version than its card; {remedy}.")
    files = {file for task in profile.tasks if (file := profile.code_of(task)) is not None and file.exists()}
    for file in sorted(files):
        try:
            feature_code.about(file)
        except feature_code.CodecError as error:
            sentences.append(str(error))
    return sentences


def card_text(name: str) -> str:
    """The model card for people, as Markdown."""
    file = WEIGHTS / f"{name}.md"
    if file.exists():
        return file.read_text()
    names = "\n".join(f"* {task}: {model}" for task, model in PAPER.items())
    return f"# The {name} models\n\n{names}\n\nTheir cards are where they were published; nothing was measured here."


def _paper_folder(task: str) -> Path | None:
    """ISTHMUS_MODELS/<task> where that is set, else the newest snapshot in the hub's cache."""
    if local := os.environ.get("ISTHMUS_MODELS"):
        return Path(local) / task
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(PAPER[task], "config.json")
    return Path(found).parent if isinstance(found, str) else None
