"""What metrics cost a question, and what Prometheus' visit costs the server: `python -m bench.metrics [--quick] [--json]`.

Fills a database of its own with 1,000 nodes, a million questions and 100,000 calls of the planning model, and starts a Redis.
Then, in this process:

question_ms            milliseconds that counting adds to a question: the median of pairs, one with it and one without, in
                       turn. A question is asked, claimed, planned, answered in two steps with 40 candidates each, and ends;
                       five requests go with it. No model runs: it would only hide the difference.
question_ms_within     95 % interval of that median, by the bootstrap
counting_ms_p50, _p95  the same measured directly: the time within what counts
report_ms_p50, _p95    handing over to Redis what was counted, in a thread of its own every two seconds
scrape_ms_p50, _p95    milliseconds of the server for /metrics, through Django's whole request handling
scrape_cpu_ms_p50      the processor's share of it, which says more on a busy machine
scrape_kb, series      size of the answer, and how many samples are in it
nodes, questions       rows
"""

from bench.harness import command
from bench.metrics.measurement import Sizes, measure


def main() -> None:
    parser = command.parser("metrics", __doc__)
    parser.add_argument("--quick", action="store_true", help="50,000 questions instead of a million, and fewer repeats")
    options = parser.parse_args()
    sizes = Sizes(50_000, 5_000, 40, 20) if options.quick else Sizes(1_000_000, 100_000, 300, 100)
    command.print_figures(measure(sizes), options.json, 20)


if __name__ == "__main__":
    main()
