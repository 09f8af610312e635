"""Watching a camera: `python -m bench.watches [--quick] [--json]`. Needs the everyday photos in ISTHMUS_DATA.

A device joins the whole stack through a proxy that counts what it sends, and watches a folder that shows one scene after
another: photos of dogs and of other things, with the noise of a sensor, while the watch looks for a dog at one frame a second.

idle, busy                where nothing moves; and during the scenes, a new one every few seconds:
  bytes_per_hour          sent to the web app about the watch: events and costs, with the headers of their requests
  core_s_per_hour         seconds of one core that watching adds to what the agent needs anyway
  core_share, agent_core_share  idle alone: of one core, that the watch adds, and that the whole agent takes meanwhile
  bytes                   idle alone: sent about the watch in the time of the measurement
  joules_per_hour         of the board, as the watch's receipts have it; or, with `power` "assumed", `watts_per_core` times the
                          line above
  looks_per_frame         share of the frames that the model looked at
unwatched                 the agent without a watch: bytes_per_hour of heartbeats, core_s_per_hour
tally_bytes               of the request by which a device reports what a watch has cost, once an hour where nothing happens
idle_bytes_per_day        of 24 of them
stream                    a camera that sends 25 JPEGs of 640x480 a second, in which nothing moves, read by OpenCV and watched
                          at one frame a second: core_share, frames, looks
bytes_per_event           of the requests that brought an event, its caption and its end
scenes, with_dog          that were shown
events, missed, doubled   events that were raised for scenes with a dog; scenes with one and no event; events for a scene that
                          had one before
false                     events for scenes without a dog
latest_frame_s            by which the machine was late with a frame of a scene at most: it is busy with other things, or not
event_ms_p50, event_ms_p95  from the first frame of a scene until its event is on an open page; two looks that see it are needed
page_ms_p50, page_ms_p95    of that, from the device's decision until it is on the page
webhook_ms_p50, webhook_ms_p95  from the device's decision until the program that the webhook calls has the notice
caption_ms_p50            from then until its caption is
posted                    events that come one by one at moments of chance, sent as the device sends them:
  posted_webhook_ms_p50, _p95, _max  from the event's moment until the program that the webhook calls has the notice
burst, burst_webhook_ms   so many events in one request, and until the notice of the last of them is there
webhooks_lost, webhooks_repeated  notices of the last two that did not come within 30 s, and notices that came again
cores, load               of the machine; how many processes wanted a core, in the last five minutes

A full run takes about ten minutes and is stored in bench/results/watches.json.
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
