"""Everything a run needs to go on: weights, their moving average, the optimiser's state, step and time spent."""

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
    before: tuple[int, float] = (0, 0.0)  # steps and seconds of the runs that this one began from

    @classmethod
    def resume(cls, file: Path, model: Compact, optimiser: torch.optim.AdamW, begin_from: Path | None = None) -> "Checkpoint":
        """From `file` where it exists, else from the averaged weights of another run's, else from the start."""
        state = cls(model, deepcopy(model).eval().requires_grad_(False), optimiser)
        if file.exists():
            held = torch.load(file, map_location=next(model.parameters()).device, weights_only=True)
            model.load_state_dict(held["model"])
            state.average.load_state_dict(held["average"])
            optimiser.load_state_dict(held["optimiser"])
            state.step, state.seconds, state.before = held["step"], held["seconds"], tuple(held.get("before", (0, 0.0)))
        elif begin_from:
            held = torch.load(begin_from, map_location=next(model.parameters()).device, weights_only=True)
            model.load_state_dict(held["average"])
            state.average.load_state_dict(held["average"])
            steps, seconds = held.get("before", (0, 0.0))
            state.before = (steps + held["step"], seconds + held["seconds"])
        return state

    def save(self, file: Path) -> None:
        """Written beside and renamed, so a cut leaves the last good one."""
        part = file.with_suffix(".part")
        torch.save({"model": self.model.state_dict(), "average": self.average.state_dict(), "optimiser": self.optimiser.state_dict(),
                    "step": self.step, "seconds": self.seconds, "before": self.before}, part)  # fmt: skip
        part.replace(file)


@torch.no_grad()
def average(into: Compact, model: Compact, step: int) -> None:
    """Short memory at first, so that the random start is soon forgotten."""
    decay = min(DECAY, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(into.parameters()), list(model.parameters()), 1 - decay)
    for kept, now in zip(into.buffers(), model.buffers(), strict=True):
        if kept.is_floating_point():  # what batch norm has seen
            kept.lerp_(now, 1 - decay)
