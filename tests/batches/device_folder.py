"""A device with a folder of photos, played by a list of files."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices import dispatch
from devices.calls import redis_outage
from devices.contract.jobs import ListFolder, ReadFile
from devices.contract.protocol import ABILITIES
from devices.contract.results import FOLDER_PAGE, FolderFile, FolderPage, Kept
from devices.models import Node
from inference.photos.on_device import folder_photos
from tests.batches.conftest import claimed

BUSY_S = 600.0  # between two heartbeats: on a busy machine, it does not fall silent in the middle of a test
URL = "/api/v1/batches"
KEPT = Kept(width=320, height=240, bytes=4000, stayed=True, sizes={"webp:50:224": 900})


class Device:
    """What `jetson-a` has in its folder `shots`, by name; reading one of them gives an error where there is one."""

    def __init__(self) -> None:
        self.files: dict[str, FolderFile] = {}
        self.errors: dict[str, Exception] = {}
        self.read: list[str] = []
        self.error: Exception | None = None

    def put(self, *names: str) -> None:
        for name in names:
            self.files[name] = FolderFile(name=name, bytes=9000, modified=1_000_000.5 - len(self.files))

    def call(self, slug: str, job: Any, *rest: Any, **more: Any) -> Any:
        if self.error:
            raise self.error
        if isinstance(job, ListFolder):
            files = [file for file in self.files.values() if (job.since or 0) <= file.modified < (job.until or 1e12)]
            after = [file for file in files if not job.after or file.modified < job.after.modified]
            return FolderPage(files=after[:FOLDER_PAGE], total=len(files))
        assert isinstance(job, ReadFile), job
        self.read.append(job.file.name)
        if error := self.errors.get(job.file.name):
            raise error
        return KEPT


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    played = Device()
    monkeypatch.setattr(dispatch, "call", played.call)
    monkeypatch.setattr(redis_outage, "explains", lambda error: isinstance(error, dispatch.RedisAway))
    Node.objects.create(
        slug="jetson-a", tier="device", approved=True, token_sha256="a", last_seen=timezone.now(), abilities=list(ABILITIES),
        hardware={"cameras": [{"name": "front"}, {"name": "shots", "folder": True}]},
        profile={"name": "compact", "tasks": {}}, pace_s=BUSY_S,
    )  # fmt: skip
    return played


def create(client: Any, **more: Any) -> Any:
    body = {"question": "Is there a dog?", "folder": {"device": "jetson-a", "folder": "shots", **more}}
    return client.post(URL, body, content_type="application/json")


def take_next() -> Any:
    """A worker takes the next question, whose photo the device reads."""
    journal = claimed()
    folder_photos.attach(journal.turn)
    return journal


def read_and_answer(text: str = "Yes, there is a dog.") -> None:
    journal = take_next()
    journal.planned(journal.turn.given_plan)
    journal.answered(text)


def away(offline: bool = True) -> None:
    Node.objects.update(last_seen=timezone.now() - timedelta(hours=1) * offline)
