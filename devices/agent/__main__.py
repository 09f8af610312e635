"""`python -m devices.agent run|join|health|doctor|selfcheck --home HOME`, or `--homes FOLDER` for replicas that share a folder.

Exit status: 0 stopped, 1 a fault that `health` or `doctor` found, 2 it cannot start, 3 revoked (starting again would not help).
"""

import argparse
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import IO

from devices.agent import config, doctor, join, memory
from devices.agent.cameras import capture
from devices.agent.config import ConfigError
from devices.agent.home import addresses, health, homes, recent_log
from devices.agent.home.arguments import parse
from devices.agent.server import Refused
from devices.agent.sharing import machine
from devices.agent.update import selfcheck
from devices.agent.update.launcher import START_OVER
from devices.contract import log_lines
from devices.contract.heartbeat import Access, Secrets
from devices.contract.protocol import ANSWERING, TRAINING

log = logging.getLogger("agent")
CANNOT_START, REVOKED = 2, 3
FIRST_ANSWER_S = 5.0
AGAIN_S = 5.0


def main(words: list[str]) -> int:
    arguments = parse(words)
    machine.confine()
    log_lines.configure()
    recent_log.install()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    try:
        if arguments.command in CHECKS:
            return CHECKS[arguments.command](arguments.home or homes.own(arguments.homes))
        os.umask(config.OTHERS)
        home, lock = _taken(arguments)  # locked until the process ends
        config.make_private(home)
        if arguments.command == "join":
            node = join.joined(home, arguments.server, arguments.code)
            print(f"Joined as {node.slug}. Approve it when the devices page shows {config.fingerprint(home)}")
            join.approved(home, node)
            print("Approved.")
            return 0
        health.forget(home)
        cameras = capture.configured(home, arguments.camera)
        status = run(home, arguments.server, arguments.code, cameras, shared=arguments.home is None)
        lock.close()
        return status
    except ConfigError as error:
        log.error("%s", error)
        return 1 if arguments.command in CHECKS else CANNOT_START
    except Refused as refused:
        log.error("%s", refused)
        return REVOKED if refused.status == 401 else CANNOT_START
    except KeyboardInterrupt:
        return 0


def _taken(arguments: argparse.Namespace) -> tuple[Path, IO[str]]:
    """The home of this process, and its lock. Raises ConfigError."""
    if arguments.home:
        return arguments.home, config.lock(arguments.home)
    return homes.empty(arguments.homes) if arguments.command == "join" else homes.joined(arguments.homes)


def run(home: Path, server: str, code: str, cameras: capture.Cameras, shared: bool = False) -> int:
    """Join if necessary, then work until stopped. `shared`: a revoked node leaves its home to another one."""
    try:
        node = join.ready(home, server, code)
    except Refused as refused:
        if shared and refused.status == 401:
            homes.vacate(home)
        raise
    log_lines.configure(node=node.slug)
    # Only now what takes seconds to import; a wrong code is refused at once.
    from devices.agent import capabilities, heartbeat, training_supervisor, uploads, worker
    from devices.agent.home.model_change import ModelChange
    from devices.agent.runtime import Runtime
    from devices.agent.update.agent_update import AgentUpdate
    from devices.agent.watching import watching

    recent_log.RING.conceal(node.token, node.redis_password)
    stop = worker.Stop()
    running: list[worker.Worker] = []

    def on_signal(number: int, frame: object) -> None:
        stop.request(0, "stopping")
        if not running:
            sys.exit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    runtime = Runtime(home, node)
    runtime.cameras = cameras
    if node.tier == "device":
        runtime.uploads = uploads.listening(node.server)
    runtime.link_is_free()
    training = training_supervisor.TrainingSupervisor(runtime)
    answering_obstacle = ""

    def obstacles() -> dict[str, str]:
        return {ANSWERING: answering_obstacle, TRAINING: training.obstacle}

    def rotated(secrets: Secrets) -> None:
        config.save(home, config.load(home).with_secrets(secrets))
        stop.request(worker.RESTART, "new credentials: restarting with them")

    def revoked(why: str) -> None:
        if shared:
            homes.vacate(home)
        stop.request(REVOKED, f"stopping: {why}")

    def offered(access: Access | None) -> bool:
        changed = addresses.adopt(home, access)
        if changed:
            stop.request(worker.RESTART, f"the server has moved to {changed.server}: restarting")
        else:
            beat.config = config.load(home)
        return changed is not None

    changes = ModelChange(
        runtime,
        restart=lambda why: stop.request(worker.RESTART, f"changing models: restarting. {why}", worker.FINISH_S),
        wake=lambda: beat.wake(),
    )
    watches = watching.of_node(runtime, node)
    beat = heartbeat.Heartbeat(
        node,
        runtime,
        revoked,
        obstacles,
        rotated,
        offered,
        labelled=lambda: training.labelled,
        models=changes,
        watching=watches,
        restart=lambda: stop.request(worker.RESTART, "an administrator asked for it: restarting", worker.FINISH_S),
        updates=AgentUpdate(home, lambda: stop.request(START_OVER, "another agent is tried: ending", worker.FINISH_S)),
    )
    beat.start()
    beat.answered.wait(FIRST_ANSWER_S)  # what is simulated may have changed since the last start, and the profile depends on it
    memory.without_scipy()
    app = worker.make_app(node, home=home)
    profile: capabilities.Profile | None = None
    try:
        if profile := changes.start(app):
            profile = {**profile, "memory_mb": memory.resident_mb()}
            log.info("%s is ready: profile %s", node.slug, profile.get("name"))
    except capabilities.Unavailable as why:
        answering_obstacle = str(why)
        log.warning("%s answers no questions: %s", node.slug, why)

        def again() -> None:
            if changes.is_under_way:  # what it changes to may be what it can answer with
                capabilities.later(again)
                return
            stop.request(worker.RESTART, "this node may be able to answer now: restarting")

        if why.passes:
            capabilities.later(again)
        else:
            capabilities.when_possible(capabilities.ANSWERING, runtime.profile_name, again)
    training.start()
    if watches is not None:
        watches.start()

    def listening() -> None:
        training.declare(app)
        beat.ready(profile)

    def changed(other: capabilities.Profile) -> None:
        nonlocal profile
        profile = {**other, "memory_mb": memory.resident_mb()}
        beat.ready(profile)

    runtime.report = changed
    running.append(worker.Worker(app, listening))
    running[0].start()
    if stop.code is None:
        log.error("the worker ended by itself; starting over in %g s", AGAIN_S)
        time.sleep(AGAIN_S)
        cameras.close()
        worker.restart_process()
    if stop.code == worker.RESTART:
        cameras.close()
        worker.restart_process()
    return stop.code or 0


def _doctor(home: Path) -> int:
    faults = 0
    for what, state, remedy in doctor.findings(home):
        print(f"{'FAULT' if remedy else 'ok':6}{what}: {state}")
        if remedy:
            faults += 1
            print(f"      → {remedy}")
    return 1 if faults else 0


def _health(home: Path) -> int:
    faults = list(health.faults(home))
    print("\n".join(faults) or "This node works.")
    return 1 if faults else 0


CHECKS = {"doctor": _doctor, "health": _health, "selfcheck": selfcheck.status}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
