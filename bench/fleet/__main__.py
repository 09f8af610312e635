"""Many devices and many viewers on one web process: `python -m bench.fleet [--quick] [--json]`.

Starts a Redis and a uvicorn of its own, as `make run` does. Each device posts a heartbeat with telemetry as often as the server
asks for, over a new connection each time, runs a job now and then, and has the connections to Redis open that an agent has.
Each viewer keeps the socket of the devices page open, which shows 50 devices. A heartbeat carries its send time, so every
event shows its delay through HTTP, the database, Redis and the socket. Devices and viewers are two processes beside the
server's: what they take of the cores is missing to it, and a viewer that waits for its turn sees an event later.

event_ms_p50, _p95   milliseconds from sending the heartbeat until the event reaches a viewer, over all viewers
lost                 events that some viewer received and another, connected all the time, did not
beat_ms_p95          milliseconds until a device has the response to its heartbeat; beats_refused: heartbeats without a 200
cpu_percent          of one core, mean of the web process
redis_connections, redis_mb  of all devices and the web process, and the memory of Redis
every_s              seconds between two heartbeats of a device, on average: as the server asked for, or --every
pages_closed         sockets that ended during the run, by close code, by close code
load_average         of the machine, in the last minute: with other work beside it, every figure above is worse
client_cpu_percent   of one core: the process of the devices, and that of the viewers
rss_mb, rss_growth_mb  resident memory of the web process at the end, and its growth after the first quarter of the run
"""

from bench.fleet.measurement import measure
from bench.harness import command


def main() -> None:
    parser = command.parser("fleet", __doc__)
    parser.add_argument("--quick", action="store_true", help="25 seconds instead of ten minutes")
    parser.add_argument("--devices", type=int, default=50, help="simulated devices (default 50)")
    parser.add_argument("--viewers", type=int, default=100, help="open devices pages (default 100)")
    parser.add_argument("--seconds", type=float, default=None, help="duration, instead of --quick's 25 or 600")
    parser.add_argument(
        "--every", type=float, default=None, help="seconds between two heartbeats of a device (default: as the server asks)"
    )
    options = parser.parse_args()
    seconds = options.seconds or (25 if options.quick else 600)
    command.print_figures(measure(options.devices, options.viewers, seconds, options.every), options.json, width=16)


if __name__ == "__main__":
    main()
