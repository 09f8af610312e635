"""From what was measured to the bench's figures and its table."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from rich.table import Table

from bench.engines.engine_server import TASKS, WORKS
from bench.engines.measurement import REFERENCE, Bundle, EngineResult

BASELINE, COMPARED = REFERENCE, "onnx_cpu"  # of the ratios: the first over the second


def figures(results: Sequence[EngineResult], bundle: Bundle, photos: int) -> dict[str, Any]:
    by_key = {result.key: result for result in results}
    ratios = {work: ratio(by_key, work) for work in WORKS}
    return {
        "engines": {result.key: _engine(result) for result in results},
        "head_ratio": ratios["head"],
        "whole_ratio": ratios["whole"],
        "ratios": ratios,
        "agree_by_task": {result.key: _by_task(result) for result in results if result.agreement},
        "differences": {result.key: list(map(asdict, result.agreement.differences)) for result in results if result.agreement},
        "features_error": {result.key: result.agreement.features_error for result in results if result.agreement},
        "split_at": {result.key: result.split_at for result in results},
        "photos": photos,
        "rounds": max((len(times) for result in results for times in result.ms.values()), default=0),
        "bundle_mb": round(bundle.megabytes, 2),
        "bundle_files": bundle.files,
        "export_s": None if bundle.export_s is None else round(bundle.export_s, 1),
    }


def ratio(by_key: Mapping[str, EngineResult], work: str) -> float | None:
    """The median over the rounds, in each of which both engines did the same work one after the other."""
    if not {BASELINE, COMPARED} <= by_key.keys():
        return None
    pairs = zip(by_key[BASELINE].ms[work], by_key[COMPARED].ms[work], strict=True)
    return round(median(first / second for first, second in pairs), 2)


def _engine(result: EngineResult) -> dict[str, Any]:
    return {
        **{f"{work}_ms": round(median(times), 2) for work, times in result.ms.items()},
        "ready_s": round(median(result.ready_s), 2),
        "agent_rss_mb": result.memory["idle"].rss_mb,
        "agent_anonymous_mb": result.memory["idle"].anonymous_mb,
        "ready_rss_mb": result.memory["ready"].rss_mb,
        "answered_rss_mb": result.memory["answered"].rss_mb,
        "agree": result.agreement.share if result.agreement else None,
    }


def _by_task(result: EngineResult) -> dict[str, dict[str, int]]:
    assert result.agreement is not None, "the reference agrees with itself"
    return {task: {"equal": result.agreement.equal.get(task, 0), "of": result.agreement.photos} for task in TASKS}


def tables(values: Mapping[str, Any]) -> list[Table]:
    engines: dict[str, dict[str, Any]] = values["engines"]
    costs = Table(title="One thread, photo decoded")
    costs.add_column("")
    for key in engines:
        costs.add_column(key, justify="right")
    costs.add_column(f"{BASELINE} / {COMPARED}", justify="right")
    for work in WORKS:
        cells = (f"{row[f'{work}_ms']:.1f}" for row in engines.values())
        costs.add_row(f"{work}, ms", *cells, _text(values["ratios"][work]))
    for name, label in ROWS.items():
        costs.add_row(label, *(_text(row[name]) for row in engines.values()), "")
    agreement = Table(title=f"Photos on which an engine answers as {REFERENCE}")
    for name in ("engine", *TASKS, "all", "features differ by"):
        agreement.add_column(name, justify="left" if name == "engine" else "right")
    for key, tasks in values["agree_by_task"].items():
        counts = (f"{tasks[task]['equal']} of {tasks[task]['of']}" for task in TASKS)
        agreement.add_row(key, *counts, f"{engines[key]['agree']:.1%}", f"{values['features_error'][key]:.1e}")
    return [costs, agreement]


ROWS = {
    "ready_s": "until ready, s",
    "agent_rss_mb": "idle, MB",
    "agent_anonymous_mb": "of it anonymous, MB",
    "ready_rss_mb": "just loaded, MB",
    "answered_rss_mb": "after answering, MB",
}


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
