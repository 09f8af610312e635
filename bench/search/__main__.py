"""Searching a person's photos by words: `python -m bench.search [--quick] [--json] [--photos N …] [--resume]`.

A database of each kind is filled as by a restored backup, with photos whose vectors lie around those of real ones (a few
hundred, which are bundled), and asked for captions. What was measured is printed and stored at once (var/bench/search.json): a
run that was stopped ends with it, says what is missing, and `--resume` measures the rest.

photos, backend       of the figures that follow; `all` has them for every number of photos on both back ends
p50_ms, p95_ms        from the words to the list with its reasons: encoding the words, nearest vectors, names
index_ms_p50, _p95    nearest vectors alone
cpu_ms                processor time of a whole search on average, the database's included: what it takes on a quiet machine
counting_ms           of a whole search, how many photos there are; of 50,000 and more it is remembered for ten seconds
first_ms              the first search of a process, which in memory reads all vectors
recall_at_10          share of the exact ten nearest that are among the ten found, by the vectors before they were rounded
recall_of_stored      the same by the vectors as they are stored, which is what the index itself loses
index_mb              of the vectors with whatever their index needs, on disk or in memory
store_s, build_s      seconds to store the rows, and to make the index of them
load                  processes that ran or waited when it ended (the load average of a minute)
not_measured          why there are no figures
estimates             five million photos, from the curve through the two largest numbers that were measured
retrieval             Flickr8k's test photos: share of captions whose photo is among the first 1, 5 and 10 of 1,000
nothing               share of words for things that no photo shows for which it says so (`absent`), and of words for things
                      that some do for which it finds one of them (`present`)
"""

import argparse
import os
import signal
from typing import Any

from bench.harness import command
from bench.search.backend import QUIET
from bench.search.measurement import FULL, PGVECTOR, QUICK, SCAN, earlier_rows, measure

LIMIT_S = 5400.0


def main() -> None:
    parser: argparse.ArgumentParser = command.parser("search", __doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK[0]:,} photos only")
    parser.add_argument("--photos", type=int, nargs="+", help=f"numbers of photos (default {' '.join(map(str, FULL))})")
    parser.add_argument("--backends", nargs="+", choices=(SCAN, PGVECTOR), default=(SCAN, PGVECTOR))
    parser.add_argument("--limit-s", type=float, default=LIMIT_S, help="for one number of photos on one back end")
    parser.add_argument("--quiet", type=float, help="on a shared machine: wait before timing until the load is below this")
    parser.add_argument("--resume", action="store_true", help="leave out what the last run measured")
    options = parser.parse_args()
    if options.quiet:
        os.environ[QUIET] = str(options.quiet)
    signal.signal(signal.SIGTERM, _interrupt)
    sizes = options.photos or (QUICK if options.quick else FULL)
    figures = measure(sizes, options.backends, options.limit_s, earlier_rows() if options.resume else ())
    command.print_figures(figures, options.json)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
