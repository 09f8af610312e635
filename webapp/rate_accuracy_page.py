"""The page of accuracy against bytes, drawn from the results of the last full run of `bench.rate_accuracy`."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from inference.engine import catalogue
from inference.engine.model_files import tower_digest
from webapp import page_data

RESULTS = settings.BASE_DIR / "bench" / "results" / "rate_accuracy.json"
COMMAND = "python -m bench.rate_accuracy"
PHOTO_CODECS = [codec["name"] for codec in page_data.CODECS]
METHODS = {
    "code": "feature code",
    "refine": "feature code, refined when unsure",
    **{codec["name"]: codec["label"] for codec in page_data.CODECS},
    "upload": "original file",
}


def curves(request: HttpRequest) -> HttpResponse:
    """Empty until the bench has run; states when the weights have changed since."""
    figures = read()
    shown = {"command": COMMAND, "figures": figures is not None}
    if figures is None:
        return render(request, "curves.html", shown)
    now = {"tower": tower_digest(catalogue.WEIGHTS / "compact"),
           "code": catalogue.sha256(catalogue.WEIGHTS / "compact" / "codec.safetensors")}  # fmt: skip
    labels = {task["name"]: task["label"] for task in page_data.task_labels()} | {"everyday": "what is it, everyday photos"}
    tasks = [
        {"name": task, "title": labels.get(task, task), "results": results, "summary": summary(results), "rows": rows(results)}
        for task, results in figures["tasks"].items()
    ]
    return render(
        request,
        "curves.html",
        shown
        | {
            "tasks": tasks,
            "stale": figures.get("made_for") != now,
            "looks": looks(figures),
            "photo_rows": [{"label": METHODS[name], "rows": looks(figures)[name]} for name in PHOTO_CODECS],
            "results": figures,
            "device_percent": f"{100 * (figures['device_share'] or 0):.0f} %",
            "boot": drawn(figures),
        },
    )


def read() -> dict[str, Any] | None:
    """None if the bench has not run or its file is truncated: the remedy is the same."""
    try:
        results: dict[str, Any] = json.loads(RESULTS.read_text())
    except (OSError, ValueError):
        return None
    return results if results.get("tasks") else None


def drawn(figures: dict[str, Any]) -> dict[str, Any]:
    """The data of the charts: points by task and method, and reconstruction quality."""
    methods = ("code", "refine", *PHOTO_CODECS)
    tasks = {
        task: {
            "metric": results["metric"],
            "full": results["full"],
            "upload": results["upload"],
            **{method: results.get(method, []) for method in methods},
        }
        for task, results in figures["tasks"].items()
    }
    return {"tasks": tasks, "looks": looks(figures)}


def looks(figures: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Reconstruction quality by method. Every task has the same photos, so the rows of one serve.

    The feature code has rows for every split point, since a level reveals more or less depending on where the tower is
    split."""
    results = next(iter(figures["tasks"].values()))
    photo = {
        name: [row for row in results.get(name, []) if "psnr" in row and row.get("tails") == "plain"] for name in PHOTO_CODECS
    }
    return {"code": [row for row in results.get("detail", {}).get("code", []) if "psnr" in row], **photo}


def summary(results: dict[str, Any]) -> dict[str, Any]:
    """One row of the summary: accuracy and bytes of each method, and how many times fewer bytes the feature code needs."""
    chosen = results["chosen"]
    photo = cell(results, chosen["photo_at_1pt"])
    if chosen["photo_at_1pt"]:
        photo["setting"] = f"{METHODS[chosen['photo_at_1pt']['way']]}, {photo['setting']}"
    return {
        "full": cell(results, results["full"]),
        "upload": cell(results, results["upload"]),
        "ours": cell(results, chosen["at_1pt"]),
        "photo": photo,
        "ratio": times(results, "ratio_at_1pt"),
        "files": times(results, "ratio_vs_upload_at_half_pt"),
    }


def rows(results: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            **cell(results, row),
            "method": METHODS[method],
            "place": "link" if method in ("code", "refine") else "edge",
            "difference": difference(results, row),
        }
        for method in METHODS
        for row in ([results["upload"]] if method == "upload" else results.get(method, []))
    ]


def cell(results: dict[str, Any], row: dict[str, Any] | None) -> dict[str, Any]:
    if row is None:
        return {"accuracy": "not measured", "bytes": None, "setting": ""}
    low, high = row["accuracy_ci"]
    return {
        "accuracy": fraction(results, row["accuracy"]),
        "interval": f"{fraction(results, low)} to {fraction(results, high)}",
        "bytes": row["bytes"],
        "setting": setting(row),
    }


def setting(row: dict[str, Any]) -> str:
    if "quality" in row:
        return f"quality {row['quality']}, {row['tails']}"
    if "split_at" not in row:
        return ""
    place = "before block 1" if row["split_at"] == 0 else f"after block {row['split_at']}"
    level = (
        f"level {row['level']}"
        if "refine_to" not in row
        else f"level {row['level']}, then {row['refine_to']} for {100 * row['refined_share']:.0f} %"
    )
    return f"{place}, {level}"


def difference(results: dict[str, Any], row: dict[str, Any]) -> str:
    """In percentage points, or hundredths of BLEU."""
    low, high = row["difference_ci"]
    return f"{100 * row['difference']:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def fraction(results: dict[str, Any], value: float) -> str:
    return f"{value:.3f}" if results["metric"].startswith("BLEU") else f"{100 * value:.1f} %"


def times(results: dict[str, Any], name: str) -> str:
    value, interval = results[name], results.get(f"{name}_ci")
    if value is None:
        return "not measured"
    if value == 0:
        return "no level comes within the margin"
    return f"{value:.1f}×" + (f" ({interval[0]:.1f} to {interval[1]:.1f})" if interval else "")
