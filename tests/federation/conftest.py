"""Nodes that train: the real lane, each in a process of its own, over the tests' Redis."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from flwr.app import ArrayRecord, ConfigRecord, Message, RecordDict

from devices.models import Node
from tests.settings import PRIVATE_REDIS

ROOT = Path(__file__).resolve().parents[2]
SIZE = 1000


class Trainer:
    """A node with a training lane, which can be killed and started again."""

    def __init__(self, slug: str, home: Path, *more: str) -> None:
        self.slug, self.home, self.more = slug, home, more
        self.start()

    def start(self) -> None:
        words = [self.slug, str(self.home), str(PRIVATE_REDIS.port), PRIVATE_REDIS.password, *self.more]
        command = [sys.executable, "-m", "tests.federation.lane_process", *words]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def listening(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="package")
def lanes(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Trainer]]:
    trainers = {slug: Trainer(slug, tmp_path_factory.mktemp("node") / slug) for slug in ("jetson-a", "jetson-b")}
    for trainer in trainers.values():
        trainer.listening()
    yield trainers
    for trainer in trainers.values():
        trainer.kill()


@pytest.fixture
def trainers(lanes: dict[str, Trainer], store: Any, transactional_db: None) -> dict[str, Trainer]:
    """Two nodes that are online."""
    for slug in lanes:
        Node.objects.create(slug=slug, tier="device", approved=True, token_sha256=slug, last_seen=timezone.now())
    return lanes


@pytest.fixture
def message_of() -> Callable[..., Message]:
    """What a strategy would send to a client, made by the grid."""

    def make(grid: Any, client: int, number: int = 1, *, sleep_s: float = 0.0, without_memory: bool = False) -> Message:
        fields = {"partition-id": client - 1, "sleep_s": sleep_s, "without_memory": without_memory}
        content = RecordDict({"arrays": ArrayRecord([np.full(SIZE, 0.5, np.float32)]), "config": ConfigRecord(fields)})
        return grid.create_message(content, "train", client, str(number))

    return make
