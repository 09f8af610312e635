"""What one person's flood of questions costs another: `python -m bench.fairness [--quick] [--json]`.

Starts the whole stack as `make run` does, with two devices. One person asks one question after the other about one photo,
first alone, then while another has 240 questions asked about theirs, as many at once as one person may.

alone_p50_ms, alone_p95_ms     milliseconds from POST to the answer on the socket, with nobody else asking
beside_p50_ms, beside_p95_ms   the same while the flood lasts
ratio_p95                      beside_p95_ms / alone_p95_ms
people, flood                  how many people ask, and how many questions the second one has had answered meanwhile
failed                         questions of either person that were not answered
"""

from bench.fairness.measurement import measure
from bench.harness import command


def main() -> None:
    parser = command.parser("fairness", __doc__)
    parser.add_argument("--quick", action="store_true", help="20 questions instead of 100, beside a flood of 40 instead of 240")
    options = parser.parse_args()
    questions, flood = (20, 40) if options.quick else (100, 240)
    command.print_figures(measure(questions, flood), options.json)


if __name__ == "__main__":
    main()
