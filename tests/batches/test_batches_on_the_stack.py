"""Batches on the running system: workers and Redis may be killed in the middle, and no photo is lost or asked about twice."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from tests.conftest import RECOVERY_S, draw_photo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
BATCH_S = 300  # on a busy machine
QUESTION = "Is there a dog in this photo?"
URL = "/api/v1/batches"


def _photos(stack: Stack, count: int, first: int) -> list[str]:
    return [stack.upload(draw_photo(first + number)) for number in range(count)]


def _start(stack: Stack, photos: Sequence[str], **more: Any) -> str:
    reply = stack.owner.post(URL, json={"question": QUESTION, "photos": photos, **more})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def _reaches(stack: Stack, batch: str, answered: int) -> None:
    def enough() -> bool:
        return bool(stack.owner.get(f"{URL}/{batch}").json().get("counts", {}).get("answered", 0) >= answered)

    wait_for(enough, BATCH_S, f"never answered {answered}", every=0.3)


def _done(stack: Stack, batch: str) -> list[dict[str, Any]]:
    """Its items, once it is done."""
    wait_for(
        lambda: stack.owner.get(f"{URL}/{batch}").json().get("state") == "done", BATCH_S, "the batch was not done", every=0.5
    )
    items: list[dict[str, Any]] = stack.owner.get(f"{URL}/{batch}/items?limit=200").json()["items"]
    return items


def _once_each(stack: Stack, batch: str, items: list[dict[str, Any]], photos: Sequence[str]) -> None:
    assert [item["photo"]["id"] for item in items] == list(photos)
    assert all(item["answer"] or item["error"]["message"] for item in items), items
    assert len({item["turn"] for item in items}) == len(items)
    turns = stack.rows("SELECT COUNT(*) FROM inference_turn WHERE conversation = ?", batch.replace("-", ""))
    assert turns == [(len(photos),)], "a photo was asked about twice"


@pytest.mark.long
def test_a_killed_cloud_worker_loses_and_doubles_nothing(stack: Stack) -> None:
    photos = _photos(stack, 14, 100)
    batch = _start(stack, photos)
    _reaches(stack, batch, 2)
    stack.kill(stack.worker("celery", "webapp.celery"))
    items = _done(stack, batch)
    _once_each(stack, batch, items, photos)
    assert [item["error"] for item in items if item["state"] != "answered"] == []


@pytest.mark.long
def test_a_killed_redis_loses_and_doubles_nothing_and_what_failed_can_be_retried(stack: Stack) -> None:
    photos = _photos(stack, 8, 200)
    batch = _start(stack, photos)
    _reaches(stack, batch, 2)
    stack.kill(stack.worker("redis-server"))
    _once_each(stack, batch, _done(stack, batch), photos)
    wait_for(stack.recovered, RECOVERY_S, "the stack did not recover", every=0.5)
    if stack.owner.get(f"{URL}/{batch}").json()["counts"]["failed"]:
        assert stack.owner.post(f"{URL}/{batch}/retry", json={}).status_code == 200
    assert {item["state"] for item in _done(stack, batch)} == {"answered"}


def test_a_single_question_does_not_wait_for_the_batch(stack: Stack) -> None:
    single = stack.upload(draw_photo(299))
    batch = _start(stack, _photos(stack, 14, 300))
    _reaches(stack, batch, 1)
    assert stack.finished(stack.put("What is this?", photo=single)["id"])["state"] == "answered"
    left = stack.owner.get(f"{URL}/{batch}").json()["counts"]
    assert left["waiting"] + left["running"] > 0, "the batch was over before"
    assert stack.owner.post(f"{URL}/{batch}/stop", json={}).json()["state"] == "stopped"


def test_photos_that_live_on_a_device_alone_are_asked_about_there(stack: Stack) -> None:
    taken = [stack.owner.post("/api/v1/devices/jetson-a/look", json={"camera": "shots"}) for _ in range(3)]
    photos = [reply.json()["id"] for reply in taken]
    items = _done(stack, _start(stack, photos))
    assert {item["state"] for item in items} == {"answered"} and not any(item["photo"]["on_server"] for item in items)
    receipts = [step["receipt"] for item in items for step in stack.turn(item["turn"])["steps"]]
    assert {receipt["device"] for receipt in receipts} == {"jetson-a"}


def _folder(place: Path) -> Path:
    (place / "below").mkdir(parents=True)
    for name, seed in (("b.jpg", 401), ("a.jpg", 402), ("below/c.jpg", 403)):
        (place / name).write_bytes(draw_photo(seed))
    (place / "notes.txt").write_text("no photo")
    (place / ".hidden.jpg").write_bytes(draw_photo(404))
    return place


def test_a_folder_is_asked_about_from_the_shell(stack: Stack, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "shots")
    done = stack.manage("ask", str(folder), QUESTION, "--csv", timeout=BATCH_S)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0]) == ["file", "answer", "confidence", "certainty", "route", "bytes", "ms"]
    assert [row["file"] for row in rows] == ["a.jpg", "b.jpg"] and all(row["answer"] and row["route"] for row in rows)
    assert "skipped notes.txt: " in done.stderr and "answered 2 of 2" in done.stderr
    done = stack.manage("ask", str(folder), QUESTION, "--csv", "--recursive", timeout=BATCH_S)
    assert [row["file"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["a.jpg", "b.jpg", "below/c.jpg"]
