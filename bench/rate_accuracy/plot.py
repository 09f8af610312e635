"""The curves of `bench.rate_accuracy` as one self-contained page."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

STYLES = {"code": ("ours", "#dd9526"), "jpeg": ("JPEG", "#5457d8"), "webp": ("WebP", "#0b8576"), "avif": ("AVIF", "#646b76")}


def page(figures: dict[str, Any]) -> str:
    tasks = figures["tasks"]
    titles = [f"{task}: {result['metric']}" for task, result in tasks.items()]
    plot = make_subplots(rows=1, cols=len(tasks), subplot_titles=titles)
    for column, result in enumerate(tasks.values(), 1):
        for method, (name, colour) in STYLES.items():
            for tails, dash in (("plain", "solid"), ("adapted", "dot")):
                rows = [row for row in result[method] if row.get("tails", "plain") == tails]
                if rows:
                    label = name if method == "code" else f"{name}, {tails}"
                    plot.add_trace(trace(rows, label, colour, dash, column == 1), 1, column)
        plot.add_hline(result["full"]["accuracy"], line_dash="dash", line_color="#888", row=1, col=column)
        plot.add_trace(trace([result["upload"]], "original file", "#b3261e", "solid", column == 1), 1, column)
    plot.update_xaxes(type="log", title="bytes")
    plot.update_layout(legend={"orientation": "h"}, height=520)
    return str(plot.to_html(include_plotlyjs=True))


def trace(rows: Sequence[dict[str, Any]], name: str, colour: str, dash: str, legend: bool) -> go.Scatter:
    rows = sorted(rows, key=lambda row: float(row["bytes"]))
    up = [row["accuracy_ci"][1] - row["accuracy"] for row in rows]
    down = [row["accuracy"] - row["accuracy_ci"][0] for row in rows]
    return go.Scatter(
        x=[row["bytes"] for row in rows], y=[row["accuracy"] for row in rows], name=name, legendgroup=name, showlegend=legend,
        mode="lines+markers", line={"color": colour, "dash": dash}, error_y={"array": up, "arrayminus": down, "thickness": 0.6},
    )  # fmt: skip
