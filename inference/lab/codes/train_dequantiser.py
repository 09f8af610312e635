"""Trains what the bit order of a code leaves free, through its quantiser: the transforms of both ends, and the edge's
dequantiser.

The tower is frozen; its output on the original features is the teacher. Each step draws photos and a level for each, low levels
more often, where there is most to restore. The loss is the squared error of the tower's output and, given tasks, the divergence
of their outputs (task_divergence.py). The quantiser has no gradient: gradients pass it unchanged (straight-through estimator,
Bengio et al. 2013).
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from inference.engine import split
from inference.engine.codecs import feature_code, restore
from inference.engine.codecs.learned_code import LearnedCode
from inference.lab.codes import task_divergence

BLOCKS, HIDDEN, WIDE = 2, 96, 192
CHECKPOINT_EVERY = 50  # steps
BATCH, RATE, DECAY = 16, 2e-3, 0.01
TRANSFORM_RATE = 2e-5  # of the transforms; at ten times as much they fit the training photos and lose on others
WARM_UP = 50  # steps
CLIP = 3.0  # norm of a step's gradient
VALUES = 650_000  # features per step at most: towers with many tokens take fewer photos at once
LEVEL_BIAS = 1.3  # how much more often a level is drawn than the one of twice its bytes
VARIANCE_OF = 500  # photos
ERROR_WEIGHT = 3.0  # of the tokens' relative squared error


class Codec(nn.Module, ABC):
    """What a dequantiser restores. Called with what the device encodes [B, …] and a level [B] for each: -> decoded features
    [B, T, D], and the root mean square error that is left of each coefficient [B, T, D]."""

    @abstractmethod
    def restored(self, decoded: Tensor, remainder: Tensor, left: Tensor) -> Tensor:
        """decoded features, their remainder as a Dequantiser predicts it, and what is left [B, T, D] -> restored features."""


class TransformCode(Codec):
    """Features [N, T, D] in a code's directions, and the cosine transform of the grid of tokens."""

    def __init__(self, mean: NDArray[np.float32], forward: NDArray[np.float32], inverse: NDArray[np.float32]) -> None:
        super().__init__()
        self.mean, self.forward_transform, self.inverse_transform = map(torch.from_numpy, (mean, forward, inverse))
        self.cosines = torch.from_numpy(feature_code.cosines(feature_code.grid_side(len(mean))))

    def transforms(self) -> tuple[Tensor, Tensor]:
        """forward, inverse [D, D]."""
        return self.forward_transform, self.inverse_transform

    @abstractmethod
    def quantised(self, coefficients: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
        """coefficients [N, T, D], a level [N] for each -> as they are decoded, with straight-through gradients, and the root
        mean square error that is left of each."""

    def forward(self, features: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
        forward, inverse = self.transforms()
        coefficients, left = self.quantised(self.spectrum((features - self.mean) @ forward), levels)
        return self.spectrum(coefficients, back=True) @ inverse + self.mean, left

    def restored(self, decoded: Tensor, remainder: Tensor, left: Tensor) -> Tensor:
        _, inverse = self.transforms()
        return decoded + self.spectrum(self.spectrum(remainder) * left, back=True) @ inverse

    def spectrum(self, rows: Tensor, back: bool = False) -> Tensor:
        """Cosine transform of the grid of tokens [N, T, D], or its inverse; the class token stays as it is."""
        matrix = self.cosines.T if back else self.cosines
        side = len(matrix)
        grid = torch.einsum("au,bv,nuvd->nabd", matrix, matrix, rows[:, 1:].unflatten(1, (side, side)))
        return torch.cat([rows[:, :1], grid.flatten(1, 2)], 1)


class BatchedCode(TransformCode):
    """A LearnedCode for a batch of photos, with gradients: its coefficients go through its own bits."""

    def __init__(self, code: LearnedCode) -> None:
        super().__init__(code.mean, code.forward, code.inverse)
        self.code = code

    def quantised(self, coefficients: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
        values, left = np.empty(coefficients.shape, np.float32), np.empty(coefficients.shape, np.float32)
        for row, (photo, level) in enumerate(zip(coefficients.detach().numpy(), levels.tolist(), strict=True)):
            received = self.code.receive(self.code.send(photo.ravel(), level), level)
            values[row], left[row] = (part.reshape(photo.shape) for part in received)
        return coefficients + (torch.from_numpy(values) - coefficients).detach(), torch.from_numpy(left)


class SomeLevels(BatchedCode):
    """Some of a code's levels, as 1, 2, …"""

    def __init__(self, code: LearnedCode, at: Sequence[int]) -> None:
        super().__init__(code)
        self.at = torch.tensor(at)

    def quantised(self, coefficients: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
        return super().quantised(coefficients, self.at[levels - 1])


class TrainableCode(BatchedCode):
    """With trainable transforms: the code's own, mixed by two matrices [D, D] that start as the identity. Both are expressed in
    units of each direction's standard deviation, so that strong directions do not dominate weak ones."""

    ratio: Tensor

    def __init__(self, code: LearnedCode) -> None:
        super().__init__(code)
        spread = torch.from_numpy(code.nothing_known()).view(code.mean.shape).square().mean(0).sqrt().clamp_min(1e-8)
        self.register_buffer("ratio", spread[None] / spread[:, None])
        self.encoder_mix, self.decoder_mix = _zeros(len(spread), len(spread)), _zeros(len(spread), len(spread))

    def transforms(self) -> tuple[Tensor, Tensor]:
        identity = torch.eye(len(self.encoder_mix))
        forward = self.forward_transform @ ((identity + self.encoder_mix) * self.ratio)
        return forward, ((identity + self.decoder_mix) * self.ratio) @ self.inverse_transform


class Dequantiser(nn.Module):
    """restore.Restorer with gradients. Its parameters have the names of restore.TENSORS."""

    spread: Tensor

    def __init__(self, spread: Tensor, tokens: int, levels: int) -> None:
        super().__init__()
        width = len(spread)
        self.register_buffer("spread", spread)
        self.place, self.level = _zeros(tokens, HIDDEN), _zeros(levels, HIDDEN)
        self.enter, self.leave = _random(width, HIDDEN), _zeros(HIDDEN, width)  # starts with no remainder
        self.attend, self.attend_bias = _random(BLOCKS, HIDDEN, 3 * HIDDEN), _zeros(BLOCKS, 3 * HIDDEN)
        self.mix, self.widen = _random(BLOCKS, HIDDEN, HIDDEN), _random(BLOCKS, HIDDEN, WIDE)
        self.widen_bias, self.narrow = _zeros(BLOCKS, WIDE), _random(BLOCKS, WIDE, HIDDEN)
        self.gain = nn.Parameter(torch.ones(levels))

    def forward(self, features: Tensor, levels: Tensor) -> Tensor:
        """features [N, T, D] as decoded, a level [N] for each -> their remainder [N, T, D] in the code's directions, in
        units of what each coefficient lost."""
        hidden = (features / self.spread) @ self.enter + self.place + self.level[levels - 1][:, None]
        for block in range(len(self.mix)):
            projected = F.layer_norm(hidden, (HIDDEN,)) @ self.attend[block] + self.attend_bias[block]
            query, key, value = projected.unflatten(-1, (3, restore.HEADS, -1)).permute(2, 0, 3, 1, 4)
            attended = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
            hidden = hidden + attended @ self.mix[block]
            widened = F.relu(F.layer_norm(hidden, (HIDDEN,)) @ self.widen[block] + self.widen_bias[block])
            hidden = hidden + widened @ self.narrow[block]
        return self.gain[levels - 1][:, None, None] * (hidden @ self.leave)


def train(
    tower: split.Tower, code: LearnedCode, features: Tensor, target: Tensor, k: int, steps: int,
    divergence: task_divergence.Divergence | None = None, checkpoint: Path | None = None,
) -> dict[str, NDArray[np.float16]]:  # fmt: skip
    """features [N, T, D] at k and the tower's outputs [N, T, D] on them -> the trained arrays, in half precision.
    Starts from the code's dequantiser where it has one."""
    trainable, block = TrainableCode(code), new_dequantiser(features, len(code.sizes), k)
    if code.restorer is not None:
        block.load_state_dict({name: torch.from_numpy(array) for name, array in code.restorer.of.items()})
    learn(tower, block, trainable, features, target, k, steps, code.sizes, divergence, checkpoint)
    forward, inverse = trainable.transforms()
    arrays = {"forward": forward, "inverse": inverse, **{name: block.state_dict()[name] for name in restore.TENSORS}}
    return {name: value.detach().numpy().astype(np.float16) for name, value in arrays.items()}


def new_dequantiser(features: Tensor, levels: int, k: int) -> Dequantiser:
    """For features [N, T, D] as they are before coding."""
    torch.manual_seed(k)
    return Dequantiser((features - features.mean(0)).std((0, 1)).clamp_min(1e-3), features.shape[1], levels)


def learn(
    tower: split.Tower, block: Dequantiser, codec: Codec, inputs: Tensor, target: Tensor, k: int, steps: int,
    sizes: Sequence[int], divergence: task_divergence.Divergence | None = None, checkpoint: Path | None = None,
) -> None:  # fmt: skip
    """The parameters of the codec, if it has any, are trained with the block.

    target [N, T, D]: the tower's output on the original features; sizes: payload bytes of the levels. `checkpoint`: where a
    stopped run of as many steps goes on from."""
    random = torch.Generator().manual_seed(k)
    level_weights = LEVEL_BIAS ** -(torch.tensor(sizes) / sizes[0]).log2()
    groups: list[tuple[nn.Module, float, float]] = [(block, RATE, DECAY), (codec, TRANSFORM_RATE, 0.0)]
    parameters: list[dict[str, Any]] = [{"params": list(part.parameters()), "weight_decay": decay} for part, _, decay in groups]
    optimiser = torch.optim.AdamW(parameters)
    variance = target[:: max(1, len(target) // VARIANCE_OF)].float().var()
    count = max(2, min(BATCH, VALUES // (tower.shape(k)[0] * tower.shape(k)[1])))
    trained, first = nn.ModuleList([block, codec]), 0
    if checkpoint and checkpoint.exists() and (saved := torch.load(checkpoint, weights_only=True))["steps"] == steps:
        trained.load_state_dict(saved["trained"])
        optimiser.load_state_dict(saved["optimiser"])
        random.set_state(saved["random"])
        first = saved["step"]
    for step in tqdm(range(first, steps), initial=first, total=steps, desc=f"dequantiser after block {k}", mininterval=5):
        for group, (_, rate, _) in zip(optimiser.param_groups, groups, strict=True):
            group["lr"] = rate * min(1.0, (step + 1) / WARM_UP) * (1 + math.cos(math.pi * step / steps)) / 2
        rows = torch.randint(len(inputs), (count,), generator=random)
        levels = torch.multinomial(level_weights, count, replacement=True, generator=random) + 1
        decoded, left = codec(inputs[rows], levels)
        decoded = codec.restored(decoded, block(decoded, levels), left)
        seen = split.tail(tower, decoded, k)
        loss = ERROR_WEIGHT * (seen - target[rows].float()).square().mean() / variance
        if divergence:
            loss = loss + divergence(seen, rows)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*block.parameters(), *codec.parameters()], CLIP)
        optimiser.step()
        if checkpoint and (step + 1) % CHECKPOINT_EVERY == 0:
            state = {"steps": steps, "step": step + 1, "trained": trained.state_dict(), "optimiser": optimiser.state_dict(),
                     "random": random.get_state()}  # fmt: skip
            part = checkpoint.with_suffix(".part")
            torch.save(state, part)
            part.replace(checkpoint)


def _zeros(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(*shape))


def _random(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape) * shape[-2] ** -0.5)
