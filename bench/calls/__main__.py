"""How long the log of model calls takes to read, and to write: `python -m bench.calls [--quick] [--json]`.

Fills a database of its own with a million calls of 90 days: of 40 people with eight devices and two edges. Then it asks for the
page and for the sums of the API with each filter, of the last seven days and of everything, through Django's whole request
handling in this process. With POSTGRES_HOST and its neighbours it does so in that database, which has to be empty.

page_ms, summary_ms   by filter and period: the median of processor milliseconds; on PostgreSQL of elapsed ones
slowest_ms            the largest of them
record_ms, admit_ms   of writing the call of a step, and of counting a question, by this process
calls                 rows
"""

from bench.calls.measurement import measure
from bench.harness import command


def main() -> None:
    parser = command.parser("calls", __doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 calls instead of a million")
    options = parser.parse_args()
    command.print_figures(measure(100_000 if options.quick else 1_000_000), options.json, 20)


if __name__ == "__main__":
    main()
