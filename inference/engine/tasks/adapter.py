"""The learned layer between a convolutional tower's two maps and a small text model: one token for each place of the last map.

A text model of 256 channels cannot attend to 1280-wide tokens at a reasonable price. Each place of the last map is projected
together with the four places of the finer map that it covers, which retain colour and number, and the mean comes first.
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from inference.engine.catalogue import ModelsMissing

FILE = "adapter.safetensors"


class Adapter(nn.Module):
    def __init__(self, places: int, width: int, fine_width: int, out: int) -> None:
        """`places` of the last map, a square; `width` and `fine_width` of the two maps; `out` of the tokens."""
        super().__init__()
        self.mean, self.coarse = nn.Linear(width, out), nn.Linear(width, out)
        self.fine = nn.Linear(4 * fine_width, out, bias=False)
        self.position = nn.Parameter(0.02 * torch.randn(1 + places, out))
        self.norm = nn.LayerNorm(out)

    def forward(self, tokens: Tensor) -> Tensor:
        """[B, 1 + S² + 4S², width], as EfficientNetTower.finish gives them -> [B, 1 + S², out]."""
        places = len(self.position) - 1
        side, fine_width = round(places**0.5), self.fine.in_features // 4
        square = tokens[:, 1 + places :, :fine_width].unflatten(1, (side, 2, side, 2))
        fine = square.permute(0, 1, 3, 2, 4, 5).flatten(3).flatten(1, 2)  # the four finer places side by side
        at_places = self.coarse(tokens[:, 1 : 1 + places]) + self.fine(fine)
        adapted: Tensor = self.norm(torch.cat([self.mean(tokens[:, :1]), at_places], 1) + self.position)
        return adapted


def load(folder: Path) -> Adapter | None:
    """None for a model that attends to its tower's tokens as they are. Raises ModelsMissing for a damaged file."""
    file = folder / FILE
    if not file.exists():
        return None
    try:
        weights = {name: value.float() for name, value in load_file(file).items()}
        out, width = weights["mean.weight"].shape
        adapter = Adapter(len(weights["position"]) - 1, width, weights["fine.weight"].shape[1] // 4, out)
        adapter.load_state_dict(weights)
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise ModelsMissing(f"{file} cannot be loaded ({error}); fetch or restore it again.") from error
    return adapter.eval().requires_grad_(False)
