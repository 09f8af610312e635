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
from inference.engine.codecs.learned_code import LearnedCode
from inference.lab.codes import fit, fixed_bits, train_dequantiser
from inference.lab.codes.fixed_bits import FixedBits
from inference.lab.data import crops

CODEWORDS, ROUNDS, DIRECTIONS = 256, 5, 64  # a byte indexes a codeword; k-means rounds; strongest directions, the ones coded
CONV_STEPS, BATCH, RATE = 300, 24, 2e-3


def untransformed_fsq(tower: split.Tower, features: Tensor, k: int, sizes: Sequence[int]) -> FixedBits:
    """Nested finite scalar quantisation of the channels as they are (FSQ, Mentzer et al. 2023): our cosine transform, and
    fixed bits without the transform of the channels."""
    return FixedBits(fit.basis(tower, features, k, transform=False), sizes)


class ResidualVectorQuantiser(train_dequantiser.Codec):
    """Residual vector quantisation (RVQ, e.g. Zeghidour et al. 2021) in our transform: each byte indexes a codebook for one
    row of the token spectrum; the next byte goes to the row with the largest residual, and its codebook is fitted to that
    (k-means)."""

    def __init__(self, features: Tensor, codec: FixedBits) -> None:
        super().__init__()
        self.sizes, self.codec = codec.sizes, codec
        self.lost = codec.scale.repeat(len(self.sizes), 1, 1)
        self.codebooks: list[tuple[int, Tensor]] = []
        residual, random = self.coefficients(features), torch.Generator().manual_seed(0)
        for at in tqdm(range(max(self.sizes)), desc="codebooks", mininterval=5):
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
            if at + 1 in self.sizes:
                self.lost[self.sizes.index(at + 1), :, :DIRECTIONS] = residual.square().mean(0).sqrt()

    def coefficients(self, features: Tensor) -> Tensor:
        """[N, T, D] -> [N, T, DIRECTIONS]."""
        transformed = self.codec.spectrum((features - self.codec.mean) @ self.codec.forward_transform)
        return transformed[..., :DIRECTIONS]

    @torch.no_grad()
    def forward(self, features: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
        original = self.coefficients(features)
        residual, decoded = original.clone(), torch.zeros_like(features)
        sizes = torch.tensor(self.sizes)[levels - 1]
        for at, (row, codewords) in enumerate(self.codebooks[: int(sizes.max())]):
            sent = (sizes > at)[:, None]
            residual[:, row] -= sent * codewords[torch.cdist(residual[:, row], codewords).argmin(1)]
        decoded[..., :DIRECTIONS] = original - residual
        features = self.codec.spectrum(decoded, back=True) @ self.codec.inverse_transform + self.codec.mean
        return features, self.lost[levels - 1]

    def restored(self, decoded: Tensor, remainder: Tensor, left: Tensor) -> Tensor:
        return self.codec.restored(decoded, remainder, left)


class MergedTokens(train_dequantiser.Codec):
    """Token merging (Bolya et al. 2023): similar places are averaged, in rounds that halve their number. Sent are the group of
    every place and the quantised averages, in our directions and bins. A level is no prefix of the next."""

    def __init__(self, features: Tensor, codec: FixedBits, groups: Sequence[int]) -> None:
        """`groups`: how many each level of the code has, powers of two."""
        super().__init__()
        self.codec, self.groups = codec, groups
        self.depths, self.scales = [], []
        rows, lost = self.rows(features), []
        for level, (size, count) in enumerate(zip(codec.sizes, groups, strict=True)):
            averages, _ = merged(rows, count)
            scale = averages.flatten(0, 1).std(0).clamp_min(1e-8)
            bits = (8 * size - rows.shape[1] * (count.bit_length() - 1)) // count
            order = fixed_bits.bit_order(scale.square().numpy(), codec.distortion, bits)
            self.depths.append(torch.from_numpy(np.bincount(order, minlength=len(scale))))
            self.scales.append(scale)
            lost.append((self.averaged(rows, level) - rows).square().mean((0, 1)).sqrt())
        self.lost = torch.stack(lost)  # [levels, D]

    def rows(self, features: Tensor) -> Tensor:
        """[N, T, D] -> the places in the code's directions [N, T - 1, D]."""
        return ((features - self.codec.mean) @ self.codec.forward_transform)[:, 1:]

    def averaged(self, rows: Tensor, level: int) -> Tensor:
        """rows [N, P, D] -> as decoded."""
        averages, group = merged(rows, self.groups[level])
        depth, scale = self.depths[level], self.scales[level]
        decoded = torch.where(depth > 0, self.codec.means(averages / scale, depth) * scale, 0.0)
        return decoded.gather(1, group[..., None].expand(-1, -1, rows.shape[-1]))

    @torch.no_grad()
    def forward(self, features: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
        rows, decoded = self.rows(features), torch.zeros_like(features)
        for level in levels.unique().tolist():
            decoded[levels == level, 1:] = self.averaged(rows[levels == level], level - 1)
        left = self.lost[levels - 1][:, None].expand_as(features)
        return decoded @ self.codec.inverse_transform + self.codec.mean, left

    def restored(self, decoded: Tensor, remainder: Tensor, left: Tensor) -> Tensor:
        return decoded + (remainder * left) @ self.codec.inverse_transform


def merged(rows: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """rows [N, P, D] -> averages [N, count, D] of similar places, and the group of every place [N, P]. In every round each
    second group joins the most similar of the others. P and count are powers of two."""
    averages, sizes = rows, torch.ones(rows.shape[:2])
    group = torch.arange(rows.shape[1]).expand(rows.shape[:2])
    while averages.shape[1] > count:
        joining, staying = averages[:, ::2], averages[:, 1::2]
        nearest = (nn.functional.normalize(joining, dim=-1) @ nn.functional.normalize(staying, dim=-1).mT).argmax(-1)
        wide = nearest[..., None].expand(-1, -1, rows.shape[-1])
        totals = (staying * sizes[:, 1::2, None]).scatter_add(1, wide, joining * sizes[:, ::2, None])
        sizes = sizes[:, 1::2].scatter_add(1, nearest, sizes[:, ::2])
        averages = totals / sizes[..., None]
        group = torch.where(group % 2 == 1, group // 2, nearest.gather(1, group // 2))
    return averages, group


class ConvolutionalCode(train_dequantiser.Codec):
    """Our quantiser behind a convolutional head. Its inputs are pixels, uint8 [B, 3, S, S], instead of features."""

    def __init__(self, head: "ConvolutionalHead", code: LearnedCode) -> None:
        super().__init__()
        self.head, self.codec = head, train_dequantiser.BatchedCode(code)

    def forward(self, pixels: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
        decoded: tuple[Tensor, Tensor] = self.codec(self.head(crops.normalise(pixels)), levels)
        return decoded

    def restored(self, decoded: Tensor, remainder: Tensor, left: Tensor) -> Tensor:
        return self.codec.restored(decoded, remainder, left)


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
