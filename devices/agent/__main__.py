"""`python -m devices.agent run|join|doctor --home HOME`.

Exit status: 0 stopped, 1 a fault that `doctor` found, 2 it cannot start, 3 revoked (starting again would not help).
"""

import argparse
import importlib
import logging
import signal
import sys
from pathlib import Path
from typing import Any

from devices.agent import config, doctor, join, memory
from devices.agent.cameras import capture
from devices.agent.config import BadHome
from devices.agent.server import Refused

log = logging.getLogger("agent")
CANNOT_START, REVOKED = 2, 3
FIRST_ANSWER_S = 5.0


def main(words: list[str]) -> int:
    chosen = _arguments(words)
    logging.basicConfig(level=logging.INFO, format="%(levelname).1s %(name)s: %(message)s", stream=sys.stdout)
    logging.getLogger("celery").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    try:
        if chosen.command == "doctor":
            return _doctor(chosen.home)
        held = config.lock(chosen.home)  # kept until the process ends
        if chosen.command == "join":
            kept = join.joined(chosen.home, chosen.server, chosen.code)
            print(f"Joined as {kept.slug}. Approve it when the devices page shows {config.fingerprint(chosen.home)}")
            join.approved(chosen.home, kept)
            print("Approved.")
            return 0
        status = run(chosen.home, chosen.server, chosen.code, capture.configured(chosen.home, chosen.camera))
        held.close()
        return status
    except (BadHome, Refused) as error:
        log.error("%s", error)
        return REVOKED if isinstance(error, Refused) and error.status == 401 else CANNOT_START
    except KeyboardInterrupt:
        return 0


def run(home: Path, server: str, code: str, cameras: capture.Cameras) -> int:
    """Join if necessary, then work until told to stop."""
    kept = join.ready(home, server, code)
    # Only now what takes seconds to import; a wrong code is refused at once.
    from devices.agent import heartbeat, training_supervisor, uploads, worker
    from devices.agent.runtime import Runtime

    stop = worker.Stop()
    running: list[Any] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: _told_to_stop(stop, running))
    runtime = Runtime(home, kept)
    runtime.cameras = cameras
    if kept.tier == "device":
        runtime.uploads = uploads.listening(kept.server)
    runtime.link_is_free()
    training = training_supervisor.Lane(runtime)

    def rotated(told: dict[str, str]) -> None:
        config.save(home, config.load(home).with_secrets(told))
        stop.request(worker.AGAIN, "new credentials: starting again with them")

    beat = heartbeat.Heartbeat(
        kept, runtime, lambda why: stop.request(REVOKED, f"stopping: {why}"), lambda: training.states, rotated
    )
    beat.start()
    beat.heard.wait(FIRST_ANSWER_S)  # what is simulated may have changed since the last start, and the profile depends on it
    memory.without_scipy()
    stages = importlib.import_module("inference.stages.verbs")  # by name, as Celery does: the agent stands below inference
    profile = stages.warm(runtime)
    memory.give_back()
    log.info("%s is ready: profile %s", kept.slug, profile["name"])
    app = worker.make_app(kept)
    stages.register(app, runtime)
    training.start()

    def listening() -> None:
        training.declare(app)
        beat.ready(profile)

    running.append(worker.Worker(app, listening))
    running[0].start()
    if stop.code == worker.AGAIN:
        worker.begin_anew()
    return stop.code or 0


def _told_to_stop(stop: Any, running: list[Any]) -> None:
    stop.request(0, "stopping")
    if not running:
        sys.exit(0)


def _doctor(home: Path) -> int:
    faults = 0
    for what, found, remedy in doctor.findings(home):
        print(f"{'FAULT' if remedy else 'ok':6}{what}: {found}")
        if remedy:
            faults += 1
            print(f"      → {remedy}")
    return 1 if faults else 0


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devices.agent", description="The Isthmus agent of one node.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (
        ("run", "work for the server"),
        ("join", "join a server and wait for approval"),
        ("doctor", "find faults"),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument("--home", type=Path, required=True, help="folder of this node's identity, credentials and photos")
        if name != "doctor":
            command.add_argument("--server", default="", help="address of the web app")
            command.add_argument("--code", default="", help="one-use code from the devices page")
        if name == "run":
            command.add_argument(
                "--camera", action="append", default=[], metavar="NAME=SOURCE", help="as a line of cameras.toml in the home"
            )
    chosen = parser.parse_args(words)
    if chosen.command != "doctor" and bool(chosen.code) != bool(chosen.server):
        parser.error("--server and --code belong together.")
    if chosen.command == "join" and not chosen.code:
        parser.error("join needs --server and --code.")
    return chosen


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
