"""What the tasks on BLIP's text models have in common: weights, tokenizer, and a tower of their own or the classifier's."""

import hashlib
from collections.abc import Callable

import torch
from torch import Tensor
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from inference.engine import loading, towers
from inference.engine.catalogue import Profile
from inference.engine.codecs import selection
from inference.engine.loading import Decoder, Part
from inference.engine.pixels import Pixels
from inference.engine.tasks import adapter
from inference.engine.tasks.evidence import LogProbability, by_gradient

Adapting = Callable[[Tensor], Tensor]  # the tower's tokens -> those that the text model attends to
# The task's own end, from its model, its tokenizer and its adapter.
Making = Callable[[PreTrainedModel, PreTrainedTokenizerBase, Adapting], Decoder]
Scoring = Callable[[PreTrainedModel, PreTrainedTokenizerBase], LogProbability]


def load(
    kind: type[PreTrainedModel], make: Making, profile: Profile, task: str, device: torch.device, shared: Part | None,
    score: Scoring | None = None,
) -> Part:  # fmt: skip
    """`kind` is the transformers class of the folder's model. With `score`, a model on an adapter can say where it looked.
    Raises ModelsMissing."""
    folder = loading.folder_of(profile, task)
    model = loading.pretrained(kind, folder, without="vision_model." if shared else None)
    own: tuple[Tensor, ...] = ()  # weights of its own tower
    if shared:
        tower, digest, codes, pixels = shared.tower, shared.digest, shared.codes, shared.pixels
    else:
        tower, digest = towers.BlipTower(model.vision_model), towers.digest(model.vision_model)
        codes, own = selection.codes(profile, task, digest), tuple(model.vision_model.parameters())
        pixels = Pixels.read(folder, tower.image_size)
    model.vision_model = None  # the part holds the tower; a shared one is in memory once
    model.to(device)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    # Two nodes with equal weights and different vocabularies would answer differently: both count.
    texts = hashlib.sha256(towers.digest(model) + repr(sorted(tokenizer.get_vocab().items())).encode())
    adapt: Adapting = as_they_are
    weights, evidence = (*own, *model.parameters()), None
    if layer := adapter.load(folder):
        texts.update(towers.digest(layer))
        adapt, weights = _adapting(layer.to(device)), (*weights, *layer.parameters())
        evidence = by_gradient(layer, score(model, tokenizer)) if score else None
    decoder = make(model, tokenizer, adapt)
    return Part(tower, digest, texts.digest(), pixels, codes, decoder, weights, evidence=evidence)


def as_they_are(tokens: Tensor) -> Tensor:
    """For a model that attends to its tower's tokens themselves."""
    return tokens


def _adapting(layer: adapter.Adapter) -> Adapting:
    @torch.inference_mode()
    def adapt(tokens: Tensor) -> Tensor:
        adapted: Tensor = layer(tokens)
        return adapted

    return adapt
