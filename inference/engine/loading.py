"""A profile's folders as networks of torch modules."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import PreTrainedModel
from transformers.utils import logging as transformers_logging

from inference.engine import catalogue, tasks
from inference.engine.catalogue import ModelsMissing as ModelsMissing
from inference.engine.catalogue import Profile
from inference.engine.efficientnet.network import EfficientNetLite, folded
from inference.engine.engines.networks import Networks
from inference.engine.engines.torch_networks import TorchText, TorchVision
from inference.engine.model_files import config, packaged, weights_file
from inference.engine.split import Tower

# Tied to the word embeddings, so files may leave them out.
TIED = "predictions.decoder."


def load(profile: Profile, device: torch.device) -> dict[str, Networks]:
    """Every task of the profile that has a tower. Raises ModelsMissing, one sentence with the remedy."""
    if sentences := catalogue.missing(profile):
        raise ModelsMissing(sentences[0])
    networks: dict[str, Networks] = {}
    with _quiet():
        for name in profile.on_towers:  # in the order of the list: the task that lends its tower comes first
            shared = networks[tasks.SHARED_TOWER] if profile.shares_tower(name) else None
            load_networks = tasks.get(name).load
            assert load_networks is not None, "a task on a tower can be loaded"
            networks[name] = load_networks(profile, device, shared)
    return networks


def tower(networks: Networks) -> Tower:
    """The torch tower behind networks that this module loaded."""
    assert isinstance(networks.vision, TorchVision), "these networks are torch's"
    return networks.vision.tower


def weights(networks: Mapping[str, Networks]) -> dict[int, int]:
    """Bytes of every tensor, by its address: tasks on one tower name the same ones."""
    parts = [part for own in networks.values() for part in (own.vision, own.text) if isinstance(part, TorchVision | TorchText)]
    tensors = {value.data_ptr(): value.nbytes for part in parts for value in part.weights}
    linear = [own.classifier for own in networks.values() if own.classifier is not None]
    return tensors | {layer.weight.ctypes.data: layer.weight.nbytes + layer.bias.nbytes for layer in linear}


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
