"""The curves of `bench.rate_accuracy` as one page that needs nothing else."""

from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

WAYS = {"code": ("ours", "#dd9526"), "jpeg": ("JPEG", "#5457d8"), "webp": ("WebP", "#0b8576"), "avif": ("AVIF", "#646b76")}


def page(figures: dict[str, Any]) -> str:
    tasks = figures["tasks"]
    titles = [f"{task}: {told['metric']}" for task, told in tasks.items()]
    drawn = make_subplots(rows=1, cols=len(tasks), subplot_titles=titles)
    for column, told in enumerate(tasks.values(), 1):
        for way, (name, colour) in WAYS.items():
            for tails, dash in (("plain", "solid"), ("adapted", "dot")):
                rows = [one for one in told[way] if one.get("tails", "plain") == tails]
                if rows:
                    drawn.add_trace(
                        trace(rows, name if way == "code" else f"{name}, {tails}", colour, dash, column == 1), 1, column
                    )
        drawn.add_hline(told["full"]["accuracy"], line_dash="dash", line_color="#888", row=1, col=column)
        drawn.add_trace(trace([told["upload"]], "file as it is", "#b3261e", "solid", column == 1), 1, column)
    drawn.update_xaxes(type="log", title="bytes")
    drawn.update_layout(legend={"orientation": "h"}, height=520)
    found: str = drawn.to_html(include_plotlyjs=True)
    return found


def trace(rows: list[dict[str, Any]], name: str, colour: str, dash: str, legend: bool) -> go.Scatter:
    rows = sorted(rows, key=lambda one: one["bytes"])
    up = [one["accuracy_ci"][1] - one["accuracy"] for one in rows]
    down = [one["accuracy"] - one["accuracy_ci"][0] for one in rows]
    return go.Scatter(
        x=[one["bytes"] for one in rows], y=[one["accuracy"] for one in rows], name=name, legendgroup=name, showlegend=legend,
        mode="lines+markers", line={"color": colour, "dash": dash}, error_y={"array": up, "arrayminus": down, "thickness": 0.6},
    )  # fmt: skip
