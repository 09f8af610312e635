"""Searching a person's photos by words: `python -m bench.search [--quick] [--json] [--photos N …]`.

A database of each kind is filled with photos whose vectors lie around those of real ones (Flickr8k's training photos, of which
`inference.lab.search.photos` has made the means; without them, around a few hundred that are bundled), and asked for captions.

photos, backend       of the figures that follow; `all` has them for every number of photos on both back ends
p50_ms, p95_ms        from the words to the list with its reasons: encoding the words, nearest vectors, names
index_ms_p50          nearest vectors alone
recall_at_10          share of the exact ten nearest that are among the ten found
index_mb              of the vectors with whatever their index needs, on disk or in memory
build_s               seconds to store them and build the index
retrieval             Flickr8k's test photos: share of captions whose photo is among the first 1, 5 and 10 of 1,000
nothing               share of words for things that no photo shows for which it says so (`absent`), and of words for things
                      that some do for which it finds one of them (`present`)
"""

import argparse

from bench.harness import command
from bench.search.measurement import FULL, QUICK, measure


def main() -> None:
    parser: argparse.ArgumentParser = command.parser("search", __doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK[0]:,} photos only")
    parser.add_argument("--photos", type=int, nargs="+", help=f"numbers of photos (default {' '.join(map(str, FULL))})")
    options = parser.parse_args()
    command.print_figures(measure(options.photos or (QUICK if options.quick else FULL)), options.json)


if __name__ == "__main__":
    main()
