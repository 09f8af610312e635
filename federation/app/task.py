"""The models a run can train, and what a client does with one: train it on what it holds, and test it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from federation.app.data import Examples

Arrays = dict[str, NDArray[np.float32]]

CLASSES_DEFAULT = 10
SMOOTHING = 0.1
MOMENTUM, WEIGHT_DECAY = 0.9, 5e-4
CLIP_NORM = 5.0  # of a gradient: one strange batch on a skewed client must not undo its round
TEST_BATCH = 500
PAD = 4  # pixels a crop may be off the middle of a 32-pixel photo


def _norm(channels: int) -> nn.GroupNorm:
    """Not batch norm: its running statistics would be one client's own, and averaging them over skewed clients breaks the model."""
    return nn.GroupNorm(max(1, channels // 16), channels)


def _conv(inner: int, outer: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inner, outer, 3, stride, 1, bias=False), _norm(outer), nn.ReLU(inplace=True))


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        last = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), _norm(channels))
        self.body = nn.Sequential(_conv(channels, channels), last)

    def forward(self, features: Tensor) -> Tensor:
        return F.relu(features + self.body(features))


def _head(channels: int, classes: int) -> nn.Sequential:
    return nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def cnn_small(channels: int, size: int, classes: int) -> nn.Module:
    """Two convolutions on digits, one more on photos."""
    if size < 16:
        return nn.Sequential(_conv(channels, 16), _conv(16, 32), nn.MaxPool2d(2), _conv(32, 48), _head(48, classes))
    body = nn.Sequential(_conv(channels, 16, 2), _conv(16, 48), nn.MaxPool2d(2), _conv(48, 96), nn.MaxPool2d(2), _conv(96, 96))
    return nn.Sequential(body, _head(96, classes))


def resnet_small(channels: int, size: int, classes: int) -> nn.Module:
    """After David Page's ResNet-9 (DAWNBench), narrow, and at half resolution from its second layer on: the accuracy per second of
    a small processor decides here, and full resolution costs four times as much for two points."""
    stem = nn.Sequential(_conv(channels, 24), _conv(24, 24, 2 if size >= 16 else 1))
    first = nn.Sequential(_conv(24, 48), nn.MaxPool2d(2), Residual(48))
    second = nn.Sequential(_conv(48, 96), nn.MaxPool2d(2), Residual(96))
    return nn.Sequential(stem, first, second, _head(96, classes))


MODELS: dict[str, Callable[[int, int, int], nn.Module]] = {"cnn-small": cnn_small, "resnet-small": resnet_small}
SHAPES = {"digits": (1, 8), "cifar10": (3, 32), "photos": (3, 64)}


def build(model: str, dataset: str, classes: int = CLASSES_DEFAULT, seed: int = 0) -> nn.Module:
    """Equal seeds give equal weights on every machine, so that the first model need not be sent."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = MODELS[model](*SHAPES[dataset], classes)
    return made.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def arrays_of(model: nn.Module) -> Arrays:
    return {name: value.detach().numpy().astype(np.float32).copy() for name, value in model.state_dict().items()}


def put_arrays(model: nn.Module, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    """Raises RuntimeError when names or shapes do not fit."""
    model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})


@dataclass(frozen=True)
class Work:
    """What one client does in one round. `correction` is SCAFFOLD's, by parameter name, added to every gradient; `turn` is 1 where
    a value may move in this round and 0 elsewhere."""

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    proximal_mu: float = 0.0
    correction: Arrays | None = None
    turn: Arrays | None = None


@dataclass(frozen=True)
class Trained:
    loss: float  # mean over the last epoch
    steps: int


def train(model: nn.Module, held: Examples, work: Work) -> Trained:
    """In place, by SGD with Nesterov momentum."""
    draw = torch.Generator().manual_seed(work.seed)
    model.train()
    optimiser = torch.optim.SGD(model.parameters(), work.learning_rate, MOMENTUM, weight_decay=WEIGHT_DECAY, nesterov=True)
    start = [one.detach().clone() for one in model.parameters()] if work.proximal_mu else []
    shift = [torch.from_numpy(work.correction[name]) for name, _ in model.named_parameters()] if work.correction else []
    turn = [torch.from_numpy(work.turn[name]) for name, _ in model.named_parameters()] if work.turn else []
    losses: list[float] = []
    steps = 0
    for _ in range(work.epochs):
        losses = []
        for picked in torch.randperm(len(held), generator=draw).split(work.batch_size):
            loss = F.cross_entropy(model(_augmented(held.pixels[picked], draw)), held.labels[picked], label_smoothing=SMOOTHING)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            for index, parameter in enumerate(model.parameters()):
                if parameter.grad is None:
                    continue
                if start:  # FedProx, Li et al. 2020: mu/2 ‖w − w_t‖²
                    parameter.grad.add_(parameter.detach() - start[index], alpha=work.proximal_mu)
                if shift:
                    parameter.grad.add_(shift[index])
                if turn:
                    parameter.grad.mul_(turn[index])
            nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
            optimiser.step()
            losses.append(float(loss.detach()))
            steps += 1
    return Trained(sum(losses) / max(1, len(losses)) if losses else math.nan, steps)


@torch.inference_mode()
def evaluate(model: nn.Module, tested: Examples) -> tuple[float, float]:
    """Mean cross-entropy and the share that is right."""
    model.eval()
    loss, right = 0.0, 0
    for picked in torch.arange(len(tested)).split(TEST_BATCH):
        logits, labels = model(_normalised(tested.pixels[picked])), tested.labels[picked]
        loss += float(F.cross_entropy(logits, labels, reduction="sum"))
        right += int((logits.argmax(1) == labels).sum())
    return loss / max(1, len(tested)), right / max(1, len(tested))


@torch.inference_mode()
def probabilities(model: nn.Module, pixels: Tensor) -> Tensor:
    """uint8 [n, channels, side, side] -> [n, classes]."""
    shares: Tensor = model.eval()(_normalised(pixels)).softmax(1)
    return shares


def rate_at(base: float, number: int, rounds: int) -> float:
    """RoundRunner rate of a round: along a cosine down to a twentieth, for the last updates should be small enough to average well."""
    share = (number - 1) / max(1, rounds - 1)
    return base * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * share)))


def _normalised(images: Tensor) -> Tensor:
    """uint8 to about zero mean and unit deviation."""
    pixels = images.to(torch.float32, memory_format=torch.channels_last)
    return pixels.sub_(120.0).div_(64.0)


def _augmented(images: Tensor, draw: torch.Generator) -> Tensor:
    """Photos: random crop and mirror, each photo its own. Digits stay: a mirrored 2 is no 2."""
    pixels = _normalised(images)
    count, channels, size, _ = pixels.shape
    if channels == 1:
        return pixels
    padded = F.pad(pixels, (PAD, PAD, PAD, PAD), mode="reflect")
    offsets = torch.randint(0, 2 * PAD + 1, (count, 2), generator=draw)
    rows = offsets[:, :1] + torch.arange(size)
    columns = offsets[:, 1:] + torch.arange(size)
    mirrored = torch.rand(count, 1, generator=draw) < 0.5
    columns = torch.where(mirrored, columns.flip(1), columns)
    cut = padded[torch.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # [N, H, W, C]
    return cut.permute(0, 3, 1, 2)  # so laid out it is channels_last already
