"""One training run of a text half: schedule, moving average, checkpoints. A stopped run goes on with the time that is left."""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

WARM_UP = 0.03  # share of the schedule
DECAY = 0.998  # of the moving average: about the last 500 steps
WEIGHT_DECAY = 0.05
SAVE_EVERY = 300.0  # seconds
Report = Callable[[], dict[str, object]]  # measures the averaged weights


def rate_at(progress: float) -> float:
    """Learning-rate factor: linear warm-up, then a cosine to zero."""
    if progress < WARM_UP:
        return progress / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - WARM_UP) / (1 - WARM_UP))))


class Run:
    """`folder` receives `checkpoint.pt` and a line of `metrics.jsonl` for each checkpoint."""

    def __init__(self, model: nn.Module, folder: Path, minutes: float, rate: float, steps: int | None = None) -> None:
        """`steps` instead of minutes does not depend on the machine."""
        self.model, self.folder, self.minutes, self.rate, self.limit = model, folder, minutes, rate, steps
        decayed = [p for name, p in model.named_parameters() if p.ndim > 1 and "embedding" not in name]
        others = [p for name, p in model.named_parameters() if not (p.ndim > 1 and "embedding" not in name)]
        groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))
        self.step, self.seconds = 0, 0.0
        self.average = {name: value.detach().clone() for name, value in model.state_dict().items()}
        folder.mkdir(parents=True, exist_ok=True)
        if (file := folder / "checkpoint.pt").exists():
            saved = torch.load(file, weights_only=True)
            model.load_state_dict(saved["model"])
            self.optimiser.load_state_dict(saved["optimiser"])
            self.average, self.step, self.seconds = saved["average"], saved["step"], saved["seconds"]

    @property
    def progress(self) -> float:
        return self.step / self.limit if self.limit else self.seconds / (60 * self.minutes)

    def train(self, losses: Callable[[int], dict[str, Tensor]], report: Report) -> None:
        """losses(step) -> weighted losses by name. They depend on the step alone: a resumed run goes on as if never stopped."""
        saved, recent = time.monotonic(), []
        while self.progress < 1:
            started = time.monotonic()
            for group in self.optimiser.param_groups:
                group["lr"] = self.rate * rate_at(self.progress)
            self.model.train()
            parts = losses(self.step)
            self.optimiser.zero_grad(set_to_none=True)
            torch.stack(list(parts.values())).sum().backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimiser.step()
            self._average()
            self.step += 1
            recent.append({name: float(value.detach()) for name, value in parts.items()})
            self.seconds += time.monotonic() - started
            if time.monotonic() - saved > SAVE_EVERY:
                self._save(recent, report)
                saved, recent = time.monotonic(), []
        self._save(recent, report)

    @torch.no_grad()
    def _average(self) -> None:
        """Shorter at first, so that the random initialisation is soon forgotten."""
        decay = min(DECAY, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            if value.dtype.is_floating_point:
                self.average[name].lerp_(value, 1 - decay)

    def _save(self, recent: list[dict[str, float]], report: Report) -> None:
        """The checkpoint is replaced atomically: an interruption leaves the previous one."""
        part = self.folder / "checkpoint.part"
        state = {"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(), "average": self.average,
                 "step": self.step, "seconds": self.seconds}  # fmt: skip
        torch.save(state, part)
        part.replace(self.folder / "checkpoint.pt")
        self.model.eval()
        means = {name: round(sum(row[name] for row in recent) / len(recent), 4) for name in (recent[0] if recent else {})}
        line = {"step": self.step, "minutes": round(self.seconds / 60, 1), **means, **report()}
        print(json.dumps(line), flush=True)
        with (self.folder / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
