"""transformers' ViT and BLIP vision models behind one protocol (split.Tower), and the digest that names their weights."""

import hashlib
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BlipVisionModel, ViTModel


class _Embedded:
    """What both have alike: the shape, and pixels to features before the first block."""

    def __init__(self, model: Any) -> None:
        self.model = model
        config = model.config
        self.image_size, self.depth, self.width = int(config.image_size), int(config.num_hidden_layers), int(config.hidden_size)
        self.tokens = 1 + (self.image_size // int(config.patch_size)) ** 2

    def embed(self, pixels: Tensor) -> Tensor:
        embedded: Tensor = self.model.embeddings(pixels)
        return embedded


class ViTTower(_Embedded):
    model: ViTModel

    def blocks(self, features: Tensor, first: int, last: int) -> Tensor:
        for layer in self.model.layers[first:last]:
            features = layer(features)
        return features

    def finish(self, features: Tensor) -> Tensor:
        tokens: Tensor = self.model.layernorm(features)
        return tokens


class BlipTower(_Embedded):
    model: BlipVisionModel

    def blocks(self, features: Tensor, first: int, last: int) -> Tensor:
        for layer in self.model.encoder.layers[first:last]:
            features = layer(features)
        return features

    def finish(self, features: Tensor) -> Tensor:
        tokens: Tensor = self.model.post_layernorm(features)
        return tokens


def digest(module: nn.Module) -> bytes:
    """SHA-256 of every weight, by name, as little-endian floats: the same on every machine that loaded the same files."""
    found = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        found.update(f"{name}{tuple(value.shape)}".encode())
        found.update(value.detach().to("cpu", torch.float32).contiguous().numpy().tobytes())
    return found.digest()
