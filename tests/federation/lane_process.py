"""A training lane as a process: the real worker and the real lane, with a ClientApp that does what the message tells it to; or
with the one that really trains."""

import sys
import time
from pathlib import Path

from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict

from devices.agent import jobs, worker
from devices.agent.config import Config
from devices.agent.runtime import Runtime
from devices.contract.jobs import Train
from federation.node.capability import TRAINING_CAPABILITY
from federation.node.train_stage import TrainStage


def client_app(message: Message, context: Context) -> Message:
    """Adds the partition to every weight, and counts in its state how often it was asked."""
    config = message.content["config"]
    time.sleep(float(config["sleep_s"]))
    if config["without_memory"]:
        raise MemoryError
    times = int(context.state["asked"]["times"]) + 1 if "asked" in context.state else 1
    context.state["asked"] = ConfigRecord({"times": times})
    weights = message.content["arrays"].to_numpy_ndarrays()[0] + int(config["partition-id"])
    content = {"arrays": ArrayRecord([weights]), "metrics": MetricRecord({"asked": times})}
    return Message(RecordDict(content), reply_to=message)


def main(slug: str, home: str, port: str, password: str, trains: str = "") -> None:
    at = {"scheme": "redis", "username": "default", "password": password, "host": "127.0.0.1", "port": int(port), "db": 0}
    config = Config("http://127.0.0.1", slug, "device", "t", "c", redis=at)
    runtime, app = Runtime(Path(home), config), worker.make_app(config, "train")
    if trains:
        TRAINING_CAPABILITY.start(app, runtime)
    else:
        stage = TrainStage(runtime, client_app)
        jobs.register(app, {Train: stage.task})
        stage.announce()
    worker.Worker(app, lambda: print("ready", flush=True), threads=1).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
