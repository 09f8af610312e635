"""What Django, Celery, Redis and the sockets add to compute and transfer: `python -m bench.overhead [--quick] [--json]`.

Starts the whole stack as `make run` does and asks n questions one after the other over HTTP with a socket open. From the time
between POST and the answer on the socket it subtracts what the receipt reports as compute and transfer. The rest is overhead.

overhead_ms_p50, _p99   milliseconds per question
read_ms_p50             the same, of a third as many questions that the offline planner's reader has to read; of the others it
is certain
by_route                the same per route; a split or edge answer crosses two nodes, a device answer one
start_s                 from the command until /healthz/fleet answers, models loaded and profiled
stack_rss_mb            resident memory of all processes of the stack, in megabytes of 1,000,000 bytes, shared pages counted
once
"""

from bench.harness import command
from bench.overhead.measurement import measure


def main() -> None:
    parser = command.parser("overhead", __doc__)
    parser.add_argument("--quick", action="store_true", help="30 questions instead of 300")
    options = parser.parse_args()
    command.print_figures(measure(10 if options.quick else 100), options.json)


if __name__ == "__main__":
    main()
