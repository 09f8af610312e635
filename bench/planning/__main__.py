"""How well requests are planned: `python -m bench.planning [--quick] [--json] [--half dev|test] [--wrong]`.

Reads the requests of bench/planning/requests with their right plans and plans each with the offline planner and, where
ISTHMUS_PLANNER_MODEL is set, with that language model too.

exact               plans whose every step, question, argument and dependency is right
step_f1             over the tasks of the steps
argument_accuracy   questions, models and training fields that are right, where the task is
hallucinated        plans with a task or a model that does not exist
training_exact      training requests with all fields right and none invented
ms_p50, ms_p99      milliseconds of planning
"""

import argparse
import json
import os
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.planning.rows import Row, Verdict, judge, rows
from inference.planning.plan import Planned
from inference.planning.planner import OfflinePlanner, Planner, make_planner
from inference.planning.planner_config import PlannerConfig
from inference.planning.rules import training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="every fifth request")
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--half", choices=("dev", "test"), default="test", help="which half of the requests")
    parser.add_argument("--wrong", action="store_true", help="print each request that was planned wrongly")
    options = parser.parse_args()
    chosen = rows(options.half)[:: 5 if options.quick else 1]
    figures = measure(chosen, OfflinePlanner(), options.wrong)
    if (config := _configured()).model:
        figures["llm"] = {"model": config.model, **measure(chosen, make_planner(config), options.wrong)}
    for name, value in figures.items():
        print(f"{name:18} {value}")
    if options.json:
        print(json.dumps(figures))


def _configured() -> PlannerConfig:
    told = {name: os.environ.get(f"ISTHMUS_PLANNER_{name}", "") for name in ("URL", "KEY", "MODEL", "AZURE")}
    return PlannerConfig(told["URL"], told["KEY"], told["MODEL"], told["AZURE"])


def measure(chosen: Sequence[Row], planner: Planner, show: bool = False) -> dict[str, Any]:
    planner.plan("What is this?", chosen[0].context)  # the first call compiles expressions and opens connections
    judged = []
    for row in chosen:
        planned = planner.plan(row.message, row.context)
        verdict = _judge(row, planned)
        judged.append((row, planned, verdict))
        if show and not verdict.exact:
            print(f"{row.kind}: {row.message!r}\n    {_shown(planned)}")
    return figures_of(judged)


def _judge(row: Row, planned: Planned) -> Verdict:
    trains = any(step.task == "train" for step in planned.plan.steps)
    return judge(row, planned.plan, training.read(row.message) if trains else None)


def figures_of(judged: Sequence[tuple[Row, Planned, Verdict]]) -> dict[str, Any]:
    verdicts = [verdict for _, _, verdict in judged]
    times = [planned.ms for _, planned, _ in judged]
    kinds = dict.fromkeys(row.kind for row, _, _ in judged)
    return {
        "n_test": len(judged),
        "exact": _share(verdict.exact for verdict in verdicts),
        "step_f1": _f1(verdicts),
        "argument_accuracy": _ratio(sum(v.arguments_right for v in verdicts), sum(v.arguments for v in verdicts)),
        "hallucinated": _share(verdict.invented for verdict in verdicts),
        "training_exact": _share(v.exact for row, _, v in judged if any(way.task == "train" for ways in row.steps for way in ways)),
        "ms_p50": round(statistics.median(times), 3),
        "ms_p99": round(float(np.percentile(times, 99)), 3),
        "exact_by_kind": {kind: _share(v.exact for row, _, v in judged if row.kind == kind) for kind in kinds},
        "kinds": {kind: sum(row.kind == kind for row, _, _ in judged) for kind in kinds},
    }  # fmt: skip


def _f1(verdicts: Sequence[Verdict]) -> float | None:
    return _ratio(2 * sum(v.both for v in verdicts), sum(v.found + v.right for v in verdicts))


def _share(truths: Any) -> float | None:
    counted = [bool(truth) for truth in truths]
    return _ratio(sum(counted), len(counted))


def _ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def _shown(planned: Planned) -> str:
    steps = [f"{s.task} {s.model or s.question}{' <' + str(s.after) if s.after else ''}" for s in planned.plan.steps]
    return "; ".join(steps) or f"none ({planned.plan.why})"


if __name__ == "__main__":
    main()
