"""Trains the restoring block of a code: the tower stands still, its output on the untouched features is the teacher.

Each step draws photos and a level for each, low ones more often, where there is most to put back. The loss is the squared error of
the tower's output; where a classifier is given, also the divergence of its names, as class tokens that are near are not alike.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from inference.vision import codec, restore, split

HIDDEN, WIDE = 96, 192
AT_ONCE, RATE, DECAY = 24, 2e-3, 0.01
VALUES = 650_000  # in a step at most: towers with many tokens take fewer photos at once
ERROR_WEIGHT = 3.0  # of the tokens' relative squared error, against the divergence of the names in nats
FAVOUR = 1.6  # how much oftener each level is drawn than the one above it


class Batched:
    """A LearnedCode for many photos at once, in torch: the same cells and the same means."""

    def __init__(self, code: codec.LearnedCode) -> None:
        self.mean, self.forward, self.inverse, self.scale, self.edges, self.values = (
            torch.from_numpy(one) for one in (code.mean, code.forward, code.inverse, code.scale, code.edges, code.values)
        )
        depths = [np.bincount(code.order[: 8 * size], minlength=code.scale.size) for size in code.sizes]
        self.used = torch.from_numpy(np.flatnonzero(depths[-1]))
        self.depths = [torch.from_numpy(depth)[self.used] for depth in depths]
        self.cosines = torch.from_numpy(codec.cosines(codec.grid_side(len(code.mean))))

    def cells(self, features: Tensor) -> Tensor:
        """features [N, T, D] -> uint8 [N, coefficients that any level tells of]."""
        turned = self.spectrum((features - self.mean) @ self.forward).flatten(1)[:, self.used]
        return torch.bucketize(turned / self.scale[self.used].clamp_min(1e-8), self.edges).to(torch.uint8)

    def back(self, cells: Tensor, levels: Tensor) -> Tensor:
        """cells of N photos, a level [N] for each -> features [N, T, D] as decoded, not restored."""
        found = torch.zeros(len(cells), self.scale.numel())
        for level in levels.unique().tolist():
            rows, depth = (levels == level).nonzero()[:, 0], self.depths[level - 1]
            told = depth > 0
            at, depth = self.used[told], depth[told]
            prefix = cells[rows][:, told].long() >> (codec.BITS - depth)
            found[rows[:, None], at[None]] = self.scale[at] * self.values[(1 << depth) - 2 + prefix]
        return self.spectrum(found.view(-1, *self.mean.shape), back=True) @ self.inverse + self.mean

    def spectrum(self, rows: Tensor, back: bool = False) -> Tensor:
        matrix = self.cosines.T if back else self.cosines
        side = len(matrix)
        grid = torch.einsum("au,bv,nuvd->nabd", matrix, matrix, rows[:, 1:].unflatten(1, (side, side)))
        return torch.cat([rows[:, :1], grid.flatten(1, 2)], 1)


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

    def forward(self, features: Tensor, levels: Tensor) -> Tensor:
        hidden = (features / self.spread) @ self.enter + self.place + self.level[levels - 1][:, None]
        three = F.layer_norm(hidden, (HIDDEN,)) @ self.attend + self.attend_bias
        asked, known, held = three.unflatten(-1, (3, restore.HEADS, -1)).permute(2, 0, 3, 1, 4)
        hidden = hidden + F.scaled_dot_product_attention(asked, known, held).transpose(1, 2).flatten(2) @ self.mix
        hidden = hidden + F.relu(F.layer_norm(hidden, (HIDDEN,)) @ self.widen + self.widen_bias) @ self.narrow
        return features + self.spread * (hidden @ self.leave)


def train(
    tower: split.Tower, code: codec.LearnedCode, features: Tensor, wanted: Tensor, k: int, steps: int,
    names: Callable[[Tensor], Tensor] | None = None,
) -> dict[str, NDArray[Any]]:  # fmt: skip
    """features [N, T, D] at k and the tower's outputs [N, T, D] on them -> the block's arrays in half precision."""
    batched, random = Batched(code), torch.Generator().manual_seed(k)
    torch.manual_seed(k)
    block = Block((features - batched.mean).std((0, 1)).clamp_min(1e-3), features.shape[1], len(code.sizes))
    cells, chance = batched.cells(features), torch.tensor([FAVOUR**-n for n in range(len(code.sizes))])
    optimiser = torch.optim.AdamW(block.parameters(), lr=RATE, weight_decay=DECAY)
    told = None if names is None else torch.cat([names(part).log_softmax(-1) for part in wanted[:, 0].split(500)])
    variance, at_once = wanted.var(), max(2, min(AT_ONCE, VALUES // features[0].numel()))
    for step in tqdm(range(steps), desc=f"restoring after block {k}", mininterval=5):
        optimiser.param_groups[0]["lr"] = RATE * min(1.0, (step + 1) / 20) * (1 + np.cos(np.pi * step / steps)) / 2
        rows = torch.randint(len(features), (at_once,), generator=random)
        levels = torch.multinomial(chance, at_once, replacement=True, generator=random) + 1
        seen = split.tail(tower, block(batched.back(cells[rows], levels), levels), k)
        loss = ERROR_WEIGHT * (seen - wanted[rows]).square().mean() / variance
        if names is not None and told is not None:
            loss = loss + F.kl_div(names(seen[:, 0]).log_softmax(-1), told[rows], log_target=True, reduction="batchmean")
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(block.parameters(), 1.0)
        optimiser.step()
    return {name: block.state_dict()[name].numpy().astype(np.float16) for name in restore.TENSORS}


def _zeros(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(*shape))


def _random(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape) * shape[0] ** -0.5)
