"""What the agent's `doctor` says of answering: every engine tried on this node, which one is used, and why the GPU is not. No
Django."""

import gc
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from devices.agent.capabilities import Finding
from devices.compute import nvidia
from inference.engine import catalogue
from inference.engine.engines import NoEngine
from inference.engine.engines.choice import CPU, Models, Trial, candidates, preferred
from inference.engine.engines.engine import Resources

NONE_WORKS = "Install an engine for this machine: isthmus-agent[onnx], or see “What a board gets” in docs/devices.md."
NOT_USED = "Install an engine that can use it, see “What a board gets” in docs/devices.md, or set ISTHMUS_DEVICE=auto."


def findings(profile: str, bundle: Path | None, resources: Resources) -> Iterator[Finding]:
    """One for each engine as it was tried, then which is used, then of the GPU. `bundle`: as choice.Models."""
    try:
        models, kinds = Models(profile, bundle, resources), candidates()
    except (NoEngine, catalogue.UnknownProfile) as error:
        yield Finding("engine", "none can be tried", str(error))
        return
    trials: list[Trial] = []
    for kind in kinds:
        # One at a time in memory: the agent has its own beside this process.
        trials.append(replace(models.trial(kind), engine=None))
        gc.collect()
        yield Finding(f"engine {kind.name}", _outcome(trials[-1]))
    best = preferred(trials)
    yield _choice(profile, best)
    yield _gpu(trials, best)


def _outcome(trial: Trial) -> str:
    what = trial.description
    if what is None:
        return f"not used: {trial.why}"
    agreement = "agrees with the reference" if trial.compared else "not compared, as there is no bundle here"
    note = f". {what.note}" if what.note else ""
    return f"{what.device}, {what.precision}, {trial.ms:.0f} ms a photo, {agreement}{note}"


def _choice(profile: str, best: Trial | None) -> Finding:
    if best is None:
        return Finding("engine", f"none can compute the {profile} models", NONE_WORKS)
    if os.environ.get("ISTHMUS_ENGINE"):
        return Finding("engine", f"{best.kind.name}, which ISTHMUS_ENGINE names")
    if nvidia.is_there():
        return Finding("engine", f"{best.kind.name}, the fastest of them")
    return Finding("engine", f"{best.kind.name}, the first that agrees; without a GPU the agent loads no other")


def _gpu(trials: Sequence[Trial], best: Trial | None) -> Finding:
    if best and best.description and best.description.device != CPU:
        return Finding("gpu", f"used by {best.kind.name}")
    wanted = nvidia.setting()
    if wanted == CPU:
        return Finding("gpu", "not used: ISTHMUS_DEVICE is cpu")
    if wanted not in ("auto", "cuda"):
        return Finding("gpu", f"not used: ISTHMUS_DEVICE is {wanted!r}", "Set it to auto, cpu or cuda.")
    why, remedy = nvidia.obstacle()
    if why:
        return Finding("gpu", f"not used: {why}", remedy or ("Set ISTHMUS_DEVICE=auto." if wanted == "cuda" else ""))
    reasons = " ".join(f"{trial.kind.name}: {_why_not(trial)}" for trial in trials)
    return Finding("gpu", f"not used. {reasons}", NOT_USED if wanted == "cuda" else "")


def _why_not(trial: Trial) -> str:
    """Why this engine does not have the GPU, one sentence."""
    if trial.description is None:
        return trial.why
    if trial.description.device != CPU:
        return "it computes on the GPU, more slowly than the one that is used."
    return trial.description.note or "it computes on the processor."
