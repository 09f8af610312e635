"""A node in this process, over the tests' real Redis."""

import io
from pathlib import Path
from typing import Any

import redis
from PIL import Image

from devices.agent.config import Config
from devices.agent.runtime import Runtime
from devices.contract.jobs import JOBS
from devices.contract.protocol import PROTOCOL
from inference.engine.runner import Vision
from inference.stages.families import Stages


class Node:
    """A node whose queue is a function call: the cloud's side of each job is done here."""

    def __init__(self, slug: str, url: str, home: Path, vision: Vision) -> None:
        at = redis.connection.parse_url(url)
        redis_settings = {
            "scheme": "redis",
            "username": "default",
            "password": at["password"],
            "host": at["host"],
            "port": at["port"],
            "db": 0,
        }
        self.runtime = Runtime(home, Config("http://127.0.0.1", slug, "device", "t", "c", redis=redis_settings))
        self.load(vision)

    def load(self, vision: Vision) -> None:
        """As after a restart of the agent: nothing is cached any more."""
        self.vision = vision
        self.stages = Stages(self.runtime, vision)

    def call(self, verb: str, job: str = "1", protocol: int = PROTOCOL, **arguments: Any) -> dict[str, Any]:
        self.runtime.redis.set(self.runtime.key(f"job:{job}"), "1", ex=30)
        return self.run(verb, job=job, protocol=protocol, **arguments)

    def run(self, verb: str, **envelope: Any) -> dict[str, Any]:
        return self.stages.tasks[JOBS[verb]](**envelope)

    def lay(self, name: str, data: bytes) -> None:
        self.runtime.redis.set(self.runtime.key(f"blob:{name}"), data, ex=30)

    def fails(self, verb: str, **arguments: Any) -> str:
        error = self.call(verb, **arguments)["error"]
        assert error["message"].endswith(".") and len(error["message"]) < 160
        return str(error["code"])


def jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92)
    return out.getvalue()
