"""A board joins with the printed command, in its own network namespace: `python -m bench.joining [--json]`. Root, Linux.

The board is this machine's file system with its own /etc, /opt and /usr/local/bin mounted over it, and a network that reaches
only the server's two ports. The command is the one the devices page shows. Packages count as cached: the board's Python sees
those of this environment, and pip may download nothing. bench/harness/stand_ins are in the place of systemd. The transcript
goes to stdout.

installed_s  seconds from starting the command until it ends; the board has joined and awaits approval
online_s     seconds from approval until the page shows the board online with its models loaded
join_s       both together, including the time between them
answered     whether the board then answers a question about a photo on its own
"""

import sys

from bench.harness import command
from bench.harness.namespaces import possible
from bench.joining.measurement import measure


def main() -> None:
    parser = command.parser("joining", __doc__)
    parser.add_argument("--quick", action="store_true", help="the same: there is no shorter form")
    parser.add_argument("--wheels", default="", help="folder of packages that the board's own Python lacks")
    options = parser.parse_args()
    if not possible():
        sys.exit("This bench needs root, `ip` and `tc` on Linux.")
    command.print_figures(measure(options.wheels), options.json, width=12)


if __name__ == "__main__":
    main()
