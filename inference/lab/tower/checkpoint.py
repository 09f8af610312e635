"""Resume state of a training run: weights, their moving average, the optimiser's state, step and elapsed time."""

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch

from inference.lab.tower.shape import Compact

DECAY = 0.998  # of the moving average: about the last 500 steps


@dataclass
class Checkpoint:
    model: Compact
    average: Compact
    optimiser: torch.optim.AdamW
    step: int = 0
    seconds: float = 0.0
    before: tuple[int, float] = (0, 0.0)  # steps and seconds of the runs that this one was initialised from

    @classmethod
    def resume(cls, file: Path, model: Compact, optimiser: torch.optim.AdamW, begin_from: Path | None = None) -> "Checkpoint":
        """From `file` if it exists, else from the averaged weights of another run's checkpoint, else from scratch."""
        state = cls(model, deepcopy(model).eval().requires_grad_(False), optimiser)
        if file.exists():
            saved = torch.load(file, map_location=next(model.parameters()).device, weights_only=True)
            model.load_state_dict(saved["model"])
            state.average.load_state_dict(saved["average"])
            optimiser.load_state_dict(saved["optimiser"])
            state.step, state.seconds, state.before = saved["step"], saved["seconds"], tuple(saved.get("before", (0, 0.0)))
        elif begin_from:
            saved = torch.load(begin_from, map_location=next(model.parameters()).device, weights_only=True)
            model.load_state_dict(saved["average"])
            state.average.load_state_dict(saved["average"])
            steps, seconds = saved.get("before", (0, 0.0))
            state.before = (steps + saved["step"], seconds + saved["seconds"])
        return state

    def save(self, file: Path) -> None:
        """Atomically: an interruption leaves the previous checkpoint."""
        part = file.with_suffix(".part")
        torch.save(
            {
                "model": self.model.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "step": self.step,
                "seconds": self.seconds,
                "before": self.before,
            },
            part,
        )
        part.replace(file)


@torch.no_grad()
def average(into: Compact, model: Compact, step: int) -> None:
    """Exponential moving average, in place; shorter at first, so that the random initialisation is soon forgotten."""
    decay = min(DECAY, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(into.parameters()), list(model.parameters()), 1 - decay)
    for mean, current in zip(into.buffers(), model.buffers(), strict=True):
        if mean.is_floating_point():  # batch norm statistics
            mean.lerp_(current, 1 - decay)
