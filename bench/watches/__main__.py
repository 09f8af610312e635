"""Watching a camera: `python -m bench.watches [--quick] [--json]`. Needs the everyday photos in ISTHMUS_DATA.

A device joins the whole stack through a proxy that counts what it sends, and watches a folder that shows one scene after
another: photos of dogs and of other things, with the noise of a sensor, while the watch looks for a dog at one frame a second.

idle_core_share          of one core that the agent's process uses while nothing moves, at one frame a second
idle_core_share_unwatched  the same without a watch: heartbeats and waiting
uplink_bytes_idle        sent to the web app while nothing moves, apart from heartbeats
heartbeat_bytes_per_s    of those
events, missed, doubled  events that were raised for scenes with a dog; scenes with one and no event; events for a scene that
                         had one before
false                    events for scenes without a dog
event_ms_p50, event_ms_p95  from the first frame of a scene until the event is on an open page; two looks that see it are needed
looks, frames            of the whole sequence
"""

from bench.harness import command
from bench.watches.measurement import measure


def main() -> None:
    parser = command.parser("watches", __doc__)
    parser.add_argument("--quick", action="store_true", help="30 scenes and 30 s of nothing; in full 90 scenes and 120 s")
    options = parser.parse_args()
    command.print_figures(measure(options.quick), options.json, width=26)


if __name__ == "__main__":
    main()
