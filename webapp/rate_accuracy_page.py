"""The page of accuracy against bytes, drawn from what the last full run of `bench.rate_accuracy` kept."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from inference.engine import catalogue

RESULTS = settings.BASE_DIR / "bench" / "results" / "rate_accuracy.json"
COMMAND = "python -m bench.rate_accuracy"
WAYS = {
    "code": "ours",
    "refine": "ours, answer then refine",
    "jpeg": "JPEG",
    "webp": "WebP",
    "avif": "AVIF",
    "upload": "file as it is",
}
TASKS = {"classify": "what is it", "caption": "describe", "vqa": "question"}


def curves(request: HttpRequest) -> HttpResponse:
    """Empty until the bench has run; says so when the weights have changed since."""
    figures = read()
    shown = {"command": COMMAND, "figures": figures is not None}
    if figures is None:
        return render(request, "curves.html", shown)
    now = {"tower": catalogue.sha256(catalogue.WEIGHTS / "compact" / "classify" / "model.safetensors"),
           "code": catalogue.sha256(catalogue.WEIGHTS / "compact" / "codec.safetensors")}  # fmt: skip
    tasks = [
        {"name": task, "title": TASKS.get(task, task), "told": told, "summary": summary(told), "rows": rows(told)}
        for task, told in figures["tasks"].items()
    ]
    return render(request, "curves.html", shown | {"tasks": tasks, "stale": figures.get("made_for") != now, "looks": looks(figures),
                                                   "told": figures, "device_percent": f"{100 * (figures['device_share'] or 0):.0f} %", "boot": drawn(figures)})  # fmt: skip


def read() -> dict[str, Any] | None:
    """None where the bench has not run, or its file was cut off: the remedy is the same."""
    try:
        found: dict[str, Any] = json.loads(RESULTS.read_text())
    except (OSError, ValueError):
        return None
    return found if found.get("tasks") else None


def drawn(figures: dict[str, Any]) -> dict[str, Any]:
    """What the charts need: the points that are compared, by task and way, and how photos look afterwards."""
    ways = ("code", "refine", "jpeg", "webp", "avif")
    tasks = {task: {"metric": told["metric"], "full": told["full"], "upload": told["upload"], **{way: told.get(way, []) for way in ways}}
             for task, told in figures["tasks"].items()}  # fmt: skip
    return {"tasks": tasks, "looks": looks(figures)}


def looks(figures: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """By way, the rows that tell how much of the photo can be seen. Every task has the same photos, so one of them serves.

    Ours at every split point: what a level gives away depends on where the tower was cut."""
    told = next(iter(figures["tasks"].values()))
    photo = {
        name: [one for one in told.get(name, []) if "psnr" in one and one.get("tails") == "plain"]
        for name in ("jpeg", "webp", "avif")
    }
    return {"code": [one for one in told.get("detail", {}).get("code", []) if "psnr" in one], **photo}


def summary(told: dict[str, Any]) -> dict[str, Any]:
    """One row of the table that the reference study has: accuracy and kilobytes in full, ours, and how many times less."""
    chosen = told["chosen"]
    photo = cell(told, chosen["photo_at_1pt"])
    if chosen["photo_at_1pt"]:
        photo["how"] = f"{WAYS[chosen['photo_at_1pt']['way']]}, {photo['how']}"
    return {"full": cell(told, told["full"]), "upload": cell(told, told["upload"]), "ours": cell(told, chosen["at_1pt"]),
            "photo": photo, "ratio": times(told, "ratio_at_1pt"),
            "files": times(told, "ratio_vs_upload_at_half_pt")}  # fmt: skip


def rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            **cell(told, one),
            "way": WAYS[way],
            "place": "link" if way in ("code", "refine") else "edge",
            "difference": difference(told, one),
        }
        for way in WAYS
        for one in ([told["upload"]] if way == "upload" else told.get(way, []))
    ]


def cell(told: dict[str, Any], one: dict[str, Any] | None) -> dict[str, Any]:
    if one is None:
        return {"accuracy": "none measured", "bytes": None, "how": ""}
    low, high = one["accuracy_ci"]
    return {"accuracy": fraction(told, one["accuracy"]), "interval": f"{fraction(told, low)} to {fraction(told, high)}",
            "bytes": one["bytes"], "how": how(one)}  # fmt: skip


def how(one: dict[str, Any]) -> str:
    if "quality" in one:
        return f"quality {one['quality']}, {one['tails']}"
    if "split_at" not in one:
        return ""
    place = "before block 1" if one["split_at"] == 0 else f"after block {one['split_at']}"
    level = (
        f"level {one['level']}"
        if "refine_to" not in one
        else f"level {one['level']}, then {one['refine_to']} for {100 * one['refined_share']:.0f} %"
    )
    return f"{place}, {level}"


def difference(told: dict[str, Any], one: dict[str, Any]) -> str:
    """In points: per cent, or hundredths of BLEU."""
    low, high = one["difference_ci"]
    return f"{100 * one['difference']:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def fraction(told: dict[str, Any], value: float) -> str:
    return f"{value:.3f}" if told["metric"].startswith("BLEU") else f"{100 * value:.1f} %"


def times(told: dict[str, Any], name: str) -> str:
    value, interval = told[name], told.get(f"{name}_ci")
    if value is None:
        return "none measured"
    if value == 0:
        return "no level of ours comes near enough"
    return f"{value:.1f}×" + (f" ({interval[0]:.1f} to {interval[1]:.1f})" if interval else "")
