"""Runs every split point and every photo codec quality in worker processes."""

import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from joblib import Memory
from tqdm import tqdm

from bench.rate_accuracy import evaluation, report, timing
from bench.rate_accuracy.evaluation import Evaluation, Row, Sizes
from inference.engine import reconstruction
from inference.engine.catalogue import CODE
from inference.engine.codecs import photo_codec
from inference.engine.digests import sha256

RESULTS = Path("bench/results/rate_accuracy.json")
STATE = Path("var/rate_accuracy")  # finished jobs of a full run
FULL, QUICK = Sizes(400, 500, 150, 150, 40, 60), Sizes(60, 40, 30, 30, 12, 60)
QUALITIES = {
    "jpeg": (20, 50, 70, 90),
    "webp": (1, 40, 60, 80),
    "avif": (20, 55, 70, 90),
}
Job = tuple[str, int]  # ("code", split point), (photo codec, quality) or ("whole", 0)


@cache
def evaluation_of(sizes: Sizes) -> Evaluation:
    """Loaded once per process."""
    return Evaluation(sizes)


def run_job(job: Job, sizes: Sizes, models: str) -> list[Row]:
    """`models`: the digests of what it computes with, so that what is stored belongs to them."""
    name, number = job
    if name == "whole":
        return evaluation.uncompressed(evaluation_of(sizes))
    if name == "code":
        return evaluation.feature_code(evaluation_of(sizes), number)
    return evaluation.photo_codec_rows(evaluation_of(sizes), name, number)


def models_of(job: Job) -> str:
    """A feature code is measured with everything on the card, photos with the models alone."""
    file = evaluation.WEIGHTS / "card.json"
    if job[0] == "code":
        return sha256(file)
    digests = json.loads(file.read_text())["digest"]
    return json.dumps({name: digest for name, digest in digests.items() if name not in (CODE, reconstruction.FILE)})


def measure(sizes: Sizes, processes: int, quality_step: int) -> dict[str, Any]:
    """`quality_step`: measure every n-th quality of the photo codecs. A full run that was stopped goes on where it was."""
    photos = evaluation_of(sizes)
    times = timing.measure(photos)  # first, while the cores are idle
    qualities = [(name, q) for name in photo_codec.CODECS for q in QUALITIES[name][::quality_step]]
    jobs: list[Job] = [("whole", 0), *(("code", k) for k in sorted(photos.part.codes)), *qualities]
    rows: list[Row] = []
    # For the worker processes: more NumPy threads than cores would slow all of them.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        run = Memory(STATE, verbose=0).cache(run_job) if sizes == FULL else run_job
        for result in tqdm(pool.map(run, jobs, [sizes] * len(jobs), map(models_of, jobs)), total=len(jobs), mininterval=5):
            rows += result
    return report.report(photos, rows, times)
