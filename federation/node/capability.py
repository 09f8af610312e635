"""The capability to train: one job, run in a process of its own. Importing this imports neither torch nor Flower. No Django."""

import logging
import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from celery import Celery

from devices.agent import jobs
from devices.agent.capabilities import Finding
from devices.agent.config import IDENTITY
from devices.agent.runtime import Runtime
from devices.contract.jobs import Train
from devices.contract.protocol import TRAINING
from federation.app.datasets import photo_folder

if TYPE_CHECKING:
    from flwr.app import Context, Message

ClientApp = Callable[["Message", "Context"], "Message"]


def on_current_photos(client_app: ClientApp, home: Path) -> ClientApp:
    """Looks for the node's labelled photos before each message: the first one that a person labels makes their folder."""
    chosen = os.environ.get(photo_folder.VARIABLE)

    def run(message: "Message", context: "Context") -> "Message":
        os.environ[photo_folder.VARIABLE] = chosen or str(photo_folder.default_of_node(home))
        return client_app(message, context)

    return run


class Training:
    queue = TRAINING

    def obstacle(self) -> str:
        complete = all(find_spec(package) is not None for package in ("torch", "flwr", "safetensors"))
        return "" if complete else "Training needs torch and Flower; install isthmus-agent[training]."

    def start(self, app: Celery, runtime: Runtime) -> None:
        """Torch and Flower are loaded here, once for all jobs."""
        from federation.app.client_app import app as client_app
        from federation.node.train_stage import TrainStage

        logging.getLogger("flwr").setLevel(logging.WARNING)
        stage = TrainStage(runtime, on_current_photos(client_app, runtime.home))
        stage.announce()
        jobs.register(app, {Train: stage.task})

    def labelled(self, home: Path) -> dict[str, int]:
        return photo_folder.counts(photo_folder.of_node(home))

    def label(self, home: Path, name: str, photo: bytes, label: str) -> None:
        photo_folder.put(photo_folder.of_node(home), home, name, photo, label)

    def examine(self, home: Path, profile: str) -> Iterator[Finding]:
        from devices.compute import torch_device
        from federation.app.privacy.participants import Identity

        fingerprint = Identity.of_file(home / IDENTITY).fingerprint
        yield Finding("participant", f"fingerprint {fingerprint}, for the peers files of other nodes")
        chosen = torch_device.choose()
        device = "the processor" if chosen.device.type == "cpu" else "the GPU"
        yield Finding("trains on", f"{device}. {chosen.note}".rstrip())


TRAINING_CAPABILITY = Training()
