"""EfficientNet-Lite and transformers' ViT and BLIP vision models behind one protocol (split.Tower), and the digest of their
weights."""

import hashlib
import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BlipVisionModel, ViTModel

from inference.engine.efficientnet import blocks
from inference.engine.efficientnet.network import EfficientNetLite
from inference.engine.model_options import shape_of


class _Tower:
    """The common part: the shape, and a head made of the embedding and the first layers."""

    def __init__(self, model: Any, embedding: nn.Module, layers: Iterable[nn.Module]) -> None:
        self.model, self.embedding, self.layers = model, embedding, list(layers)
        self._shape = shape_of(model.config.to_dict())
        self.image_size, self.depth = self._shape.image_size, self._shape.blocks

    def shape(self, k: int) -> tuple[int, int]:
        return self._shape.features[k]

    def on_device(self, k: int) -> list[nn.Module]:
        return [self.embedding, *self.layers[:k]]

    def embed(self, pixels: Tensor) -> Tensor:
        embedded: Tensor = self.embedding(pixels)
        return embedded

    def blocks(self, features: Tensor, first: int, last: int) -> Tensor:
        for layer in self.layers[first:last]:
            features = layer(features)
        return features


class ViTTower(_Tower):
    """Vision Transformer (Dosovitskiy et al. 2021)."""

    def __init__(self, model: ViTModel) -> None:
        super().__init__(model, model.embeddings, model.layers)

    def finish(self, features: Tensor) -> Tensor:
        tokens: Tensor = self.model.layernorm(features)
        return tokens


class BlipTower(_Tower):
    """The vision transformer of BLIP (Li et al. 2022)."""

    def __init__(self, model: BlipVisionModel) -> None:
        super().__init__(model, model.embeddings, model.encoder.layers)

    def finish(self, features: Tensor) -> Tensor:
        tokens: Tensor = self.model.post_layernorm(features)
        return tokens


class EfficientNetTower:
    """EfficientNet-Lite. The stem is the embedding, and each inverted residual is a block.

    The last halving of the resolution loses colour and number: from there on the map before it is carried along (skip),
    zero-padded to the same width, and the text decoders attend to both. `finish` widens the last map by the network's own
    1 × 1 convolution to 1280 channels; the class token is its mean, which the classifier reads.

    Weights are in channels-last layout, which halves the time of the early, large maps on a CPU. Sums round differently than in
    the network's own forward pass, in the sixth digit."""

    def __init__(self, model: EfficientNetLite, image_size: int) -> None:
        self.model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.weights = nn.ModuleList([model.stem, model.blocks, model.head])  # without the classifier's
        self.image_size, self.depth = image_size, len(model.rows)
        self._shapes = blocks.features(image_size, model.rows)
        self._halving = blocks.last_halving(model.rows)
        tokens, self.fine_width = self.shape(self._halving)
        self._fine = tokens - 1  # places of the finer map
        self.places = self.shape(self.depth)[0] - tokens  # of the last map

    def shape(self, k: int) -> tuple[int, int]:
        return self._shapes[k]

    def on_device(self, k: int) -> list[nn.Module]:
        return [self.model.stem, *self.model.blocks[:k]]

    def embed(self, pixels: Tensor) -> Tensor:
        return _tokens(self.model.stem(pixels.contiguous(memory_format=torch.channels_last)))

    def blocks(self, features: Tensor, first: int, last: int) -> Tensor:
        if first == last:
            return features
        fine = _map(features[:, -self._fine :, : self.fine_width]) if first > self._halving else None
        places = _map(features[:, 1 : -self._fine] if first > self._halving else features[:, 1:])
        for k, block in enumerate(self.model.blocks[first:last], first):
            if k == self._halving:
                fine = places
            places = block(places)
        return _tokens(places, fine)

    def finish(self, features: Tensor) -> Tensor:
        """-> [B, 1 + S² + F², 1280]."""
        places = self.model.head(_map(features[:, 1 : -self._fine]))
        fine = _map(features[:, -self._fine :, : self.fine_width])
        tokens = _tokens(places, fine)
        return torch.cat([places.mean((2, 3))[:, None], tokens[:, 1:]], 1)


def _map(places: Tensor) -> Tensor:
    """[B, S², D] -> [B, D, S, S]."""
    side = math.isqrt(places.shape[1])
    return places.unflatten(1, (side, side)).permute(0, 3, 1, 2)


def _tokens(places: Tensor, fine: Tensor | None = None) -> Tensor:
    """[B, D, S, S] and, in the last stage, a finer [B, d, F, F] -> [B, 1 + S² + F², D]; the class token is zero."""
    rows = places.flatten(2).transpose(1, 2)
    if fine is not None:
        rows = torch.cat([rows, F.pad(fine.flatten(2).transpose(1, 2), (0, rows.shape[-1] - fine.shape[1]))], 1)
    return F.pad(rows, (0, 0, 1, 0))


def digest(module: nn.Module) -> bytes:
    """SHA-256 over the weights, sorted by name, as float32: the same on every machine that loaded the same files."""
    sha256 = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        sha256.update(f"{name}{tuple(value.shape)}".encode())
        sha256.update(value.detach().to("cpu", torch.float32).contiguous().numpy().tobytes())
    return sha256.digest()
