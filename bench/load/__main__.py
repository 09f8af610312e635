"""Many people who ask without a pause, for minutes: `python -m bench.load [--quick] [--json]`.

Starts the whole stack as `make run` does, with two devices on a fast link. First 1, 2, 4, 8 and 16 people ask for a short
while, each one question after the other about photos of their own, and no answer is used twice. The knee is the smallest number
of people with nine tenths of the best rate: more only wait longer. That many then ask for ten minutes.

rates                people -> {per_s, p50_ms, p95_ms} of the first part
knee                 people who ask in the second part, for `seconds`
per_s, p50_ms, p95_ms  questions answered a second, and milliseconds from POST to the answer on the socket, at the knee
answered, failed     questions of the second part
memory_mb            proportional set size of all processes: in the second tenth of that time, and in the last
growth               the one relative to the other, less one: 0 for memory that does not grow
by_process           the same for each kind of process
"""

from bench.harness import command
from bench.load.measurement import measure


def main() -> None:
    parser = command.parser("load", __doc__)
    parser.add_argument("--quick", action="store_true", help="1, 2 and 4 people, and 15 seconds instead of ten minutes")
    parser.add_argument("--seconds", type=float, default=None, help="of the second part, instead of 600")
    options = parser.parse_args()
    people, each_s, long_s = ((1, 2, 4), 4.0, 15.0) if options.quick else ((1, 2, 4, 8, 16), 20.0, 600.0)
    command.print_figures(measure(people, each_s, options.seconds or long_s), options.json)


if __name__ == "__main__":
    main()
