"""An edge that answers many at once, with batches and one by one: `python -m bench.batching [--quick] [--json]`.

Two edges with the compact models, each a node's own worker process with the engine that it finds, share a Redis and two cores:
one computes together what waits together, the other (ISTHMUS_BATCH=1) one answer after the other. Callers send them the same
jobs in the same order, each the next as soon as it has its answer: tails of classify, caption and vqa in turn, about features
that the edge has. The edges take turns, round after round, so that the machine's load affects both equally.

callers               by the number of callers, of the edge with batches:
  per_s, p95_ms       answers per second, median of the rounds; milliseconds from sending a job to having its result
  batch               how many were computed together, mean
one_by_one            the same of the other edge
gain                  answers per second at 16 callers over those one by one, median of the rounds; `gains`: by callers
gain_low, gain_high   the least and the most of the rounds
alone_p95_ratio       p95_ms of one caller over that one by one
agree                 share of the jobs to which both edges gave the same answer; `answers`: how many jobs
whole_gain            as `gain`, for whole models on photos
cores, threads, engine, rounds   what it was measured with
"""

from bench.batching.measurement import FULL, QUICK, measure
from bench.harness import command
from inference.engine.catalogue import ModelsMissing
from inference.lab.data import photo_sets


def main() -> None:
    parser = command.parser("batching", __doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK.rounds} rounds instead of {FULL.rounds}")
    options = parser.parse_args()
    try:
        figures = measure(QUICK if options.quick else FULL, photo_sets.data_dir())
    except ModelsMissing as error:
        raise SystemExit(str(error)) from None
    command.print_figures(figures, options.json)


if __name__ == "__main__":
    main()
