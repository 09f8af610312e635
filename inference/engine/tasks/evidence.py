"""Where a model looked: what each place of the tower's last map speaks for an answer, as a coarse map."""

from collections.abc import Callable

import torch
from torch import Tensor

from inference.engine.loading import Evidence
from inference.engine.tasks.adapter import Adapter

LogProbability = Callable[[Tensor, str, str], Tensor]  # adapted tokens [1, 1 + S², D], question, answer -> scalar


class UnknownAnswer(Exception):
    """The models have no such answer."""


def shown(contributions: Tensor) -> Tensor:
    """What speaks for the answer, [places] -> [S, S], 0…1 of the strongest place; what speaks against it is not shown."""
    positive = contributions.clamp(min=0)
    side = round(len(positive) ** 0.5)
    return (positive / positive.max().clamp(min=1e-8)).view(side, side)


def by_gradient(layer: Adapter, log_probability: LogProbability) -> Evidence:
    """Gradient times input (Shrikumar et al. 2017) of the answer's log-probability at the text model's tokens."""

    def evidence(tokens: Tensor, question: str, text: str) -> Tensor:
        with torch.enable_grad():
            adapted = layer(tokens.clone()).detach().requires_grad_(True)
            (gradient,) = torch.autograd.grad(log_probability(adapted, question, text), adapted)
        return shown((gradient * adapted.detach())[0, 1:].sum(-1))

    return evidence
