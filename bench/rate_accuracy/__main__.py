"""Accuracy against bytes, for every way to send a photo: `python -m bench.rate_accuracy [--quick] [--json] [--plot]`.

tasks               classify (Imagenette validation, first of 1000 names), caption (Flickr8k test, BLEU-4), vqa (questions made
                    from Flickr8k test captions, exact answer); for each
  full              the uncompressed tail; bytes: the pixels at the model's own size
  upload            the photo's file as it is; the sets hold 160-pixel files, so `bytes_640px` tells what ordinary photos weigh
  code              each level at its most accurate split point, of those where the device does at most a quarter of the work
  refine            answer-then-refine as the card has it: expected bytes, share refined, `saved` against always sending all
  jpeg, webp, avif  at the model's size over the whole quality range, each with the tails as they are (plain) and adapted
  ratio_at_1pt      fewest bytes of the best photo codec within one point of `full`, over ours; only measured points
  ratio_vs_upload_at_half_pt   bytes of `upload` over ours within half a point; the small files, so the conservative one
device_share        head and encoding over the whole model's compute on one core, the largest of the tasks' chosen points
encode_ms, decode_ms   on one core, the slowest level of the chosen split points

Every accuracy has a 95 % interval, every difference to `full` a paired one. A full run takes half an hour on two cores and is
kept in bench/results/, from which the app draws its curves; `--quick` takes a sample. `--plot` writes var/rate_accuracy.html.
"""

import argparse
import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from bench.harness import results_io
from bench.rate_accuracy import plot, report, time
from bench.rate_accuracy.rows import Exam, Row, Sizes, code, photo, whole
from inference.engine.codecs import photo_codec
from inference.lab.codes import markdown_tables

RESULTS = Path("bench/results/rate_accuracy.json")
PLOT = Path("var/rate_accuracy.html")
FULL, QUICK = Sizes(1000, 300, 800, 60, 400), Sizes(80, 30, 30, 12, 60)
QUALITIES = {
    "jpeg": (1, 5, 10, 20, 35, 50, 70, 90),
    "webp": (1, 5, 10, 20, 40, 60, 80, 95),
    "avif": (1, 10, 20, 30, 40, 55, 70, 90),
}
Job = tuple[str, int]  # a split point of the code, a photo codec's quality, or the whole


@cache
def exam(sizes: Sizes) -> Exam:
    """Once in each process."""
    return Exam(sizes)


def work(job: Job, sizes: Sizes) -> list[Row]:
    name, number = job
    if name == "whole":
        return whole(exam(sizes))
    return code(exam(sizes), number) if name == "code" else photo(exam(sizes), name, number)


def run(sizes: Sizes, processes: int, every: int) -> dict[str, Any]:
    """`every`: of the photo codecs' qualities take each so-manieth."""
    mine = exam(sizes)
    timed = time.measure(mine)  # first, while nothing else wants the cores
    qualities = [(name, q) for name in photo_codec.CODECS for q in QUALITIES[name][::every]]
    jobs: list[Job] = [("whole", 0), *(("code", k) for k in sorted(mine.part.codes)), *qualities]
    rows: list[Row] = []
    # Of the processes about to start: NumPy's threads would take each other's cores.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        for found in tqdm(pool.map(work, jobs, [sizes] * len(jobs)), total=len(jobs), mininterval=5):
            rows += found
    return report.report(mine, rows, timed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer photos and qualities; the kept results stay as they are")
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--plot", action="store_true", help=f"write {PLOT}")
    parser.add_argument("--write", type=Path, help="the page whose table is replaced, README.md")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    figures = run(QUICK if options.quick else FULL, options.processes, 4 if options.quick else 1)
    figures["quick"] = options.quick
    if not options.quick:
        results_io.keep(figures, RESULTS)
    console = Console(highlight=False, width=120)
    console.print(table(figures))
    console.print(f"device share {figures['device_share']}, encode {figures['encode_ms']} ms, decode {figures['decode_ms']} ms")
    console.print(figures["adapted"])
    if options.plot:
        results_io.draw(plot.page(figures), PLOT)
        console.print(f"Curves: {PLOT}")
    if options.write:
        markdown_tables.write(options.write, "rate_accuracy", markdown(figures))
    if options.json:
        print(json.dumps(figures))  # not through the console, which would wrap the line


def table(figures: dict[str, Any]) -> Table:
    shown = Table()
    for name in (
        "task",
        "uncompressed",
        "file",
        "ours within a point",
        "best photo codec within a point",
        "ratio",
        "file / ours, half a point",
    ):
        shown.add_column(name)
    for task, told in figures["tasks"].items():
        ours, theirs = told["chosen"]["at_1pt"], told["chosen"]["photo_at_1pt"]
        shown.add_row(task, cell(told["full"]), cell(told["upload"]), cell(ours), cell(theirs), factor(told["ratio_at_1pt"]),
                      factor(told["ratio_vs_upload_at_half_pt"]))  # fmt: skip
    return shown


def markdown(figures: dict[str, Any]) -> str:
    """For a page: the photo's file, ours and the best photo codec within a point of it, and how many times fewer bytes."""
    columns = ("task", "the 160-pixel file", "ours, within a point", "best of JPEG, WebP, AVIF", "fewer bytes than it",
               "than the file, within half a point")  # fmt: skip
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for task, told in figures["tasks"].items():
        chosen = told["chosen"]
        shown = [f"{100 * one['accuracy']:.1f}, {one['bytes']:,} B" if one else "none measured"
                 for one in (told["upload"], chosen["at_1pt"], chosen["photo_at_1pt"])]  # fmt: skip
        ratios = [factor(told[name]) for name in ("ratio_at_1pt", "ratio_vs_upload_at_half_pt")]
        lines.append(f"| {task}, {told['metric']} | {' | '.join([*shown, *ratios])} |")
    return "\n".join(lines)


def cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return "none measured"
    how = {"code": "after block {split_at}, level {level}", "full": "", "upload": ""}.get(
        row["way"], "{way} {quality}, {tails}"
    )
    return f"{100 * row['accuracy']:.1f} at {row['bytes'] / 1000:.2f} KB {how.format(**row)}".strip()


def factor(value: float | None) -> str:
    return "none" if not value else f"{value:.1f}×"


if __name__ == "__main__":
    main()
