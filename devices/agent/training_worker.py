"""The training lane: a second process of the node that takes the jobs of the queue `train`, at low priority.

`python -m devices.agent.training_worker --home HOME`, started by devices.agent.training_supervisor while there is something to train. Its standard
input is a line of JSON whenever the simulated link or speed changes; when that ends, the agent is gone, and so is this process.
"""

import argparse
import importlib
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

from devices.agent import config, worker
from devices.agent.config import BadHome, Config
from devices.agent.runtime import Runtime

log = logging.getLogger("training")
QUEUE = "train"
NICENESS = 10
IDLE_S = 600.0  # without a job for so long, it gives its memory back
OOM_SCORE = 700  # of 1000: where memory runs out, the kernel ends this process and not the one that answers


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m devices.agent.training_worker")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument(
        "--module", default="federation.node.train_stage", help="what knows the jobs; its register(app, runtime) is called"
    )
    chosen = parser.parse_args(words)
    home: Path = chosen.home
    logging.basicConfig(level=logging.INFO, format="%(levelname).1s %(name)s: %(message)s", stream=sys.stdout)
    logging.getLogger("celery").setLevel(logging.WARNING)
    humble()
    try:
        kept = config.load(home)
        return serve(kept, Runtime(home, kept, trains=True), sys.stdin, chosen.module)
    except BadHome as error:
        log.error("%s", error)
        return 2


def serve(kept: Config, runtime: Runtime, told: IO[str], module: str) -> int:
    """Work until the agent ends, a signal comes or nothing was to do for IDLE_S."""
    stop = worker.Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: stop.request(0, "stopping"))
    threading.Thread(target=_listen, args=(told, kept, runtime), name="agent", daemon=True).start()
    app = worker.make_app(kept, QUEUE)
    importlib.import_module(module).register(app, runtime)  # by name: the agent stands below federation
    _one_thread_each()
    threading.Thread(target=_end_when_idle, args=(stop,), name="idle", daemon=True).start()
    worker.Worker(app, lambda: log.info("%s is ready to train", kept.slug), threads=1).start()
    return stop.code or 0


def humble() -> None:
    """Behind answering for the processors, and before it when memory runs out."""
    os.nice(NICENESS)
    try:
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    except OSError as error:
        log.debug("the kernel was not told who goes first: %s", error)


def _listen(told: IO[str], kept: Config, runtime: Runtime) -> None:
    for line in told:
        runtime.simulate(replace(kept, **json.loads(line)))
    # The end of the pipe: the agent has ended, perhaps by SIGKILL. A result would reach nobody in time.
    logging.shutdown()
    os._exit(0)


def _one_thread_each() -> None:
    """Torch may be told only once it is there; OMP_NUM_THREADS alone leaves its other pool as it was."""
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or 1))


def _end_when_idle(stop: worker.Stop) -> None:
    idle_since = time.monotonic()
    while time.monotonic() - idle_since < IDLE_S:
        time.sleep(1)
        if state.reserved_requests:
            idle_since = time.monotonic()
    stop.request(0, "nothing to train; the memory is given back")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
