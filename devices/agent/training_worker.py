"""The training worker: a second process of the node that takes the jobs of the queue `train`, at low priority.

`python -m devices.agent.training_worker --home HOME`, started by devices.agent.training_supervisor while there is something
to train. Its standard input carries a line of JSON whenever the simulated link or speed changes; it ends with the agent, and
so does this process.
"""

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from celery.worker import state

from devices.agent import capabilities, config, worker
from devices.agent.capabilities import Capability
from devices.agent.config import Config, ConfigError
from devices.agent.runtime import Runtime
from devices.contract import log_lines

log = logging.getLogger("training")
NICENESS = 10
IDLE_S = 600.0  # without a job for so long, it gives its memory back
OOM_SCORE = 700  # of 1000: where memory runs out, the kernel ends this process and not the one that answers


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m devices.agent.training_worker")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--capability", default=capabilities.TRAINING, help="its name, or package.module:attribute")
    arguments = parser.parse_args(words)
    home: Path = arguments.home
    log_lines.configure()
    lower_priority()
    try:
        node = config.load(home)
        log_lines.configure(node=node.slug)
        return serve(node, Runtime(home, node, trains=True), sys.stdin, capabilities.find(arguments.capability))
    except ConfigError as error:
        log.error("%s", error)
        return 2


def serve(node: Config, runtime: Runtime, settings: IO[str], capability: Capability) -> int:
    """Work until the agent ends, a signal arrives or there was no job for IDLE_S."""
    stop = worker.Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: stop.request(0, "stopping"))
    threading.Thread(target=_listen, args=(settings, node, runtime), name="agent", daemon=True).start()
    app = worker.make_app(node, capability.queue, runtime.home)
    capability.start(app, runtime)
    _limit_threads()
    threading.Thread(target=_end_when_idle, args=(stop,), name="idle", daemon=True).start()
    worker.Worker(app, lambda: log.info("%s is ready to train", node.slug), threads=1).start()
    return 1 if stop.code is None else stop.code  # 1: it ended by itself, and the agent starts another


def lower_priority() -> None:
    """Answering goes first for the processors; when memory runs out, this process is killed first."""
    os.nice(NICENESS)
    try:
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    except OSError as error:
        log.debug("could not set oom_score_adj: %s", error)


def _listen(settings: IO[str], node: Config, runtime: Runtime) -> None:
    for line in settings:
        runtime.simulate(replace(node, **json.loads(line)))
    # The end of the pipe: the agent has ended, perhaps by SIGKILL. Nobody would receive a result in time.
    logging.shutdown()
    os._exit(0)


def _limit_threads() -> None:
    """Once torch is imported: OMP_NUM_THREADS alone does not limit its other pool."""
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or 1))


def _end_when_idle(stop: worker.Stop) -> None:
    idle_since = time.monotonic()
    while time.monotonic() - idle_since < IDLE_S:
        time.sleep(1)
        if state.reserved_requests:
            idle_since = time.monotonic()
    stop.request(0, "nothing to train; freeing the memory")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
