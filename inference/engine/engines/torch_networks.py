"""Networks of arrays on torch modules."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from devices.compute import torch_device
from inference.engine import split
from inference.engine.engines.engine import GpuFailed
from inference.engine.engines.networks import Array, Ids
from inference.engine.split import Tower
from inference.engine.text import blip


@contextmanager
def _computing(device: torch.device) -> Iterator[None]:
    """Without gradients, on a GPU in half precision where that is safe. Raises GpuFailed."""
    try:
        with torch.inference_mode(), torch.autocast(device.type, torch.float16, enabled=device.type == "cuda"):
            yield
    except RuntimeError as error:
        if device.type == "cpu":
            raise
        raise GpuFailed(f"The GPU is not used: {torch_device.failure(error)}.") from None


def _array(values: Tensor) -> Array:
    array: Array = values.float().cpu().numpy()
    return array


class TorchVision:
    def __init__(self, tower: Tower, weights: Sequence[Tensor]) -> None:
        self.tower, self.weights, self.device = tower, tuple(weights), weights[0].device

    def head(self, pixels: Array, k: int) -> Array:
        with _computing(self.device):
            return _array(split.head(self.tower, self._here(pixels), k))

    def tail(self, features: Array, k: int) -> Array:
        with _computing(self.device):
            return _array(split.tail(self.tower, self._here(features), k))

    def whole(self, pixels: Array) -> Array:
        with _computing(self.device):
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

    def adapt(self, tokens: Array) -> Array:
        if self.adapter is None:
            return tokens
        with _computing(self.device):
            return _array(self.adapter(self._here(tokens)))

    def encode(self, ids: Ids, mask: Ids, context: Array) -> Array:
        assert self.encoder is not None, "a model of questions has an encoder"
        with _computing(self.device):
            return _array(self.encoder(self._here(ids), self._here(mask), self._here(context)))

    def prepare(self, context: Array) -> Tensor:
        with _computing(self.device):
            memory: Tensor = self.memory(self._here(context))
        return memory

    def step(self, ids: Ids, memory: Tensor, mask: Ids, past: Tensor | None) -> tuple[Array, Tensor]:
        before = self.decoder.nothing(*ids.shape[:2]) if past is None else past
        with _computing(self.device):
            logits, present = self.decoder(self._here(ids), before, memory, self._here(mask))
            return _array(logits), present

    def select(self, past: Tensor, photos: Sequence[int], rows: Ids) -> Tensor:
        return blip.chosen(past, photos, torch.from_numpy(rows))

    def of_photos(self, memory: Tensor, photos: Sequence[int]) -> Tensor:
        return memory[:, :, list(photos)]

    def _here(self, values: Array | Ids) -> Tensor:
        return torch.from_numpy(values).to(self.device)
