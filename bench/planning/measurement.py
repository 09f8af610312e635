"""Plans requests with a planner and compares the plans with the reference plans."""

import os
import statistics
from collections.abc import Iterable, Sequence
from typing import TypedDict

import numpy as np

from bench.planning.scoring import Request, Verdict, judge
from inference.planning.plan import Planned
from inference.planning.planner import Planner
from inference.planning.planner_config import PlannerConfig
from inference.planning.training.request import read as read_training

Judgement = tuple[Request, Planned, Verdict]


class Figures(TypedDict):
    n_test: int
    exact: float | None
    step_f1: float | None
    argument_accuracy: float | None
    hallucinated: float | None
    training_exact: float | None
    ms_p50: float
    ms_p99: float
    exact_by_kind: dict[str, float | None]
    kinds: dict[str, int]


def configured_planner() -> PlannerConfig:
    """From ISTHMUS_PLANNER_*; its `model` is empty without a language model. Every request is sent to it, certain or not."""
    url, key, model, azure = (os.environ.get(f"ISTHMUS_PLANNER_{name}", "") for name in ("URL", "KEY", "MODEL", "AZURE"))
    timeout_s = float(os.environ.get("ISTHMUS_PLANNER_TIMEOUT_S", PlannerConfig.timeout_s))
    max_tokens = int(os.environ.get("ISTHMUS_PLANNER_MAX_TOKENS", PlannerConfig.max_tokens))
    return PlannerConfig(url, key, model, azure, timeout_s=timeout_s, max_tokens=max_tokens)


def measure(requests: Sequence[Request], planner: Planner, show_wrong: bool = False) -> Figures:
    planner.plan("What is this?", requests[0].context)  # the first call compiles expressions and opens connections
    judgements: list[Judgement] = []
    for request in requests:
        planned = planner.plan(request.message, request.context)
        verdict = _judge(request, planned)
        judgements.append((request, planned, verdict))
        if show_wrong and not verdict.exact:
            print(f"{request.kind}: {request.message!r}\n    {_summary(planned)}")
    return figures(judgements)


def _judge(request: Request, planned: Planned) -> Verdict:
    trains = any(step.task == "train" for step in planned.plan.steps)
    return judge(request, planned.plan, read_training(request.message) if trains else None)


def figures(judgements: Sequence[Judgement]) -> Figures:
    verdicts = [verdict for _, _, verdict in judgements]
    times = [planned.ms for _, planned, _ in judgements]
    kinds = dict.fromkeys(request.kind for request, _, _ in judgements)
    return {
        "n_test": len(judgements),
        "exact": _share(verdict.exact for verdict in verdicts),
        "step_f1": _f1(verdicts),
        "argument_accuracy": _ratio(sum(v.correct_arguments for v in verdicts), sum(v.arguments for v in verdicts)),
        "hallucinated": _share(verdict.hallucinated for verdict in verdicts),
        "training_exact": _share(verdict.exact for request, _, verdict in judgements if request.trains),
        "ms_p50": round(statistics.median(times), 3),
        "ms_p99": round(float(np.percentile(times, 99)), 3),
        "exact_by_kind": {kind: _share(v.exact for request, _, v in judgements if request.kind == kind) for kind in kinds},
        "kinds": {kind: sum(request.kind == kind for request, _, _ in judgements) for kind in kinds},
    }


def _f1(verdicts: Sequence[Verdict]) -> float | None:
    return _ratio(2 * sum(v.matched for v in verdicts), sum(v.planned + v.expected for v in verdicts))


def _share(truths: Iterable[bool]) -> float | None:
    values = list(truths)
    return _ratio(sum(values), len(values))


def _ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def _summary(planned: Planned) -> str:
    steps = [f"{s.task} {s.model or s.question}{' <' + str(s.after) if s.after else ''}" for s in planned.plan.steps]
    return "; ".join(steps) or f"none ({planned.plan.why})"
