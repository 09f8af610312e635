"""A question over many photos, as a batch and one by one: `python -m bench.batches [--quick] [--rounds N --photos N] [--json]`.

Starts the whole stack as `make run` does, with two simulated devices. The same photos are stored twice, so that no answer
uses what was computed for another: one half is asked about by a batch, the other as from the page, each as soon as the one
before is answered. Round after round the two take turns, so that the machine's load affects both equally.

photos              of each round and way
batch_per_s         answers per second of the batches, median of the rounds
one_by_one_per_s    the same, one by one
gain                batch_per_s over one_by_one_per_s, median of the rounds; gain_low, gain_high: the least and the most
photo_bytes         of the photos' own files, of the batches
link_bytes          that crossed the links for them
bytes_saved         photo_bytes - link_bytes
together            how many answers the edge computed at once in the batches, mean over those it computed
routes, failed      of the batches' answers: how many came by each route, and how many photos have none
rounds, question    what was measured
"""

from bench.batches.measurement import FULL, QUICK, Plan, measure
from bench.harness import command


def main() -> None:
    parser = command.parser("batches", __doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK.rounds} rounds of {QUICK.photos} photos")
    parser.add_argument("--rounds", type=int, help=f"default {FULL.rounds}")
    parser.add_argument("--photos", type=int, help=f"of each round and way, default {FULL.photos}")
    options = parser.parse_args()
    plan = QUICK if options.quick else FULL
    plan = Plan(options.rounds or plan.rounds, options.photos or plan.photos)
    command.print_figures(measure(plan), options.json)


if __name__ == "__main__":
    main()
