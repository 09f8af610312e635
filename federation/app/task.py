"""What a client does with a model: train it on its own examples, and test it."""

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from federation.app.datasets import registry as datasets
from federation.app.datasets.examples import Examples
from federation.app.models import registry as models

Arrays = dict[str, NDArray[np.float32]]  # by parameter name

CLASSES_DEFAULT = 10
SMOOTHING = 0.1  # of labels
MOMENTUM, WEIGHT_DECAY = 0.9, 5e-4
CLIP_NORM = 5.0  # of a gradient: one unusual batch on a skewed client must not undo its round
TEST_BATCH = 500
PAD = 4  # pixels that a random crop may be off centre
PIXEL_MEAN, PIXEL_DEVIATION = 120.0, 64.0  # about those of photos, 0 … 255


def build(model: str, dataset: str, classes: int = CLASSES_DEFAULT, seed: int = 0) -> nn.Module:
    """Equal seeds give equal weights on every machine, so the initial model need not be sent. Raises KeyError for unknown
    names.
    """
    shape = datasets.by_name(dataset)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = models.by_name(model).build(shape.channels, shape.side, classes)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def arrays_of(model: nn.Module) -> Arrays:
    """From whichever device it is on."""
    return {name: value.detach().cpu().numpy().astype(np.float32).copy() for name, value in model.state_dict().items()}


def copy_on(model: nn.Module, device: torch.device) -> nn.Module:
    return copy.deepcopy(model).to(device)


def put_arrays(model: nn.Module, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    """Raises RuntimeError when names or shapes do not match."""
    model.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})


@dataclass(frozen=True)
class LocalTraining:
    """What one client does in one round. `correction` is SCAFFOLD's, by parameter name, added to every gradient; `trainable`
    is 1 where a value may change in this round and 0 elsewhere."""

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    proximal_mu: float = 0.0
    correction: Arrays | None = None
    trainable: Arrays | None = None


@dataclass(frozen=True)
class TrainingResult:
    loss: float  # mean over the last epoch
    steps: int


def train(model: nn.Module, examples: Examples, work: LocalTraining) -> TrainingResult:
    """In place, on the model's device, by SGD with Nesterov momentum. Random numbers come from the processor: equal seeds give
    the same batches and crops everywhere."""
    device = device_of(model)
    generator = torch.Generator().manual_seed(work.seed)
    model.train()
    optimiser = torch.optim.SGD(model.parameters(), work.learning_rate, MOMENTUM, weight_decay=WEIGHT_DECAY, nesterov=True)
    start = [parameter.detach().clone() for parameter in model.parameters()] if work.proximal_mu else []
    correction = _ordered(model, work.correction)
    trainable = _ordered(model, work.trainable)
    losses: list[Tensor] = []
    steps = 0
    for _ in range(work.epochs):
        losses = []
        for rows in torch.randperm(len(examples), generator=generator).split(work.batch_size):
            logits = model(_augmented(examples.pixels[rows].to(device), generator))
            loss = F.cross_entropy(logits, examples.labels[rows].to(device), label_smoothing=SMOOTHING)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            for index, parameter in enumerate(model.parameters()):
                if parameter.grad is None:
                    continue
                if start:  # FedProx (Li et al. 2020): the gradient of mu/2 · ‖w − w_t‖²
                    parameter.grad.add_(parameter.detach() - start[index], alpha=work.proximal_mu)
                if correction:
                    parameter.grad.add_(correction[index])
                if trainable:
                    parameter.grad.mul_(trainable[index])
            nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
            optimiser.step()
            losses.append(loss.detach())  # read at the end: reading waits for a GPU
            steps += 1
    return TrainingResult(float(torch.stack(losses).double().mean()) if losses else math.nan, steps)


def _ordered(model: nn.Module, arrays: Arrays | None) -> list[Tensor]:
    """In the order of the model's parameters, where they are; empty without arrays."""
    device = device_of(model)
    return [torch.from_numpy(arrays[name]).to(device) for name, _ in model.named_parameters()] if arrays else []


def device_of(model: nn.Module) -> torch.device:
    return next(model.parameters()).device


@torch.inference_mode()
def evaluate(model: nn.Module, examples: Examples) -> tuple[float, float]:
    """Mean cross-entropy (nats) and accuracy (0 … 1), on the model's device."""
    model.eval()
    device = device_of(model)
    loss, correct = 0.0, 0
    for rows in torch.arange(len(examples)).split(TEST_BATCH):
        logits, labels = model(_normalised(examples.pixels[rows].to(device))), examples.labels[rows].to(device)
        loss += float(F.cross_entropy(logits, labels, reduction="sum"))
        correct += int((logits.argmax(1) == labels).sum())
    return loss / max(1, len(examples)), correct / max(1, len(examples))


@torch.inference_mode()
def probabilities(model: nn.Module, pixels: Tensor) -> Tensor:
    """uint8 [n, channels, side, side] -> float32 [n, classes], each row adding up to 1."""
    result: Tensor = model.eval()(_normalised(pixels)).softmax(1)
    return result


def rate_at(base: float, number: int, rounds: int) -> float:
    """The learning rate of a round: cosine decay to a twentieth of `base`, because small last updates average well."""
    progress = (number - 1) / max(1, rounds - 1)
    return base * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress)))


def _normalised(images: Tensor) -> Tensor:
    """uint8 [n, channels, side, side] -> float32 of about zero mean and unit deviation."""
    pixels = images.to(torch.float32, memory_format=torch.channels_last)
    return pixels.sub_(PIXEL_MEAN).div_(PIXEL_DEVIATION)


def _augmented(images: Tensor, generator: torch.Generator) -> Tensor:
    """Normalised [n, channels, side, side]; photos with a random crop and mirror each. Digits stay: a mirrored 2 is not a 2."""
    pixels = _normalised(images)
    count, channels, side, _ = pixels.shape
    if channels == 1:
        return pixels
    padded = F.pad(pixels, (PAD, PAD, PAD, PAD), mode="reflect")
    offsets = torch.randint(0, 2 * PAD + 1, (count, 2), generator=generator)
    rows = offsets[:, :1] + torch.arange(side)
    columns = offsets[:, 1:] + torch.arange(side)
    mirrored = torch.rand(count, 1, generator=generator) < 0.5
    columns = torch.where(mirrored, columns.flip(1), columns)
    photo, rows, columns = (index.to(images.device) for index in (torch.arange(count), rows, columns))
    cropped = padded[photo[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # [n, side, side, channels]
    return cropped.permute(0, 3, 1, 2)  # already channels_last in memory
