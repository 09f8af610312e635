"""Networks of arrays on torch modules."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from inference.engine import split
from inference.engine.engines.networks import Array, Ids
from inference.engine.split import Tower
from inference.engine.text import blip


def _array(values: Tensor) -> Array:
    array: Array = values.float().cpu().numpy()
    return array


class TorchVision:
    def __init__(self, tower: Tower, weights: Sequence[Tensor]) -> None:
        self.tower, self.weights, self.device = tower, tuple(weights), weights[0].device

    @torch.inference_mode()
    def head(self, pixels: Array, k: int) -> Array:
        return _array(split.head(self.tower, self._here(pixels), k))

    @torch.inference_mode()
    def tail(self, features: Array, k: int) -> Array:
        return _array(split.tail(self.tower, self._here(features), k))

    @torch.inference_mode()
    def whole(self, pixels: Array) -> Array:
        return _array(split.whole(self.tower, self._here(pixels)))

    def _here(self, values: Array) -> Tensor:
        return torch.from_numpy(values).to(self.device)


class TorchText:
    """Contexts, memories and pasts stay on the device."""

    def __init__(
        self,
        memory: blip.Memory,
        step: blip.Step,
        encoder: blip.Encoder | None,
        adapter: nn.Module | None,
        device: torch.device,
    ) -> None:
        modules = nn.ModuleList([part for part in (memory, step, encoder, adapter) if part is not None])
        modules.to(device).eval().requires_grad_(False)
        self.memory, self.decoder, self.encoder, self.adapter, self.device = memory, step, encoder, adapter, device
        self.weights = tuple(modules.parameters())

    @torch.inference_mode()
    def adapt(self, tokens: Array) -> Array:
        return tokens if self.adapter is None else _array(self.adapter(self._here(tokens)))

    @torch.inference_mode()
    def encode(self, ids: Ids, mask: Ids, context: Array) -> Array:
        assert self.encoder is not None, "a model of questions has an encoder"
        return _array(self.encoder(self._here(ids), self._here(mask), self._here(context)))

    @torch.inference_mode()
    def prepare(self, context: Array) -> Tensor:
        memory: Tensor = self.memory(self._here(context))
        return memory

    @torch.inference_mode()
    def step(self, ids: Ids, memory: Tensor, mask: Ids, past: Tensor | None) -> tuple[Array, Tensor]:
        before = self.decoder.nothing(*ids.shape[:2]) if past is None else past
        logits, present = self.decoder(self._here(ids), before, memory, self._here(mask))
        return _array(logits), present

    @torch.inference_mode()
    def select(self, past: Tensor, rows: Sequence[int]) -> Tensor:
        return blip.chosen(past, rows)

    def _here(self, values: Array | Ids) -> Tensor:
        return torch.from_numpy(values).to(self.device)
