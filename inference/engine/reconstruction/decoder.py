"""The network that reconstructs photos, on torch.

It starts from the least-squares inverse: the features at a place predict the leading principal components of the pixels there.
Convolutions over the grid of places, conditioned on the level, add context; a last pair over a finer grid removes the seams
between patches. Each split point has its own decoder.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from inference.engine.digests import sha256
from inference.engine.model_files import tower_digest
from inference.engine.reconstruction import FILE, Rebuilding, ReconstructionError, Reconstructor

FORMAT = 2
COMPONENTS, CHANNELS, DEPTH = 96, 88, 3
FINE, SEAM, CARRIED = (
    4,
    32,
    16,
)  # cells per side of a patch in the finer grid, channels there, channels carried over from the grid


@dataclass(frozen=True)
class Shape:
    image_size: int
    patch: int  # pixels per side of a place
    width: int
    levels: int

    @property
    def grid(self) -> int:
        return self.image_size // self.patch


class Decoder(nn.Module):
    """Parameter names are keys of the stored file."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width, values = shape.width, 3 * shape.patch**2
        tokens, cell, components = 1 + shape.grid**2, 3 * (shape.patch // FINE) ** 2, min(COMPONENTS, values)
        self.middle = nn.Parameter(torch.zeros(tokens, width))  # mean features at each place
        self.spread = nn.Parameter(torch.ones(()))
        self.inverse = nn.Parameter(torch.zeros(width, components))
        self.grey = nn.Parameter(torch.zeros(values))  # mean patch
        self.basis = nn.Parameter(torch.zeros(components, values))
        self.look = nn.Parameter(torch.randn(2 * width, CHANNELS) / (2 * width) ** 0.5)
        self.told = nn.Parameter(torch.zeros(shape.levels, CHANNELS))  # embedding of the level
        self.around = nn.ModuleList([nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1) for _ in range(DEPTH)])
        self.correct = nn.Linear(CHANNELS, components)
        self.carry = nn.Linear(CHANNELS, CARRIED * FINE**2)
        self.seam_in = nn.Conv2d(cell + CARRIED, SEAM, 3, padding=1)
        self.seam_out = nn.Conv2d(SEAM, cell, 3, padding=1)
        for value in (*self.correct.parameters(), *self.seam_out.parameters()):  # starts as the least-squares inverse
            nn.init.zeros_(value)

    def forward(self, features: Tensor, level: Tensor) -> Tensor:
        """Features [B, T, D] decoded from level [B] (1, 2, …) -> pixels [B, 3, S, S], about 0…1."""
        grid = self.shape.grid
        normal = (features - self.middle) / self.spread
        patches = normal[:, 1:]
        inputs = torch.cat([patches, normal[:, :1].expand_as(patches)], -1) @ self.look + self.told[level - 1][:, None]
        hidden = inputs.transpose(1, 2).unflatten(2, (grid, grid))
        for layer in self.around:
            hidden = hidden + layer(F.gelu(hidden))
        rows = F.gelu(hidden).flatten(2).transpose(1, 2)
        pixels = (patches @ self.inverse + self.correct(rows)) @ self.basis + self.grey
        image = F.pixel_shuffle(pixels.transpose(1, 2).unflatten(2, (grid, grid)), self.shape.patch)
        carried = F.pixel_shuffle(self.carry(rows).transpose(1, 2).unflatten(2, (grid, grid)), FINE)
        cells = F.pixel_unshuffle(image, self.shape.patch // FINE)
        correction = self.seam_out(F.gelu(self.seam_in(torch.cat([cells, carried], 1))))
        return image + F.pixel_shuffle(correction, self.shape.patch // FINE)


def load(folder: Path) -> Reconstructor:
    """Raises ReconstructionError without a decoder, or where it was trained for another tower or code than those beside it."""
    return reconstructor(read(folder))


def read(folder: Path) -> dict[int, Decoder]:
    """By split point. Raises as `load`."""
    file = folder / FILE
    if not file.exists():
        raise ReconstructionError(f"{file} is missing; run `python -m inference.lab.codes.train_reconstruction`.")
    try:
        with safe_open(file, framework="pt") as opened:
            header = json.loads((opened.metadata() or {})["isthmus"])
    except (OSError, SafetensorError, KeyError, ValueError):
        raise ReconstructionError(f"{file} is not a reconstruction decoder; train it again.") from None
    if header.get("format") != FORMAT:
        raise ReconstructionError(f"{file} was made for another version; train the reconstruction decoder again.")
    if header["made_for"] != made_for(folder):
        raise ReconstructionError(
            f"{file} was trained for other weights; run `python -m inference.lab.codes.train_reconstruction`."
        )
    decoders, weights = {int(k): Decoder(Shape(**shape)) for k, shape in header["shapes"].items()}, load_file(file)
    for k, decoder in decoders.items():
        prefix = f"{k}."
        state = {name.removeprefix(prefix): value.float() for name, value in weights.items() if name.startswith(prefix)}
        decoder.load_state_dict(state)
    return decoders


def reconstructor(decoders: Mapping[int, Decoder]) -> Reconstructor:
    return Reconstructor({k: _rebuilding(decoder.eval().requires_grad_(False)) for k, decoder in decoders.items()})


def _rebuilding(decoder: Decoder) -> Rebuilding:
    def run(features: NDArray[np.float32], levels: NDArray[np.int64]) -> NDArray[np.float32]:
        with torch.inference_mode():
            pixels: NDArray[np.float32] = decoder(torch.from_numpy(features), torch.from_numpy(levels)).numpy()
        return pixels

    tokens, width = decoder.middle.shape
    return Rebuilding(run, (tokens, width), decoder.shape.levels)


def save(file: Path, decoders: Mapping[int, Decoder]) -> None:
    """Write in float16, beside the tower and the code that the decoders were trained for."""
    header = {
        "format": FORMAT,
        "made_for": made_for(file.parent),
        "shapes": {k: asdict(decoder.shape) for k, decoder in decoders.items()},
    }
    part = file.with_suffix(".part")
    state = {f"{k}.{name}": value.detach().half().contiguous()
             for k, decoder in decoders.items() for name, value in decoder.state_dict().items()}  # fmt: skip
    save_file(state, part, metadata={"isthmus": json.dumps(header)})
    part.chmod(0o644)  # safetensors makes it readable by its owner only; a node may run as another user
    part.replace(file)


def made_for(folder: Path) -> dict[str, str]:
    """SHA-256 of the tower's and of the code's file: a decoder is valid for these two only."""
    return {"tower": tower_digest(folder), "code": sha256(folder / "codec.safetensors")}
