"""An agent's own worker with one job of a line, in a process of its own, under a node's credentials."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from devices.agent import config
from devices.contract.jobs import Job
from devices.contract.values import Received
from tests.devices.conftest import Board

WORKER = """
import sys, time
from pathlib import Path
from devices.agent import config, worker

def echo(job, protocol, word):
    return {"echo": word}

home = Path(sys.argv[1])
app = worker.make_app(config.load(home), sys.argv[2], home)
app.task(echo, name="stages.echo")
worker.Worker(app, lambda: print("listening", flush=True)).start()
print("ended", flush=True)
"""


class Echoed(Received):
    echo: str


class Echo(Job[Echoed]):
    verb, result = "echo", Echoed
    word: str


class TrainingEcho(Echo):
    queue = "train"


@contextmanager
def working(board: Board, home: Path, queue: str, at: config.Config | None = None) -> Iterator["subprocess.Popen[str]"]:
    config.save(home, at or board.config())
    command = [sys.executable, "-c", WORKER, str(home), queue]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "listening\n"
            yield process
        finally:
            process.kill()
