"""From evaluated rows to the figures of `bench.rate_accuracy`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.rate_accuracy.evaluation import EVERYDAY, WEIGHTS, Evaluation, Row, Setting
from bench.rate_accuracy.stats import Bootstrap, Floats, Outcome, Point, cheapest, ratio, result_row
from bench.rate_accuracy.timing import Times
from devices.contract import wire
from inference.engine.codecs import photo_codec
from inference.engine.digests import sha256
from inference.engine.model_files import tower_digest
from inference.lab.data import photo_sets
from inference.lab.measures.metrics import BY_NAME, TASK_METRICS

DEVICE_SHARE = 0.45  # largest share of the whole model's compute on a device; the headline keeps to it where possible
METRIC_OF = {**TASK_METRICS, EVERYDAY: BY_NAME["everyday_top1"]}
POINT, HALF = 0.01, 0.005


def report(photos: Evaluation, rows: Sequence[Row], times: Times) -> dict[str, Any]:
    photo_of_item = {
        "classify": np.arange(len(photos.labels)),
        EVERYDAY: np.arange(len(photos.everyday)),
        "caption": np.arange(len(photos.references)),
        "vqa": np.array([place for place, _ in photos.questions]),
    }
    tasks = {task: _task(photos, task, rows, times, Bootstrap(_renumbered(items))) for task, items in photo_of_item.items()}
    chosen = [result["chosen"]["at_1pt"] for result in tasks.values() if result["chosen"]["at_1pt"]]
    splits = [times["splits"][str(row["split_at"])] for row in chosen]
    shares = (result["chosen"]["device_share"] for result in tasks.values() if result["chosen"]["at_1pt"])
    return {
        "tasks": tasks,
        "device_share": max(shares, default=None),
        "encode_ms": max((ms for split in splits for ms in split["encode_ms"]), default=None),
        "decode_ms": max((ms for split in splits for ms in split["decode_ms"]), default=None),
        "compute": times,
        "photos": _sizes(photos),
        "adapted": "Adapted: an affine map on the tower's last tokens, before all three task heads, fitted in closed form on "
        f"{photos.sizes.adapted} training photos compressed in the same way, to give the uncompressed photos' tokens",
        "made_for": {
            "tower": tower_digest(WEIGHTS),
            "code": sha256(WEIGHTS / "codec.safetensors"),
        },
    }


def _sizes(photos: Evaluation) -> dict[str, int]:
    """Under the keys of the stored results."""
    sizes = photos.sizes
    return {
        "named": sizes.classified,
        "everyday": sizes.everyday,
        "captioned": sizes.captioned,
        "asked": sizes.asked,
        "looked_at": sizes.compared,
        "adapted": sizes.adapted,
    }


def _task(photos: Evaluation, task: str, rows: Sequence[Row], times: Times, bootstrap: Bootstrap) -> dict[str, Any]:
    """`task`: or EVERYDAY, which the classifier's task answers."""
    answered_by = "classify" if task == EVERYDAY else task
    by_way: dict[str, list[Point]] = {}
    for row in rows:
        by_way.setdefault(row.setting["way"], []).append(_point(row.setting, row.bytes[task], row.outcomes[task], bootstrap))
    (full,), (upload,), all_levels = by_way["full"], by_way["upload"], by_way["code"]
    share = {
        (int(k), level): value
        for k, split in times["splits"].items()
        for level, value in enumerate(split["share"][answered_by], 1)
    }
    light = [point for point in all_levels if share[point.setting["split_at"], point.setting["level"]] <= DEVICE_SHARE]
    ours = light or all_levels
    codecs = [point for name in photo_codec.CODECS for point in by_way.get(name, [])]
    refined = _refined(photos, task, answered_by, rows, bootstrap)
    at_1pt = cheapest(ours, full.accuracies, POINT)
    large = Point(_ordinary_upload_bytes(), upload.accuracies, {})

    def result(point: Point) -> dict[str, Any]:
        return result_row(point, full.accuracies)

    def chosen(points: Sequence[Point], loss: float) -> dict[str, Any] | None:
        point = cheapest(points, full.accuracies, loss)
        return None if point is None else result(point)

    return {
        "metric": METRIC_OF[task].label,
        "photos": bootstrap.photos,
        "items": len(bootstrap.photo),
        "full": result(full),
        "upload": {**result(upload), "bytes_640px": round(large.bytes)},
        "code": [result(point) for point in best_per_level(ours)],
        "refine": [result(point) for point in refined],
        **{name: [result(point) for point in by_way.get(name, [])] for name in photo_codec.FORMATS},
        **_ratios(ours, codecs, upload, large, full.accuracies),
        "chosen": {
            "at_1pt": chosen(ours, POINT),
            "at_half_pt": chosen(ours, HALF),
            "photo_at_1pt": chosen(codecs, POINT),
            "device_share": share[at_1pt.setting["split_at"], at_1pt.setting["level"]] if at_1pt else None,
            "within_share": bool(light),
        },
        "detail": {
            "code": [result(point) for point in all_levels],
            "any_split": _ratios(all_levels, codecs, upload, large, full.accuracies),
            "with_refining": _ratios([*ours, *refined], codecs, upload, large, full.accuracies),
        },
    }


def _ratios(ours: Sequence[Point], photos: Sequence[Point], upload: Point, large: Point, full: Floats) -> dict[str, Any]:
    ratios: dict[str, Any] = {}
    for name, theirs, loss in (
        ("ratio_at_1pt", photos, POINT),
        ("ratio_vs_upload_at_half_pt", [upload], HALF),
        ("ratio_vs_640px_upload_at_half_pt", [large], HALF),
    ):
        ratios[name], ratios[f"{name}_ci"] = ratio(ours, theirs, full, loss)
    return ratios


def _refined(photos: Evaluation, task: str, answered_by: str, rows: Sequence[Row], bootstrap: Bootstrap) -> list[Point]:
    """Answer, then refine, from the two levels' own answers: the higher level's where the lower one was below the bound."""
    by_level = {(row.setting["split_at"], row.setting["level"]): row for row in rows if row.setting["way"] == "code"}
    points = []
    for k in sorted(photos.part.codes):
        for mode in photos.profile.refinements(answered_by, k):
            low, high = by_level[k, mode.level], by_level[k, mode.refine_to]
            outcome, unsure = low.outcomes[task].refined(high.outcomes[task], mode.sure_above)
            second_packet = wire.HEADER_BYTES + high.bytes[task] - low.bytes[task]
            expected = low.bytes[task] + unsure * second_packet
            setting: Setting = {
                "way": "refine", "split_at": k, "level": mode.level, "refine_to": mode.refine_to, "sure_above": mode.sure_above,
                "refined_share": round(unsure, 4), "saved": round(1 - expected / high.bytes[task], 4),
            }  # fmt: skip
            points.append(_point(setting, expected, outcome, bootstrap))
    return points


def best_per_level(points: Sequence[Point]) -> list[Point]:
    """Each level at its most accurate split point."""
    levels = sorted({point.setting["level"] for point in points})
    return [
        max((point for point in points if point.setting["level"] == level), key=lambda point: float(point.accuracies[0]))
        for level in levels
    ]


def _point(setting: Setting, size: float, outcome: Outcome, bootstrap: Bootstrap) -> Point:
    others = {name: round(float(values.mean()), 4) for name, values in outcome.others.items()}
    return Point(size, bootstrap.accuracies(outcome), {**setting, **others})


def _renumbered(photos: NDArray[np.int64]) -> NDArray[np.int64]:
    """Photo numbers without gaps, so that a photo without questions is never drawn for them."""
    return np.unique(photos, return_inverse=True)[1]


def _ordinary_upload_bytes() -> float:
    """Mean file size of ordinary 640-pixel photos; not the photos that accuracy is measured on."""
    files = sorted((photo_sets.data_dir() / "photos" / "images").glob("*.jpg"))
    return float(np.mean([file.stat().st_size for file in files])) if files else float("nan")
