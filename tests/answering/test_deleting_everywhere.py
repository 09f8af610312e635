"""A deleted photo is deleted wherever it lies: files of the server and of devices, cached features, bytes under way in Redis.
Nodes that were away delete it when they are back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from devices import dispatch
from devices.contract.protocol import blob_key
from devices.models import Node as NodeRow
from inference.answering import execute, prefetch
from inference.models import Photo, PhotoTrace, Turn
from inference.photos import erasure, store
from inference.placement import routes
from inference.placement.prediction import Candidate
from tests.answering.conftest import HIGH, K, Pair
from tests.conftest import draw_photo
from webapp.chat import conversations
from webapp.chat.models import Conversation
from webapp.ops.retention import pruning
from webapp.ops.retention.kinds import BY_NAME

pytestmark = pytest.mark.django_db
DEVICE, EDGE = "jetson-t", "edge-t"


@pytest.fixture(autouse=True)
def cloud(pair: Pair, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both nodes are online, and no cloud worker takes the hint that something was deleted."""
    settings.PHOTO_DIR = tmp_path / "photos"
    monkeypatch.setattr("inference.answering.cloud_queue._send", lambda *_: True)
    for slug, tier in ((DEVICE, "device"), (EDGE, "edge")):
        NodeRow.objects.create(slug=slug, tier=tier, approved=True, token_sha256=slug, last_seen=timezone.now(),
                               profile={"name": "compact", "tasks": {}})  # fmt: skip
    yield


@pytest.fixture
def photo(owner: Any) -> Photo:
    photo = store.store(owner, [draw_photo(31)])
    prefetch.place(photo, NodeRow.objects.get(slug=DEVICE))
    return photo


@dataclass
class OnDevice:
    folder: Path
    name: str

    def exists(self) -> bool:
        return any(self.folder.rglob(f"{self.name}*"))


def on_device(pair: Pair, photo: Photo) -> OnDevice:
    return OnDevice(pair.device.runtime.home / "photos", str(photo.pk))


def away(slug: str) -> None:
    NodeRow.objects.filter(slug=slug).update(last_seen=timezone.now() - timedelta(hours=1))


def back(slug: str) -> None:
    NodeRow.objects.filter(slug=slug).update(last_seen=timezone.now())


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was under way when the photo was deleted has arrived."""
    monkeypatch.setattr(erasure, "FINAL", timedelta(0))


def split(pair: Pair, photo: Photo) -> None:
    """A question that leaves features on both nodes."""
    step = pair.step()
    step.photo = str(photo.pk)
    execute.run(step, Candidate(routes.SPLIT, K, HIGH, None, None, 500, 10.0, 10.0, 0.5), None)


def features(pair: Pair, photo: Photo) -> int:
    caches = pair.device.stages.context.heads, pair.edge.stages.context.sent
    return sum(key[0] == str(photo.pk) for cache in caches for key in cache._entries)


def test_a_deleted_photo_leaves_no_file_and_no_features(pair: Pair, photo: Photo, settings: LazySettings) -> None:
    split(pair, photo)
    assert on_device(pair, photo).exists() and features(pair, photo) == 2
    conversations.delete_photo(Photo.objects.get(pk=photo.pk))
    assert not list(Path(settings.PHOTO_DIR).iterdir())
    erasure.erase(str(photo.pk))
    assert not on_device(pair, photo).exists() and features(pair, photo) == 0


def test_a_device_that_was_away_deletes_it_when_it_is_back(
    pair: Pair, photo: Photo, owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = Conversation.objects.create(owner=owner)
    Turn.objects.create(conversation=conversation.pk, owner=owner, photo=photo, question="?", state="answered")
    name, file = str(photo.pk), on_device(pair, photo)
    away(DEVICE)
    conversations.delete(conversation)
    later(monkeypatch)
    erasure.erase(name)
    erasure.sweep()
    assert file.exists() and [trace.node for trace in PhotoTrace.objects.all()] == [DEVICE]
    back(DEVICE)
    erasure.sweep()
    assert not file.exists() and not PhotoTrace.objects.exists()


def test_a_node_that_fails_is_asked_again(pair: Pair, photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    file = on_device(pair, photo)
    store.forget(photo)
    later(monkeypatch)
    pair.gone = lambda slug, verb: slug == DEVICE
    erasure.sweep()
    assert file.exists() and PhotoTrace.objects.filter(node=DEVICE).exists()
    pair.gone = lambda slug, verb: False
    erasure.sweep()
    assert not file.exists() and not PhotoTrace.objects.exists()


def test_what_arrives_after_the_deletion_goes_too(pair: Pair, owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The photo is deleted while it is being placed."""
    photo = store.store(owner, [draw_photo(32)])
    name, file = str(photo.pk), on_device(pair, photo)
    ours = pair.call

    def meanwhile(slug: str, job: Any, *rest: Any) -> Any:
        if job.verb == "place":
            Photo.objects.get(pk=name).delete()
        return ours(slug, job, *rest)

    monkeypatch.setattr(dispatch, "call", meanwhile)
    prefetch.place(photo, NodeRow.objects.get(slug=DEVICE))
    assert file.exists()
    later(monkeypatch)
    erasure.sweep()
    assert not file.exists()


def test_bytes_under_way_in_redis_are_deleted(photo: Photo, store: Any) -> None:
    keys = [blob_key(DEVICE, str(photo.pk)), blob_key(EDGE, f"{photo.pk}-turn-1-0")]
    other = blob_key(DEVICE, "another")
    for key in [*keys, other]:
        store.set(key, b"bytes", ex=60)
    name = str(photo.pk)
    photo.delete()
    erasure.erase(name)
    assert not store.exists(*keys) and store.exists(other)


def test_an_upload_that_waits_on_a_device_is_dropped(pair: Pair, photo: Photo) -> None:
    name = str(photo.pk)
    pair.device.runtime.uploads.hold(name, draw_photo(33))
    photo.delete()
    erasure.erase(name)
    assert pair.device.call("collect", photo=name)["error"]["code"] == "upload"


def test_the_photos_of_a_deleted_person_go_with_them(pair: Pair, photo: Photo, owner: Any, settings: LazySettings) -> None:
    name, file = str(photo.pk), on_device(pair, photo)
    owner.delete()
    assert not list(Path(settings.PHOTO_DIR).iterdir())
    erasure.erase(name)
    assert not file.exists()


def test_a_revoked_node_is_not_waited_for(photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    photo.delete()
    NodeRow.objects.update(revoked_at=timezone.now())
    later(monkeypatch)
    assert erasure.sweep() == 2 and not PhotoTrace.objects.exists()


def test_what_never_became_a_photo_is_found_and_deleted(
    pair: Pair, photo: Photo, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device took a picture and its answer was lost; the server was killed between a file and its row."""
    lost = Photo(owner=photo.owner)
    PhotoTrace.record(lost.pk, DEVICE)
    pair.device.stages.context.photos.keep(str(lost.pk), draw_photo(34))
    lost.path.write_bytes(b"half")
    incoming = Path(settings.PHOTO_DIR).with_name("incoming") / "left"
    incoming.write_bytes(b"half")
    stray = replace(BY_NAME["strays"], fixed=timedelta(seconds=-1))
    pruning.run(kinds=[stray])
    assert not lost.path.exists() and not incoming.exists() and photo.path.exists() and photo.small_path.exists()
    later(monkeypatch)
    erasure.sweep()
    assert not on_device(pair, lost).exists() and on_device(pair, photo).exists()
