"""A profile's folders as loaded parts: tower, preprocessing, codes and the task's own end."""

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor
from transformers import (
    AutoTokenizer,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    ResNetForImageClassification,
    ViTForImageClassification,
)
from transformers.utils import logging as transformers_logging

from inference.engine import catalogue, towers
from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.codecs import feature_code
from inference.engine.model_files import config
from inference.engine.pixels import Pixels
from inference.engine.split import Tower
from inference.engine.tasks.caption import Captioner
from inference.engine.tasks.classify import Classifier
from inference.engine.tasks.vqa import Answerer

log = logging.getLogger(__name__)
# Tied to the word embeddings, so files may leave them out.
TIED = "predictions.decoder."


class ModelsMissing(Exception):
    """One sentence with the remedy."""


@dataclass(frozen=True)
class Part:
    """What one task runs on. Tasks that share a tower share the object: it is in memory once."""

    tower: Tower
    digest: bytes  # of the tower
    texts: bytes  # digest of the task's own end
    pixels: Pixels
    codes: dict[int, feature_code.Code]
    answer: Callable[[Tensor, str], Answer]


def load(profile: Profile, device: torch.device) -> dict[str, Part]:
    if absent := catalogue.missing(profile):
        raise ModelsMissing(absent[0])
    parts: dict[str, Part] = {}
    with _quiet():
        for task in profile.tasks:  # classify first: others may look through its tower
            parts[task] = _classify(profile, device) if task == "classify" else _blip(profile, task, device, parts)
    return parts


def _classify(profile: Profile, device: torch.device) -> Part:
    folder = _folder(profile, "classify")
    if (config(folder) or {}).get("model_type") == "resnet":
        model = _pretrained(ResNetForImageClassification, folder).to(device)
        tower: Tower = towers.ResNetTower(model.resnet)
    else:
        model = _pretrained(ViTForImageClassification, folder).to(device)
        tower = towers.ViTTower(model.vit)
    digest = towers.digest(model.base_model)
    end = Classifier(
        model.classifier, {int(n): name for n, name in model.config.id2label.items()}, profile.calibration("classify")
    )
    codes = _codes(profile, "classify", tower, digest)
    return Part(
        tower,
        digest,
        towers.digest(model.classifier),
        Pixels.read(folder, tower.image_size),
        codes,
        lambda tokens, _: end.answer(tokens),
    )


def _blip(profile: Profile, task: str, device: torch.device, parts: dict[str, Part]) -> Part:
    folder, shared = _folder(profile, task), profile.shares_tower(task)
    kind = BlipForConditionalGeneration if task == "caption" else BlipForQuestionAnswering
    model = _pretrained(kind, folder, without="vision_model." if shared else None)
    if shared:
        tower, digest, codes = parts["classify"].tower, parts["classify"].digest, parts["classify"].codes
    else:
        tower, digest = towers.BlipTower(model.vision_model), towers.digest(model.vision_model)
        codes = _codes(profile, task, tower, digest)
    model.vision_model = None  # the tower is held by itself, and a shared one lives elsewhere
    model.to(device)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    # Two nodes with the same weights and other words would answer differently: the vocabulary counts.
    texts = hashlib.sha256(towers.digest(model) + repr(sorted(tokenizer.get_vocab().items())).encode()).digest()
    pixels = Pixels.read(folder, tower.image_size)
    if task == "caption":
        captioner = Captioner(model, tokenizer, profile.calibration(task))
        return Part(tower, digest, texts, pixels, codes, lambda tokens, _: captioner.answer(tokens))
    answerer = Answerer(model, tokenizer, profile.calibration(task))
    return Part(tower, digest, texts, pixels, codes, answerer.answer)


def _codes(profile: Profile, task: str, tower: Tower, digest: bytes) -> dict[int, feature_code.Code]:
    file = profile.code_of(task)
    if profile.learned(task) and file is not None:
        if feature_code.about(file)["tower"] != digest.hex():
            raise ModelsMissing(f"{file} belongs to other weights; restore both or train the feature code again.")
        return dict(feature_code.load(file))
    if file is not None and file.exists():
        log.warning("%s belongs to other weights and is not used; train the feature code again.", file)
    return {k: feature_code.PooledCode(*tower.shape(k)) for k in profile.split_points(task)}


def _pretrained(kind: Any, folder: Path, without: str | None = None) -> Any:
    """In single precision, for answering. Weights that the folder lacks are an error, not noise to answer from."""
    try:
        model, told = kind.from_pretrained(folder, dtype=torch.float32, local_files_only=True, output_loading_info=True)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelsMissing(f"The model in {folder} cannot be loaded ({error}); fetch or restore it again.") from error
    absent = [name for name in told["missing_keys"] if TIED not in name and not (without and name.startswith(without))]
    if absent:
        raise ModelsMissing(
            f"The model in {folder} lacks {len(absent)} weights, {absent[0]} for one; fetch or restore it again."
        )
    return model.eval().requires_grad_(False)


def _folder(profile: Profile, task: str) -> Path:
    folder = profile.folders[task]
    if folder is None:
        raise ModelsMissing(f"The {task} model is not on this machine.")
    return folder


@contextmanager
def _quiet() -> Iterator[None]:
    """transformers tells of every weight that a shared tower makes superfluous; the check above tells what matters."""
    before, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)
        if bars:
            transformers_logging.enable_progress_bar()
