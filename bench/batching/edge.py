"""An edge in a process of its own: the agent's worker with the capability to answer, without a server that it reports to."""

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from redis.connection import parse_url

from devices.agent import config
from devices.agent.config import Config
from devices.agent.sharing import machine

LISTENING = "listening with "


class Edge:
    """Context manager. `most`: how many answers it may compute together."""

    def __init__(self, slug: str, folder: Path, redis_url: str, bundles: Path, most: int, threads: int) -> None:
        self.slug, self.home = slug, folder / slug
        at = parse_url(redis_url)
        redis = {"scheme": "redis", "username": "default", "db": 0, **{name: at[name] for name in ("host", "port", "password")}}
        config.save(self.home, Config("http://127.0.0.1", slug, "edge", "token", "claim", redis=redis))
        settings = {"ISTHMUS_BATCH": most, "ISTHMUS_BUNDLES": bundles, "OMP_NUM_THREADS": threads, "HF_HUB_OFFLINE": 1}
        self.environment = {**os.environ, **{name: str(value) for name, value in settings.items()}}

    def __enter__(self) -> "Edge":
        command = [sys.executable, "-c", "from bench.batching import edge; edge.run()", str(self.home)]
        self.process = subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        first = self.process.stdout.readline().strip()
        if not first.startswith(LISTENING):
            self.__exit__(None, None, None)
            raise SystemExit(f"{self.slug} has ended; its error is printed above.")
        self.engine = first.removeprefix(LISTENING)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait(60)


def run() -> None:
    """The process."""
    machine.confine()
    from devices.agent import capabilities, memory, worker
    from devices.agent.runtime import Runtime

    node = config.load(Path(sys.argv[1]))
    runtime, app = Runtime(Path(sys.argv[1]), node), worker.make_app(node)
    memory.without_scipy()
    profile: Any = capabilities.start(capabilities.ANSWERING, app, runtime)
    engine = profile["engine"]
    worker.Worker(app, lambda: print(f"{LISTENING}{engine['name']} on {engine['device']}", flush=True)).start()
