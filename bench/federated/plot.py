"""The accuracy curves of `bench.federated` as one self-contained page."""

from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots


def page(figures: dict[str, Any]) -> str:
    """Accuracy over rounds, megabytes and minutes on the link."""
    titles = {"round": "round", "mb": "MB, all clients, both directions", "link_min": "minutes on the link"}
    plot = make_subplots(rows=1, cols=3, shared_yaxes=True)
    for column, (key, title) in enumerate(titles.items(), 1):
        for name, arm in figures["arms"].items():
            x, y = [point[key] for point in arm["curve"]], [100 * point["accuracy"] for point in arm["curve"]]
            plot.add_trace(go.Scatter(x=x, y=y, name=name, legendgroup=name, showlegend=column == 1), row=1, col=column)
        plot.update_xaxes(title=title, type="linear" if key == "round" else "log", row=1, col=column)
    plot.update_yaxes(title="accuracy, %", col=1)
    return str(plot.to_html(include_plotlyjs=True))
