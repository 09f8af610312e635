"""Trains what a code's order of bits leaves free, through its cells: the directions of both ends, and the edge's block.

The tower stands still; what it makes of the untouched features is the teacher. Each step draws photos and a level for each, low
ones more often, where there is most to put back. The loss is the squared error of the tower's output and, where there are tasks,
how far apart is what they say of it (tails.py). Cells have no slope: gradients pass them as if nothing had been cut (the
straight-through estimator, Bengio et al. 2013).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from inference.engine import split
from inference.engine.codecs import feature_code, restore
from inference.lab.codes import task_divergence

HIDDEN, WIDE = 96, 192
AT_ONCE, RATE, DECAY = 24, 2e-3, 0.01
TURN_RATE = 2e-4  # of the directions; three times as much, and coefficients outrun their cells
WARM_UP = 50  # steps
STEEPEST = 3.0  # norm of a step's gradient
VALUES = 650_000  # in a step at most: towers with many tokens take fewer photos at once
FAVOUR = 1.6  # how much oftener a level is drawn than the one of twice its bytes
ERROR_WEIGHT = 3.0  # of the tokens' relative squared error


class Batched(nn.Module):
    """A LearnedCode for many photos at once, in torch: the same cells and the same means, with gradients past the cells."""

    def __init__(self, code: feature_code.LearnedCode) -> None:
        super().__init__()
        self.mean, self.ahead, self.back, scale, self.edges, self.values = (
            torch.from_numpy(one) for one in (code.mean, code.forward, code.inverse, code.scale, code.edges, code.values)
        )
        depths = np.stack([np.bincount(code.order[: 8 * size], minlength=code.scale.size) for size in code.sizes])
        self.used = torch.from_numpy(np.flatnonzero(depths[-1]))
        self.depths, self.scale = torch.from_numpy(depths)[:, self.used], scale[self.used].clamp_min(1e-8)
        self.cosines = torch.from_numpy(feature_code.cosines(feature_code.grid_side(len(code.mean))))

    def directions(self) -> tuple[Tensor, Tensor]:
        """forward, inverse [D, D]."""
        return self.ahead, self.back

    def forward(self, features: Tensor, levels: Tensor) -> Tensor:
        """features [N, T, D], a level [N] for each -> the same as decoded, not restored."""
        ahead, back = self.directions()
        normal = self.spectrum((features - self.mean) @ ahead).flatten(1)[:, self.used] / self.scale
        depth = self.depths[levels - 1]
        cell = torch.bucketize(normal.detach().contiguous(), self.edges) >> (feature_code.BITS - depth)
        means = self.values[((1 << depth) - 2 + cell).clamp_min(0)]
        told = torch.where(depth > 0, normal + (means - normal).detach(), 0.0)
        whole = features.new_zeros(len(features), self.mean.numel())
        whole[:, self.used] = told * self.scale
        return self.spectrum(whole.view(features.shape), back=True) @ back + self.mean

    def spectrum(self, rows: Tensor, back: bool = False) -> Tensor:
        matrix = self.cosines.T if back else self.cosines
        side = len(matrix)
        grid = torch.einsum("au,bv,nuvd->nabd", matrix, matrix, rows[:, 1:].unflatten(1, (side, side)))
        return torch.cat([rows[:, :1], grid.flatten(1, 2)], 1)


class Turned(Batched):
    """With directions that may be learned: the code's own, mixed by two matrices that begin as the identity. Both are told in each
    direction's deviation, so that a strong direction does not drown a weak one."""

    ratio: Tensor

    def __init__(self, code: feature_code.LearnedCode) -> None:
        super().__init__(code)
        spread = torch.from_numpy(code.scale).view(code.mean.shape).square().mean(0).sqrt().clamp_min(1e-8)
        self.register_buffer("ratio", spread[None] / spread[:, None])
        self.here, self.there = _zeros(len(spread), len(spread)), _zeros(len(spread), len(spread))

    def directions(self) -> tuple[Tensor, Tensor]:
        same = torch.eye(len(self.here))
        return self.ahead @ ((same + self.here) * self.ratio), ((same + self.there) * self.ratio) @ self.back


class Block(nn.Module):
    """restore.Restorer with gradients; its parameters have the same names."""

    spread: Tensor

    def __init__(self, spread: Tensor, tokens: int, levels: int) -> None:
        super().__init__()
        width = len(spread)
        self.register_buffer("spread", spread)
        self.place, self.level = _zeros(tokens, HIDDEN), _zeros(levels, HIDDEN)
        self.enter, self.attend, self.attend_bias = _random(width, HIDDEN), _random(HIDDEN, 3 * HIDDEN), _zeros(3 * HIDDEN)
        self.mix, self.widen, self.widen_bias = _random(HIDDEN, HIDDEN), _random(HIDDEN, WIDE), _zeros(WIDE)
        self.narrow, self.leave = _random(WIDE, HIDDEN), _zeros(HIDDEN, width)  # begins as the identity
        self.gain = nn.Parameter(torch.ones(levels))

    def forward(self, features: Tensor, levels: Tensor) -> Tensor:
        hidden = (features / self.spread) @ self.enter + self.place + self.level[levels - 1][:, None]
        three = F.layer_norm(hidden, (HIDDEN,)) @ self.attend + self.attend_bias
        asked, known, held = three.unflatten(-1, (3, restore.HEADS, -1)).permute(2, 0, 3, 1, 4)
        hidden = hidden + F.scaled_dot_product_attention(asked, known, held).transpose(1, 2).flatten(2) @ self.mix
        hidden = hidden + F.relu(F.layer_norm(hidden, (HIDDEN,)) @ self.widen + self.widen_bias) @ self.narrow
        return features + self.gain[levels - 1][:, None, None] * self.spread * (hidden @ self.leave)


def train(
    tower: split.Tower, code: feature_code.LearnedCode, features: Tensor, wanted: Tensor, k: int, steps: int,
    apart: task_divergence.Apart | None = None,
) -> dict[str, NDArray[Any]]:  # fmt: skip
    """features [N, T, D] at k and the tower's outputs [N, T, D] on them -> the arrays learned, in half precision."""
    turned, block = Turned(code), new_block(features, len(code.sizes), k)
    learn(tower, block, turned, features, wanted, k, steps, code.sizes, apart)
    forward, inverse = turned.directions()
    arrays = {"forward": forward, "inverse": inverse, **{name: block.state_dict()[name] for name in restore.TENSORS}}
    return {name: value.detach().numpy().astype(np.float16) for name, value in arrays.items()}


def new_block(features: Tensor, levels: int, k: int) -> Block:
    """For features [N, T, D] as they are before coding."""
    torch.manual_seed(k)
    return Block((features - features.mean(0)).std((0, 1)).clamp_min(1e-3), features.shape[1], levels)


def learn(
    tower: split.Tower, block: Block, through: nn.Module, given: Tensor, wanted: Tensor, k: int, steps: int, sizes: Sequence[int],
    apart: task_divergence.Apart | None = None,
) -> None:  # fmt: skip
    """through(given [B, …], levels [B]) -> features [B, T, D] as decoded; what parameters it has learn along with the block.

    wanted [N, T, D]: what the tower should make of them; sizes: payload bytes of the levels."""
    random = torch.Generator().manual_seed(k)
    favoured = FAVOUR ** -(torch.tensor(sizes) / sizes[0]).log2()
    groups = [(block, RATE, DECAY), (through, TURN_RATE, 0.0)]
    optimiser = torch.optim.AdamW([{"params": list(one.parameters()), "weight_decay": decay} for one, _, decay in groups])
    variance, at_once = wanted.var(), max(2, min(AT_ONCE, VALUES // (tower.shape(k)[0] * tower.shape(k)[1])))
    for step in tqdm(range(steps), desc=f"through the cells after block {k}", mininterval=5):
        for group, (_, rate, _) in zip(optimiser.param_groups, groups, strict=True):
            group["lr"] = rate * min(1.0, (step + 1) / WARM_UP) * (1 + np.cos(np.pi * step / steps)) / 2
        rows = torch.randint(len(given), (at_once,), generator=random)
        levels = torch.multinomial(favoured, at_once, replacement=True, generator=random) + 1
        decoded = block(through(given[rows], levels), levels)
        with task_divergence.coarse():
            seen = split.tail(tower, decoded, k)
        seen = seen.float()
        loss = ERROR_WEIGHT * (seen - wanted[rows]).square().mean() / variance
        if apart:
            loss = loss + apart(seen, rows)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*block.parameters(), *through.parameters()], STEEPEST)
        optimiser.step()


def _zeros(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(*shape))


def _random(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape) * shape[0] ** -0.5)
