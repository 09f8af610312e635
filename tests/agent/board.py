"""`python -m tests.agent.board HOME`: the agent's two lanes without a server and without models."""

import signal
import sys
import time
from pathlib import Path

from devices.agent import config, training_supervisor, worker
from devices.agent.runtime import Runtime


def answer() -> float:
    """As long as a model would compute; the seconds it really took."""
    started = time.perf_counter()
    for _ in range(4000):
        sum(range(1000))
    return time.perf_counter() - started


def main(home: Path) -> None:
    kept = config.load(home)
    runtime = Runtime(home, kept)
    runtime.link_is_free()
    stop = worker.Stop()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.request(0, "stopping"))
    app = worker.make_app(kept)
    training = training_supervisor.TrainingSupervisor(runtime, "tests.agent.busy_lane:BUSY")
    training.start()
    app.task(answer, name="stages.answer")

    def simulate(uplink: int) -> None:
        runtime.uplink.bytes_per_s = uplink

    app.task(simulate, name="stages.simulate")
    worker.Worker(app, lambda: training.declare(app)).start()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
