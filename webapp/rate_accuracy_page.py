"""The page of accuracy against bytes, drawn from the results of the last full run of `bench.rate_accuracy`."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from inference.engine import catalogue
from inference.engine.model_files import tower_digest
from webapp import page_data
from webapp.languages import number

RESULTS = settings.BASE_DIR / "bench" / "results" / "rate_accuracy.json"
COMMAND = "python -m bench.rate_accuracy"
PHOTO_CODECS = [codec["name"] for codec in page_data.CODECS]
EVERYDAY = gettext_noop("what is it, everyday photos")
TAILS = {"plain": gettext_lazy("plain"), "adapted": gettext_lazy("adapted")}
METHODS = {
    "code": gettext_lazy("feature code"),
    "refine": gettext_lazy("feature code, refined when unsure"),
    **{codec["name"]: codec["label"] for codec in page_data.CODECS},
    "upload": gettext_lazy("original file"),
}


def curves(request: HttpRequest) -> HttpResponse:
    """Empty until the bench has run; states when the weights have changed since."""
    figures = read()
    shown = {"command": COMMAND, "figures": figures is not None}
    if figures is None:
        return render(request, "curves.html", shown)
    now = {"tower": tower_digest(catalogue.WEIGHTS / "compact"),
           "code": catalogue.sha256(catalogue.WEIGHTS / "compact" / "codec.safetensors")}  # fmt: skip
    labels = {task["name"]: task["label"] for task in page_data.task_labels()} | {"everyday": EVERYDAY}
    tasks = [
        {
            "name": task,
            "title": gettext(labels.get(task, task)),
            "results": results,
            "summary": summary(results),
            "rows": rows(results),
        }
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
        return {"accuracy": gettext("no level comes within the margin"), "bytes": None, "setting": ""}
    low, high = row["accuracy_ci"]
    return {
        "accuracy": fraction(results, row["accuracy"]),
        "interval": gettext("%(low)s to %(high)s") % {"low": fraction(results, low), "high": fraction(results, high)},
        "bytes": row["bytes"],
        "setting": setting(row),
    }


def setting(row: dict[str, Any]) -> str:
    if "quality" in row:
        return gettext("quality %(quality)s, %(tails)s") % {
            "quality": row["quality"],
            "tails": TAILS.get(row["tails"], row["tails"]),
        }
    if "split_at" not in row:
        return ""
    place = gettext("before block 1") if row["split_at"] == 0 else gettext("after block %(block)s") % {"block": row["split_at"]}
    values = {"level": row["level"], "refined": row.get("refine_to"), "percent": f"{100 * row.get('refined_share', 0):.0f}"}
    level = (
        gettext("level %(level)s, then %(refined)s for %(percent)s %%") if "refine_to" in row else gettext("level %(level)s")
    )
    return f"{place}, {level % values}"


def difference(results: dict[str, Any], row: dict[str, Any]) -> str:
    """In percentage points, or hundredths of BLEU."""
    low, high = row["difference_ci"]
    values = {"value": signed(row["difference"]), "low": signed(low), "high": signed(high)}
    return gettext("%(value)s (%(low)s to %(high)s)") % values


def signed(share: float) -> str:
    return ("+" if f"{100 * share:+.1f}"[0] == "+" else "-") + number(abs(100 * share), 1, grouped=False)


def fraction(results: dict[str, Any], value: float) -> str:
    return (
        number(value, 3, grouped=False)
        if results["metric"].startswith("BLEU")
        else f"{number(100 * value, 1, grouped=False)} %"
    )


def times(results: dict[str, Any], name: str) -> str:
    value, interval = results[name], results.get(f"{name}_ci")
    if value is None:
        return gettext("not measured")
    if value == 0:
        return gettext("no level comes within the margin")
    if not interval:
        return f"{number(value, 1, grouped=False)}×"
    values = {
        "value": f"{number(value, 1, grouped=False)}×",
        "low": number(interval[0], 1, grouped=False),
        "high": number(interval[1], 1, grouped=False),
    }
    return gettext("%(value)s (%(low)s to %(high)s)") % values
