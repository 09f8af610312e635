"""A profile's folders as torch models in parts: tower, preprocessing, codes and the task's own decoder."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers import PreTrainedModel
from transformers.utils import logging as transformers_logging

from inference.engine import catalogue, tasks
from inference.engine.answer import Answer
from inference.engine.catalogue import ModelsMissing as ModelsMissing
from inference.engine.catalogue import Profile
from inference.engine.codecs import feature_code
from inference.engine.efficientnet.network import EfficientNetLite, folded
from inference.engine.model_files import config, packaged, weights_file
from inference.engine.pixels import Pixels
from inference.engine.questions.label_tree import LabelTree
from inference.engine.split import Tower

# Tied to the word embeddings, so files may leave them out.
TIED = "predictions.decoder."
Decoder = Callable[[Tensor, str], Answer]  # tokens [1, T, width] and the question -> answer
Evidence = Callable[[Tensor, str, str], Tensor]  # tokens [1, T, width], question, answer -> [S, S], 0…1


class Classes(Protocol):
    """A classifier on the tower's tokens, for other tasks on the same tower too."""

    tree: LabelTree | None  # None: its classes are not ImageNet's

    def probabilities(self, tokens: Tensor) -> NDArray[np.float64]:
        """tokens [1, T, width] -> [classes]."""

    def answer(self, tokens: Tensor, question: str = "") -> Answer:
        """tokens [1, T, width] -> a name, with a calibrated confidence."""


@dataclass(frozen=True)
class Part:
    """What one task runs on. Tasks that share a tower share the object: it is in memory once."""

    tower: Tower
    digest: bytes  # SHA-256 of the tower's weights
    texts: bytes  # SHA-256 of the decoder's weights and vocabulary
    pixels: Pixels
    codes: dict[int, feature_code.Code]  # by split point
    answer: Decoder
    weights: tuple[Tensor, ...]  # of the tower and the decoder, for their size in memory
    classes: Classes | None = None
    evidence: Evidence | None = None  # for models that can say where they looked


def load(profile: Profile, device: torch.device) -> dict[str, Part]:
    """Every task of the profile. Raises ModelsMissing, one sentence with the remedy."""
    if sentences := catalogue.missing(profile):
        raise ModelsMissing(sentences[0])
    parts: dict[str, Part] = {}
    with _quiet():
        for name in profile.on_towers:  # in the order of the list: the task that lends its tower comes first
            shared, load_part = parts[tasks.SHARED_TOWER] if profile.shares_tower(name) else None, tasks.get(name).load
            assert load_part is not None, "a task on a tower can be loaded"
            parts[name] = load_part(profile, device, shared)
    return parts


def pretrained(kind: type[PreTrainedModel], folder: Path, without: str | None = None) -> Any:
    """In float32, for inference. Weights that the folder lacks raise ModelsMissing: transformers would fill them with noise.
    `without`: prefix of weights that may be absent."""
    try:
        model, info = kind.from_pretrained(
            folder, dtype=torch.float32, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelsMissing(f"The model in {folder} cannot be loaded ({error}); fetch or restore it again.") from error
    absent = [name for name in info["missing_keys"] if TIED not in name and not (without and name.startswith(without))]
    if absent:
        raise ModelsMissing(
            f"The model in {folder} lacks {len(absent)} weights, {absent[0]} for one; fetch or restore it again."
        )
    return model.eval().requires_grad_(False)


def efficientnet(folder: Path) -> EfficientNetLite:
    """From the folder's own weights or the published ones of an installed package, which `catalogue.missing` has compared with
    their digest. Raises ModelsMissing."""
    values, package = config(folder) or {}, packaged(folder)
    file = weights_file(folder)
    try:
        network = EfficientNetLite(values["size"], len(values["id2label"]))
        if package:
            # `weights_only` reads tensors and nothing that could run.
            weights = folded(torch.load(file, map_location="cpu", weights_only=True), values["size"])
        else:
            weights = {name: value.float() for name, value in load_file(file).items()}
        network.load_state_dict(weights)
    except (OSError, KeyError, ValueError, RuntimeError, UnpicklingError, SafetensorError) as error:
        raise ModelsMissing(f"The weights in {file} cannot be loaded ({error}); fetch or restore them again.") from error
    return network.eval().requires_grad_(False)


def folder_of(profile: Profile, task: str) -> Path:
    folder = profile.folders[task]
    if folder is None:
        raise ModelsMissing(f"The {task} model is not on this machine.")
    return folder


@contextmanager
def _quiet() -> Iterator[None]:
    """transformers logs every weight that a shared tower makes superfluous; `pretrained` reports what matters."""
    before, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)
        if bars:
            transformers_logging.enable_progress_bar()
