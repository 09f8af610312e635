"""The photo rebuilt from features that left the device: what an honest attacker could see, and so the measure of privacy.

The decoder knows the tower and the code and was trained on training photos alone (`inference.lab.codes.train_reconstruction`). It
starts from the least-squares inverse: the features at a place give the leading principal components of the pixels there.
Convolutions over the grid of places, told the level, correct these by what stands around; a last pair over a finer grid
removes the seams between patches. Each split point has a decoder of its own.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from inference.engine.model_files import sha256

FILE = "rebuild.safetensors"
FORMAT = 2
COMPONENTS, CHANNELS, DEPTH = 96, 88, 3
FINE, SEAM, CARRIED = 4, 32, 16  # cells a patch's side is cut into at the end, channels there, and of them from the grid


class RebuildError(Exception):
    """One sentence for people."""


@dataclass(frozen=True)
class Shape:
    image_size: int
    patch: int  # pixels of the photo's side to a place
    width: int
    levels: int

    @property
    def grid(self) -> int:
        return self.image_size // self.patch


class Decoder(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        width, values = shape.width, 3 * shape.patch**2
        tokens, cell, components = 1 + shape.grid**2, 3 * (shape.patch // FINE) ** 2, min(COMPONENTS, values)
        self.middle = nn.Parameter(torch.zeros(tokens, width))  # mean features at each place
        self.spread = nn.Parameter(torch.ones(()))
        self.inverse = nn.Parameter(torch.zeros(width, components))
        self.grey = nn.Parameter(torch.zeros(values))  # the mean patch
        self.basis = nn.Parameter(torch.zeros(components, values))
        self.look = nn.Parameter(torch.randn(2 * width, CHANNELS) / (2 * width) ** 0.5)
        self.told = nn.Parameter(torch.zeros(shape.levels, CHANNELS))
        self.around = nn.ModuleList([nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1) for _ in range(DEPTH)])
        self.correct = nn.Linear(CHANNELS, components)
        self.carry = nn.Linear(CHANNELS, CARRIED * FINE**2)
        self.seam_in = nn.Conv2d(cell + CARRIED, SEAM, 3, padding=1)
        self.seam_out = nn.Conv2d(SEAM, cell, 3, padding=1)
        for value in (*self.correct.parameters(), *self.seam_out.parameters()):  # it begins as the least-squares inverse
            nn.init.zeros_(value)

    def forward(self, features: Tensor, level: Tensor) -> Tensor:
        """features [B, T, D] decoded from level [B] (1, 2, …) -> pixels [B, 3, S, S], about 0…1."""
        grid = self.shape.grid
        given = (features - self.middle) / self.spread
        patches = given[:, 1:]
        seen = torch.cat([patches, given[:, :1].expand_as(patches)], -1) @ self.look + self.told[level - 1][:, None]
        hidden = seen.transpose(1, 2).unflatten(2, (grid, grid))
        for layer in self.around:
            hidden = hidden + layer(F.gelu(hidden))
        rows = F.gelu(hidden).flatten(2).transpose(1, 2)
        pixels = (patches @ self.inverse + self.correct(rows)) @ self.basis + self.grey
        image = F.pixel_shuffle(pixels.transpose(1, 2).unflatten(2, (grid, grid)), self.shape.patch)
        carried = F.pixel_shuffle(self.carry(rows).transpose(1, 2).unflatten(2, (grid, grid)), FINE)
        cells = F.pixel_unshuffle(image, self.shape.patch // FINE)
        mended = self.seam_out(F.gelu(self.seam_in(torch.cat([cells, carried], 1))))
        return image + F.pixel_shuffle(mended, self.shape.patch // FINE)


class Rebuilder:
    def __init__(self, decoders: Mapping[int, Decoder]) -> None:
        self.decoders = {k: decoder.eval().requires_grad_(False) for k, decoder in decoders.items()}

    @classmethod
    def load(cls, folder: Path) -> "Rebuilder":
        """Raises RebuildError where there is no decoder, or one for another tower or feature code than lie beside it."""
        file = folder / FILE
        if not file.exists():
            raise RebuildError(f"{file} is missing; run `python -m inference.lab.codes.train_reconstruction`.")
        try:
            with safe_open(file, framework="pt") as opened:
                told = json.loads((opened.metadata() or {})["isthmus"])
        except (OSError, SafetensorError, KeyError, ValueError):
            raise RebuildError(f"{file} is not a rebuilding decoder; train it again.") from None
        if told.get("format") != FORMAT:
            raise RebuildError(f"{file} was made for another version; train the rebuilding decoder again.")
        if told["made_for"] != made_for(folder):
            raise RebuildError(
                f"{file} was trained for other weights; run `python -m inference.lab.codes.train_reconstruction`."
            )
        decoders, weights = {int(k): Decoder(Shape(**shape)) for k, shape in told["shapes"].items()}, load_file(file)
        for k, decoder in decoders.items():
            start = f"{k}."
            mine = {name.removeprefix(start): value.float() for name, value in weights.items() if name.startswith(start)}
            decoder.load_state_dict(mine)
        return cls(decoders)

    @torch.inference_mode()
    def rebuild(self, features: NDArray[np.float32], k: int, level: int) -> Image.Image:
        """features [T, D], decoded from `level` at split point k. Raises RebuildError for what it was not trained on."""
        decoder = self.decoders.get(k)
        if decoder is None or not 1 <= level <= decoder.shape.levels:
            raise RebuildError(f"There is no rebuilding for level {level} after block {k}; train the decoder again.")
        if features.shape != decoder.middle.shape:
            raise RebuildError("These features have another shape than the rebuilding decoder's; train it again.")
        return Image.fromarray(self.many(features[None], k, [level])[0])

    @torch.inference_mode()
    def many(self, features: NDArray[np.float32], k: int, level: Sequence[int]) -> NDArray[np.uint8]:
        """features [B, T, D], level [B] -> photos [B, S, S, 3]."""
        pixels = self.decoders[k](torch.from_numpy(features), torch.tensor(level))
        return (pixels.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()


def save(file: Path, decoders: Mapping[int, Decoder]) -> None:
    """In half precision, beside the tower and the code it was trained for."""
    told = {
        "format": FORMAT,
        "made_for": made_for(file.parent),
        "shapes": {k: asdict(one.shape) for k, one in decoders.items()},
    }
    part = file.with_suffix(".part")
    state = {f"{k}.{name}": value.detach().half().contiguous()
             for k, one in decoders.items() for name, value in one.state_dict().items()}  # fmt: skip
    save_file(state, part, metadata={"isthmus": json.dumps(told)})
    part.chmod(0o644)  # safetensors writes for the owner alone; a node may run as someone else
    part.replace(file)


def made_for(folder: Path) -> dict[str, str]:
    """SHA-256 of the tower's and of the code's file: a decoder says something about these very two."""
    return {"tower": sha256(folder / "classify" / "model.safetensors"), "code": sha256(folder / "codec.safetensors")}
