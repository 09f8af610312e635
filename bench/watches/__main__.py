"""Watching a camera: `python -m bench.watches [--quick] [--json]`. Needs the everyday photos in ISTHMUS_DATA.

A device joins the whole stack through a proxy that counts what it sends, and watches a folder that shows one scene after
another: photos of dogs and of other things, with the noise of a sensor, while the watch looks for a dog at one frame a second.

idle, busy                where nothing moves; and during the scenes, a new one every few seconds:
  bytes_per_hour          sent to the web app about the watch: events and costs, with the headers of their requests
  core_s_per_hour         seconds of one core that watching adds to what the agent needs anyway
  joules_per_hour         of the board, as the watch's receipts have it; or, with `power` "assumed", `watts_per_core` times the
                          line above
  looks_per_frame         share of the frames that the model looked at
unwatched                 the agent without a watch: bytes_per_hour of heartbeats, core_s_per_hour
bytes_per_event           of the requests that brought an event, its caption and its end
scenes, with_dog          that were shown
events, missed, doubled   events that were raised for scenes with a dog; scenes with one and no event; events for a scene that
                          had one before
false                     events for scenes without a dog
event_ms_p50, event_ms_p95  from the first frame of a scene until its event is on an open page; two looks that see it are needed
page_ms_p50, page_ms_p95    of that, from the device's decision until it is on the page
caption_ms_p50            from then until its caption is

A full run takes less than five minutes and is stored in bench/results/watches.json.
"""

from pathlib import Path

from bench.harness import command, results_io
from bench.watches.measurement import FULL, QUICK, measure

RESULTS = Path(__file__).parents[1] / "results" / "watches.json"
WATTS = 1.5


def main() -> None:
    parser = command.parser("watches", __doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"{QUICK.scenes} scenes and {QUICK.idle_s:g} s of nothing, instead of {FULL.scenes} and {FULL.idle_s:g}; "
        "does not replace the stored results",
    )
    parser.add_argument(
        "--watts",
        type=float,
        default=WATTS,
        help=f"that a busy core draws, where the board measures no power (default {WATTS})",
    )
    options = parser.parse_args()
    figures = measure(QUICK if options.quick else FULL, options.watts)
    if not options.quick and options.watts == WATTS:
        results_io.save(figures, RESULTS)
    command.print_figures(figures, options.json, width=26)


if __name__ == "__main__":
    main()
