"""A tower on a GPU behind the same protocol: features go there and come back, so that everything around it stays as it is."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from inference.engine import split

Say = Callable[[float, str], None]  # share of the work that is done, what is being done


class GpuTower:
    def __init__(self, tower: split.Tower, device: torch.device) -> None:
        self.tower, self.device = tower, device
        self.image_size, self.depth = tower.image_size, tower.depth

    def shape(self, k: int) -> tuple[int, int]:
        return self.tower.shape(k)

    def on_device(self, k: int) -> list[nn.Module]:
        return self.tower.on_device(k)

    def embed(self, pixels: Tensor) -> Tensor:
        return self.tower.embed(pixels.to(self.device)).to(pixels.device)

    def blocks(self, features: Tensor, first: int, last: int) -> Tensor:
        return self.tower.blocks(features.to(self.device), first, last).to(features.device)

    def finish(self, features: Tensor) -> Tensor:
        return self.tower.finish(features.to(self.device)).to(features.device)


def moved(tower: split.Tower, model: nn.Module, device: torch.device) -> split.Tower:
    """The tower of a model, which moves there."""
    model.to(device)
    return tower if device.type == "cpu" else GpuTower(tower, device)
