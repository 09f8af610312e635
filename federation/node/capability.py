"""The capability to train: one job, run in a process of its own. Importing this imports neither torch nor Flower. No Django."""

import logging

from celery import Celery

from devices.agent import jobs
from devices.agent.runtime import Runtime
from devices.contract.jobs import Train
from devices.contract.protocol import TRAINING


class Training:
    queue = TRAINING
    needs = ("flwr", "torch")

    def start(self, app: Celery, runtime: Runtime) -> None:
        """Torch and Flower are loaded here, once for all jobs."""
        from federation.app.client_app import app as client_app
        from federation.node.train_stage import TrainStage

        logging.getLogger("flwr").setLevel(logging.WARNING)
        stage = TrainStage(runtime, client_app)
        stage.announce()
        jobs.register(app, {Train: stage.task})


TRAINING_CAPABILITY = Training()
