"""What the tasks on BLIP's text models have in common: weights, tokenizer, and a tower of their own or the classifier's."""

import hashlib
from collections.abc import Callable

import torch
from torch import Tensor
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from inference.engine import loading, towers
from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.codecs import selection
from inference.engine.loading import Decoder, Part
from inference.engine.pixels import Pixels
from inference.engine.tasks import adapter

Making = Callable[[PreTrainedModel, PreTrainedTokenizerBase], Decoder]  # the task's own end from its model and tokenizer


def load(
    kind: type[PreTrainedModel], make: Making, profile: Profile, task: str, device: torch.device, shared: Part | None
) -> Part:
    """`kind` is the transformers class of the folder's model. Raises ModelsMissing."""
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
    decoder, weights = make(model, tokenizer), (*own, *model.parameters())
    if layer := adapter.load(folder):
        texts.update(towers.digest(layer))
        decoder, weights = _adapted(layer.to(device), decoder), (*weights, *layer.parameters())
    return Part(tower, digest, texts.digest(), pixels, codes, decoder, weights)


def _adapted(layer: adapter.Adapter, decoder: Decoder) -> Decoder:
    def answer(tokens: Tensor, question: str) -> Answer:
        with torch.inference_mode():
            adapted = layer(tokens)
        return decoder(adapted, question)

    return answer
