"""From measured rows to what `bench.rate_accuracy` tells."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.rate_accuracy.rows import WEIGHTS, Exam, Row
from bench.rate_accuracy.stats import Draws, Floats, Outcome, Point, cheapest, ratio, row
from devices.contract import wire
from inference.engine.codecs import photo_codec
from inference.engine.model_files import sha256
from inference.lab.data import photo_sets

METRICS = {"classify": "first of 1000 names", "caption": "BLEU-4", "vqa": "exact answer"}
MOST_SHARE = 0.25  # of the whole model's compute that a device should do; the headline keeps to it where it can
POINT, HALF = 0.01, 0.005


def report(exam: Exam, rows: Sequence[Row], timed: dict[str, Any]) -> dict[str, Any]:
    photo_of = {"classify": np.arange(len(exam.labels)), "caption": np.arange(len(exam.references)),
                "vqa": np.array([place for place, _ in exam.asked])}  # fmt: skip
    tasks = {task: _task(exam, task, rows, timed, Draws(_dense(photos))) for task, photos in photo_of.items()}
    chosen = [one["chosen"]["at_1pt"] for one in tasks.values() if one["chosen"]["at_1pt"]]
    splits = [timed["splits"][str(one["split_at"])] for one in chosen]
    return {
        "tasks": tasks,
        "device_share": max((one["chosen"]["device_share"] for one in tasks.values() if one["chosen"]["at_1pt"]), default=None),
        "encode_ms": max((ms for one in splits for ms in one["encode_ms"]), default=None),
        "decode_ms": max((ms for one in splits for ms in one["decode_ms"]), default=None),
        "compute": timed,
        "photos": vars(exam.sizes),
        "adapted": f"Adapted: an affine map on the tower's last tokens, before all three tails, fitted in closed form on {exam.sizes.adapted} "
        "training photos compressed in the same way to give the uncompressed photos' tokens",
        "made_for": {"tower": sha256(WEIGHTS / "classify" / "model.safetensors"), "code": sha256(WEIGHTS / "codec.safetensors")},
    }  # fmt: skip


def _task(exam: Exam, task: str, rows: Sequence[Row], timed: dict[str, Any], draws: Draws) -> dict[str, Any]:
    by_way: dict[str, list[Point]] = {}
    for one in rows:
        by_way.setdefault(one.told["way"], []).append(_point(one.told, one.bytes[task], one.outcomes[task], draws))
    (full,), (upload,), every = by_way["full"], by_way["upload"], by_way["code"]
    share = {(int(k), level): one for k, split in timed["splits"].items() for level, one in enumerate(split["share"][task], 1)}
    light = [one for one in every if share[one.told["split_at"], one.told["level"]] <= MOST_SHARE]
    ours = best_per_level(light or every)
    photos = [one for name in photo_codec.CODECS for one in by_way.get(name, [])]
    refined = _refined(exam, task, rows, draws)
    at_1pt = cheapest(light or every, full.drawn, POINT)
    large = Point(_ordinary_upload(), upload.drawn, {})
    found: dict[str, Any] = {
        "metric": METRICS[task],
        "photos": draws.photos,
        "items": len(draws.photo),
        "full": row(full, full.drawn),
        "upload": {**row(upload, full.drawn), "bytes_640px": round(large.bytes)},
        "code": [row(one, full.drawn) for one in ours],
        "refine": [row(one, full.drawn) for one in refined],
        **{name: [row(one, full.drawn) for one in by_way.get(name, [])] for name in photo_codec.FORMATS},
        **_ratios(light or every, photos, upload, large, full.drawn),
        "chosen": {
            "at_1pt": _told(at_1pt, full.drawn),
            "at_half_pt": _told(cheapest(light or every, full.drawn, HALF), full.drawn),
            "photo_at_1pt": _told(cheapest(photos, full.drawn, POINT), full.drawn),
            "device_share": share[at_1pt.told["split_at"], at_1pt.told["level"]] if at_1pt else None,
            "within_share": bool(light),
        },
        "detail": {
            "code": [row(one, full.drawn) for one in every],
            "any_split": _ratios(every, photos, upload, large, full.drawn),
            "with_refining": _ratios([*(light or every), *refined], photos, upload, large, full.drawn),
        },
    }
    return found


def _ratios(ours: Sequence[Point], photos: Sequence[Point], upload: Point, large: Point, full: Floats) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, theirs, loss in (
        ("ratio_at_1pt", photos, POINT),
        ("ratio_vs_upload_at_half_pt", [upload], HALF),
        ("ratio_vs_640px_upload_at_half_pt", [large], HALF),
    ):
        found[name], found[f"{name}_ci"] = ratio(ours, theirs, full, loss)
    return found


def _refined(exam: Exam, task: str, rows: Sequence[Row], draws: Draws) -> list[Point]:
    """Answer-then-refine out of the two levels' own answers: the higher one where the lower was not sure enough."""
    known = {(one.told["split_at"], one.told["level"]): one for one in rows if one.told["way"] == "code"}
    found = []
    for k in sorted(exam.part.codes):
        for mode in exam.profile.refinements(task, k):
            low, high = known[k, mode.level], known[k, mode.refine_to]
            outcome, unsure = low.outcomes[task].mixed(high.outcomes[task], mode.sure_above)
            more = wire.HEADER_BYTES + high.bytes[task] - low.bytes[task]
            expected = low.bytes[task] + unsure * more
            told = {"way": "refine", "split_at": k, "level": mode.level, "refine_to": mode.refine_to, "sure_above": mode.sure_above,
                    "refined_share": round(unsure, 4), "saved": round(1 - expected / high.bytes[task], 4)}  # fmt: skip
            found.append(_point(told, expected, outcome, draws))
    return found


def best_per_level(points: Sequence[Point]) -> list[Point]:
    levels = sorted({one.told["level"] for one in points})
    return [max((one for one in points if one.told["level"] == level), key=lambda one: one.drawn[0]) for level in levels]


def _point(told: dict[str, Any], size: float, outcome: Outcome, draws: Draws) -> Point:
    others = {name: round(float(values.mean()), 4) for name, values in outcome.others.items()}
    return Point(size, draws.accuracies(outcome), {**told, **others})


def _told(point: Point | None, full: Floats) -> dict[str, Any] | None:
    return None if point is None else row(point, full)


def _dense(photos: Any) -> Any:
    """Photo numbers without gaps: a photo nobody asks about is not drawn for questions."""
    return np.unique(photos, return_inverse=True)[1]


def _ordinary_upload() -> float:
    """Mean bytes of photos as people have them, of 640 pixels: others than those that accuracy is measured on."""
    files = sorted((photo_sets.data_dir() / "photos" / "images").glob("*.jpg"))
    return float(np.mean([file.stat().st_size for file in files])) if files else float("nan")
