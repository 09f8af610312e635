"""The figures of `bench.rate_accuracy` as a table for the terminal and one for a Markdown page."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

MARKER = "rate_accuracy"  # `--write` replaces what stands between <!-- rate_accuracy --> and <!-- /rate_accuracy -->
NONE = "none within it"


def table(figures: dict[str, Any]) -> Table:
    shown = Table()
    for name in (
        "task",
        "uncompressed",
        "file",
        "ours, within one point",
        "best photo codec, within one point",
        "ratio",
        "file / ours, within half a point",
    ):
        shown.add_column(name)
    for task, result in figures["tasks"].items():
        ours, photo = result["chosen"]["at_1pt"], result["chosen"]["photo_at_1pt"]
        shown.add_row(f"{task}\n{result['metric']}", cell(result["full"]), cell(result["upload"]), cell(ours), cell(photo),
                      factor(result["ratio_at_1pt"]), factor(result["ratio_vs_upload_at_half_pt"]))  # fmt: skip
    return shown


def markdown(figures: dict[str, Any]) -> str:
    """Per task: the photo's file, then ours and the best photo codec within one point of it, and the ratios of their bytes."""
    columns = (
        "task, metric",
        "file",
        "ours, within one point",
        "best of JPEG, WebP, AVIF",
        "best photo codec / ours",
        "file / ours, within half a point",
    )
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for task, result in figures["tasks"].items():
        chosen = result["chosen"]
        points = [f"{100 * row['accuracy']:.1f}, {row['bytes']:,} B" if row else NONE
                  for row in (result["upload"], chosen["at_1pt"], chosen["photo_at_1pt"])]  # fmt: skip
        ratios = [factor(result[name], result[f"{name}_ci"]) for name in ("ratio_at_1pt", "ratio_vs_upload_at_half_pt")]
        lines.append(f"| {task}, {result['metric']} | {' | '.join([*points, *ratios])} |")
    return "\n".join(lines)


def cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return NONE
    how = {"code": "after block {split_at}, level {level}", "full": "", "upload": ""}.get(
        row["way"], "{way} {quality}, {tails}"
    )
    return f"{100 * row['accuracy']:.1f} at {row['bytes'] / 1000:.2f} KB {how.format(**row)}".strip()


def factor(value: float | None, interval: Sequence[float] | None = None) -> str:
    """With its 95 % interval, where that is given."""
    if not value:
        return "none"
    return f"{value:.1f}×" + (f" ({interval[0]:.1f} to {interval[1]:.1f})" if interval else "")
