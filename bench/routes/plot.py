"""The figures of `bench.routes` as one page that needs nothing else."""

from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

WAYS = {
    "device": ("device alone", "#0b8576"), "upload": ("edge, photo as uploaded", "#b3261e"), "photo_codec": ("edge, photo codec", "#5457d8"),
    "split": ("one fixed split", "#646b76"), "ours": ("ours", "#dd9526"), "ours_ahead": ("ours, heads computed ahead", "#dd9526"),
}  # fmt: skip
ROUTES = {"device": "#0b8576", "edge": "#5457d8", "split": "#dd9526"}


def page(figures: dict[str, Any]) -> str:
    titles = ("Median, ms", "95th percentile, ms", "Decisions around a drop, ms", "Decisions while the edge is busy, ms")
    drawn = make_subplots(rows=2, cols=2, subplot_titles=titles, vertical_spacing=0.14)
    rates = [float(rate) for rate in figures["bandwidths"]]
    for way, (name, colour) in WAYS.items():
        for column, part in enumerate(("p50", "p95"), 1):
            drawn.add_trace(
                go.Scatter(
                    x=rates, y=[found[way][part] for found in figures["bandwidths"].values()], name=name, legendgroup=name,
                    showlegend=column == 1, mode="lines+markers", line={"color": colour, "dash": "dot" if way == "ours_ahead" else "solid"},
                ), 1, column,
            )  # fmt: skip
    for column, rows in enumerate((figures["drop"], figures["busy"]["decisions"]), 1):
        for route, colour in ROUTES.items():
            mine = [row for row in rows if row["route"] == route]
            words = [f"{row['way']}, {row['bytes']} B" for row in mine]
            drawn.add_trace(
                go.Scatter(x=[row["question"] for row in mine], y=[row["ms"] for row in mine], text=words, name=f"route {route}",
                           legendgroup=route, showlegend=column == 1, mode="markers", marker={"color": colour, "size": 9}), 2, column,
            )  # fmt: skip
        change = next((row["question"] for before, row in pairwise(rows) if _world(before) != _world(row)), None)
        if change is not None:
            drawn.add_vline(change - 0.5, line_dash="dash", line_color="#888", row=2, col=column)
    drawn.update_xaxes(type="log", title="KB/s", row=1)
    drawn.update_xaxes(title="question", row=2)
    drawn.update_yaxes(type="log", row=1)
    drawn.update_layout(legend={"orientation": "h", "y": -0.1}, height=860)
    found: str = drawn.to_html(include_plotlyjs=True)
    return found


def _world(row: dict[str, Any]) -> Any:
    return row.get("rate", row.get("crowd"))
