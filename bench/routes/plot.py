"""The figures of `bench.routes` as one self-contained page."""

from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

METHODS = {
    "device": ("device alone", "#0b8576"),
    "upload": ("edge, photo as uploaded", "#b3261e"),
    "photo_codec": ("edge, photo codec", "#5457d8"),
    "split": ("one fixed split", "#646b76"),
    "ours": ("ours", "#dd9526"),
    "ours_ahead": ("ours, heads prefetched", "#dd9526"),
}
ROUTES = {"device": "#0b8576", "edge": "#5457d8", "split": "#dd9526"}


def page(figures: dict[str, Any]) -> str:
    titles = ("Median, ms", "95th percentile, ms", "Decisions around a drop, ms", "Decisions while the edge is busy, ms")
    plot = make_subplots(rows=2, cols=2, subplot_titles=titles, vertical_spacing=0.14)
    rates = [float(rate) for rate in figures["bandwidths"]]
    for method, (name, colour) in METHODS.items():
        for column, part in enumerate(("p50", "p95"), 1):
            plot.add_trace(
                go.Scatter(
                    x=rates,
                    y=[row[method][part] for row in figures["bandwidths"].values()],
                    name=name,
                    legendgroup=name,
                    showlegend=column == 1,
                    mode="lines+markers",
                    line={"color": colour, "dash": "dot" if method == "ours_ahead" else "solid"},
                ),
                1,
                column,
            )
    for column, rows in enumerate((figures["drop"], figures["busy"]["decisions"]), 1):
        for route, colour in ROUTES.items():
            points = [row for row in rows if row["route"] == route]
            hover = [f"{row['way']}, {row['bytes']} B" for row in points]
            plot.add_trace(
                go.Scatter(
                    x=[row["question"] for row in points],
                    y=[row["ms"] for row in points],
                    text=hover,
                    name=f"route {route}",
                    legendgroup=route,
                    showlegend=column == 1,
                    mode="markers",
                    marker={"color": colour, "size": 9},
                ),
                2,
                column,
            )
        change = next((row["question"] for before, row in pairwise(rows) if _condition(before) != _condition(row)), None)
        if change is not None:
            plot.add_vline(change - 0.5, line_dash="dash", line_color="#888", row=2, col=column)
    plot.update_xaxes(type="log", title="KB/s", row=1)
    plot.update_xaxes(title="question", row=2)
    plot.update_yaxes(type="log", row=1)
    plot.update_layout(legend={"orientation": "h", "y": -0.1}, height=860)
    return str(plot.to_html(include_plotlyjs=True))


def _condition(row: dict[str, Any]) -> int | None:
    """The bandwidth or the size of the crowd."""
    return row.get("rate", row.get("crowd"))
