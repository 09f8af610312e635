"""The codes that ours is compared with, kept minimal; the product imports none of them.

Each is a module (the device's input [B, …], levels [B]) -> decoded features [B, T, D], for train_dequantiser.learn.
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

CODEWORDS, ROUNDS, DIRECTIONS = 256, 5, 64  # a byte indexes a codeword; k-means rounds; strongest directions, the ones coded
CONV_STEPS, BATCH, RATE = 300, 24, 2e-3


def untransformed_fsq(tower: split.Tower, features: Tensor, k: int, sizes: Sequence[int]) -> train_dequantiser.BatchedCode:
    """Nested finite scalar quantisation of the channels as they are (FSQ, Mentzer et al. 2023): our cosine transform, bins
    and bit order without the transform of the channels."""
    arrays = fit.fit(tower, features, k, 8 * max(sizes), transform=False)
    return train_dequantiser.BatchedCode(feature_code.LearnedCode(arrays, tuple(sizes)))


class ResidualVectorQuantiser(nn.Module):
    """Residual vector quantisation (RVQ, e.g. Zeghidour et al. 2021) in our transform: each byte indexes a codebook for one
    row of the token spectrum; the next byte goes to the row with the largest residual, and its codebook is fitted to that
    (k-means)."""

    def __init__(self, features: Tensor, code: feature_code.LearnedCode) -> None:
        super().__init__()
        self.sizes, self.codec = code.sizes, train_dequantiser.BatchedCode(code)
        self.coded = torch.from_numpy((code.scale.reshape(code.mean.shape) > 0).astype(np.float32)[:, :DIRECTIONS])
        self.codebooks: list[tuple[int, Tensor]] = []
        residual, random = self.coefficients(features), torch.Generator().manual_seed(0)
        for _ in tqdm(range(max(self.sizes)), desc="codebooks", mininterval=5):
            row = int(residual.square().sum((0, 2)).argmax())
            vectors = residual[:, row]
            codewords = vectors[torch.randperm(len(vectors), generator=random)[:CODEWORDS]].clone()
            for _ in range(ROUNDS):
                nearest = torch.cdist(vectors, codewords).argmin(1)
                counts = torch.bincount(nearest, minlength=len(codewords))
                sums = torch.zeros_like(codewords).index_add_(0, nearest, vectors)
                codewords = torch.where(counts[:, None] > 0, sums / counts[:, None].clamp_min(1), codewords)
            residual[:, row] -= codewords[torch.cdist(vectors, codewords).argmin(1)]
            self.codebooks.append((row, codewords))

    def coefficients(self, features: Tensor) -> Tensor:
        """[N, T, D] -> [N, T, DIRECTIONS]."""
        transformed = self.codec.spectrum((features - self.codec.mean) @ self.codec.forward_transform)
        return transformed[..., :DIRECTIONS] * self.coded

    @torch.no_grad()
    def forward(self, features: Tensor, levels: Tensor) -> Tensor:
        original = self.coefficients(features)
        residual, decoded = original.clone(), torch.zeros_like(features)
        sizes = torch.tensor(self.sizes)[levels - 1]
        for at, (row, codewords) in enumerate(self.codebooks[: int(sizes.max())]):
            sent = (sizes > at)[:, None]
            residual[:, row] -= sent * codewords[torch.cdist(residual[:, row], codewords).argmin(1)]
        decoded[..., :DIRECTIONS] = original - residual
        return self.codec.spectrum(decoded, back=True) @ self.codec.inverse_transform + self.codec.mean


class ConvolutionalCode(nn.Module):
    """Our quantiser behind a convolutional head. Its inputs are pixels, uint8 [B, 3, S, S], instead of features."""

    def __init__(self, head: "ConvolutionalHead", code: feature_code.LearnedCode) -> None:
        super().__init__()
        self.head, self.codec = head, train_dequantiser.BatchedCode(code)

    def forward(self, pixels: Tensor, levels: Tensor) -> Tensor:
        decoded: Tensor = self.codec(self.head(crops.normalise(pixels)), levels)
        return decoded


class ConvolutionalHead(nn.Module):
    """A shallow encoder in place of the embeddings and the first blocks: normalised pixels [B, 3, S, S] -> features [B, T,
    D].
    """

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 16, 5, 2, 2), nn.ReLU(), nn.Conv2d(16, 48, 5, 2, 2), nn.ReLU(), nn.Conv2d(48, 96, 3, 2, 1), nn.ReLU(),
            nn.Conv2d(96, 96, 3, 1, 1, groups=96), nn.ReLU(), nn.Conv2d(96, 96, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(side),
        )  # fmt: skip
        self.patches, self.first = nn.Linear(96, width), nn.Linear(96, width)
        self.place = nn.Parameter(torch.zeros(1 + side * side, width))

    def forward(self, pixels: Tensor) -> Tensor:
        hidden = self.body(pixels).flatten(2).transpose(1, 2)
        return torch.cat([self.first(hidden.mean(1, keepdim=True)), self.patches(hidden)], 1) + self.place


def distil_head(tower: split.Tower, pixels: Tensor, features: Tensor, target: Tensor, k: int) -> ConvolutionalHead:
    """Trained to give the features after block k and the tower's output on them.

    pixels uint8 [N, 3, S, S]; features, target [N, T, D]."""
    torch.manual_seed(0)
    tokens, width = tower.shape(k)
    head = ConvolutionalHead(width, feature_code.grid_side(tokens))
    head.place.data.copy_(features.mean(0))
    optimiser, random = torch.optim.AdamW(head.parameters(), lr=RATE), torch.Generator().manual_seed(0)
    for step in tqdm(range(CONV_STEPS), desc=f"convolutional head for block {k}", mininterval=5):
        optimiser.param_groups[0]["lr"] = RATE * min(1.0, (step + 1) / 20) * (1 + np.cos(np.pi * step / CONV_STEPS)) / 2
        rows = torch.randint(len(pixels), (BATCH,), generator=random)
        output = head(crops.normalise(pixels[rows]))
        feature_error = (output - features[rows]).square().mean() / features.var()
        output_error = (split.tail(tower, output, k) - target[rows]).square().mean() / target.var()
        optimiser.zero_grad()
        (feature_error + 2 * output_error).backward()
        optimiser.step()
    return head.eval()
