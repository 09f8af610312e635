"""The codes that ours was compared with, as short as they can be told; nothing of the product imports them.

Each is a module (what the device begins with [B, …], levels [B]) -> features [B, T, D] as decoded, for restoring.learn.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from inference.engine import split
from inference.engine.codecs import feature_code
from inference.lab.codes import fit, train_dequantiser
from inference.lab.data import crops

WORDS, ROUNDS, STRONGEST = 256, 5, 64  # one byte names a word; k-means rounds; directions that are coded at all
CONV_STEPS, AT_ONCE, RATE = 300, 24, 2e-3


def plain_cells(tower: split.Tower, features: Tensor, k: int, sizes: Sequence[int]) -> train_dequantiser.Batched:
    """Nested finite-scalar quantisation of the channels as they are: the same cosines, cells and order of bits, no transform."""
    arrays = fit.fit(tower, features, k, 8 * max(sizes), turn=False)
    return train_dequantiser.Batched(feature_code.LearnedCode(arrays, tuple(sizes)))


class ResidualVectors(nn.Module):
    """Residual vector quantisation: each byte names a word of a codebook for one row of the token spectrum, in our directions;
    the next byte goes to the row with most left, and its codebook is fitted to what the bytes before left (k-means)."""

    def __init__(self, features: Tensor, code: feature_code.LearnedCode) -> None:
        super().__init__()
        self.sizes, self.cells = code.sizes, train_dequantiser.Batched(code)
        self.told = torch.from_numpy((code.scale.reshape(code.mean.shape) > 0).astype(np.float32)[:, :STRONGEST])
        self.books, left, random = [], self.turned(features), torch.Generator().manual_seed(0)
        for _ in tqdm(range(max(self.sizes)), desc="codebooks", mininterval=5):
            row = int(left.square().sum((0, 2)).argmax())
            rows = left[:, row]
            words = rows[torch.randperm(len(rows), generator=random)[:WORDS]].clone()
            for _ in range(ROUNDS):
                nearest = torch.cdist(rows, words).argmin(1)
                held = torch.bincount(nearest, minlength=len(words))
                sums = torch.zeros_like(words).index_add_(0, nearest, rows)
                words = torch.where(held[:, None] > 0, sums / held[:, None].clamp_min(1), words)
            left[:, row] -= words[torch.cdist(rows, words).argmin(1)]
            self.books.append((row, words))

    def turned(self, features: Tensor) -> Tensor:
        return self.cells.spectrum((features - self.cells.mean) @ self.cells.ahead)[..., :STRONGEST] * self.told

    @torch.no_grad()
    def forward(self, features: Tensor, levels: Tensor) -> Tensor:
        begun = self.turned(features)
        rest, whole = begun.clone(), torch.zeros_like(features)
        sizes = torch.tensor(self.sizes)[levels - 1]
        for at, (row, words) in enumerate(self.books[: int(sizes.max())]):
            told = (sizes > at)[:, None]
            rest[:, row] -= told * words[torch.cdist(rest[:, row], words).argmin(1)]
        whole[..., :STRONGEST] = begun - rest
        return self.cells.spectrum(whole, back=True) @ self.cells.back + self.cells.mean


class ConvolvedCells(nn.Module):
    """Our cells behind a convolutional head. uint8 [B, 3, S, S] instead of features."""

    def __init__(self, head: "ConvHead", code: feature_code.LearnedCode) -> None:
        super().__init__()
        self.head, self.cells = head, train_dequantiser.Batched(code)

    def forward(self, pixels: Tensor, levels: Tensor) -> Tensor:
        decoded: Tensor = self.cells(self.head(crops.normalise(pixels)), levels)
        return decoded


class ConvHead(nn.Module):
    """A shallow convolutional encoder in place of the embeddings and the first blocks: pixels -> features [B, T, D]."""

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 16, 5, 2, 2), nn.ReLU(), nn.Conv2d(16, 48, 5, 2, 2), nn.ReLU(), nn.Conv2d(48, 96, 3, 2, 1), nn.ReLU(),
            nn.Conv2d(96, 96, 3, 1, 1, groups=96), nn.ReLU(), nn.Conv2d(96, 96, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(side),
        )  # fmt: skip
        self.patches, self.first = nn.Linear(96, width), nn.Linear(96, width)
        self.place = nn.Parameter(torch.zeros(1 + side * side, width))

    def forward(self, pixels: Tensor) -> Tensor:
        seen = self.body(pixels).flatten(2).transpose(1, 2)
        return torch.cat([self.first(seen.mean(1, keepdim=True)), self.patches(seen)], 1) + self.place


def convolutional(tower: split.Tower, pixels: Tensor, features: Tensor, wanted: Tensor, k: int) -> ConvHead:
    """Distilled to the features after block k and to what the tower makes of them. pixels uint8 [N, 3, S, S]."""
    torch.manual_seed(0)
    tokens, width = tower.shape(k)
    head = ConvHead(width, feature_code.grid_side(tokens))
    head.place.data.copy_(features.mean(0))
    optimiser, random = torch.optim.AdamW(head.parameters(), lr=RATE), torch.Generator().manual_seed(0)
    for step in tqdm(range(CONV_STEPS), desc=f"convolutions for block {k}", mininterval=5):
        optimiser.param_groups[0]["lr"] = RATE * min(1.0, (step + 1) / 20) * (1 + np.cos(np.pi * step / CONV_STEPS)) / 2
        rows = torch.randint(len(pixels), (AT_ONCE,), generator=random)
        found = head(crops.normalise(pixels[rows]))
        near = (found - features[rows]).square().mean() / features.var()
        seen = (split.tail(tower, found, k) - wanted[rows]).square().mean() / wanted.var()
        optimiser.zero_grad()
        (near + 2 * seen).backward()
        optimiser.step()
    return head.eval()
