"""Watches on the running system, with real models: a camera plays photos, and what it shows is raised, told and cleared."""

import io
import json
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from PIL import Image

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from bench.watches.open_page import OpenPage
from tests.watches.scripted_camera import CAT, EMPTY, OTHER, ScriptedCamera

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
LOOKS_S = 60  # on a busy machine
SHOWN_WITHIN_S = 2.0
SETTINGS = {"looks_for": "cat", "per_second": 3, "cool_down_s": 0, "clear_after": 2, "zone": {"left": 0.05}}


@pytest.fixture
def camera(stack: Stack) -> Iterator[ScriptedCamera]:
    scripted = ScriptedCamera(stack.var / "shots")
    yield scripted
    scripted.stop()


@pytest.fixture
def watch(stack: Stack, camera: ScriptedCamera) -> Iterator[int]:
    """Evaluated by its device, which has seen the empty scene."""
    body = {"node": "jetson-a", "camera": "shots", "settings": SETTINGS}
    made = stack.owner.post("/api/v1/watches", json=body)
    assert made.status_code == 201, made.text
    number = made.json()["id"]
    wait_for(lambda: _watch(stack, number).get("applied"), LOOKS_S, "the device did not follow", every=0.2)
    time.sleep(2.0)  # the first look
    yield number
    stack.owner.delete(f"/api/v1/watches/{number}")
    shutil.rmtree(stack.var / "nodes" / "jetson-a" / "labelled", ignore_errors=True)


def _watch(stack: Stack, number: int) -> dict[str, Any]:
    return dict(stack.owner.get(f"/api/v1/watches/{number}").json())


def _told(stack: Stack, kind: str, event: int) -> list[str]:
    """States of the deliveries of an event's notice."""
    rows = stack.rows(
        'SELECT d.state, n."values" FROM notifications_notice n JOIN notifications_delivery d ON d.notice_id = n.id '
        "WHERE n.kind = ?",
        kind,
    )
    return [state for state, values in rows if json.loads(values)["event"] == event]


def test_a_cat_that_comes_and_goes_is_one_event_with_everything_about_it(
    stack: Stack, camera: ScriptedCamera, watch: int
) -> None:
    with OpenPage(stack.url, stack.owner) as page:
        camera.scene = OTHER  # moves, and is no cat
        time.sleep(3)
        camera.scene = EMPTY
        time.sleep(3)
        assert not page.events
        camera.scene = CAT
        raised = page.event(LOOKS_S, lambda event: event["kind"] == "raised")
        seconds = page.arrived[raised["id"]] - _moment(raised["at"])
        assert seconds < SHOWN_WITHIN_S, f"{seconds:.1f} s from the device's decision to the page"
        assert (raised["watch"], raised["title"], raised["ended"]) == (watch, "cat", None) and raised["confidence"] > 0.8
        described = page.event(LOOKS_S, lambda event: event["id"] == raised["id"] and event["caption"])
        assert described["caption"]
        camera.scene = EMPTY
        page.event(LOOKS_S, lambda event: event["id"] == raised["id"] and event["ended"])
        wait_for(lambda: "sent" in _told(stack, "watch.raised", raised["id"]), 30, "it was not told", every=0.3)
        assert len(page.events) == 1 and not _told(stack, "watch.camera", raised["id"])
    receipt = stack.owner.get(f"/api/v1/watches/events?watch={watch}").json()["items"][0]["receipt"]
    assert (receipt["route"], receipt["photo_left_device"], receipt["joules"]) == ("device", False, None)
    assert receipt["frames"] > receipt["looks"] >= 2 and receipt["ms"] > 0 and receipt["seconds"] > 0
    cost = _watch(stack, watch)["cost"]
    assert cost["frames"] > receipt["frames"] and 0 < cost["bytes"] < 2000
    _marked_wrong(stack, raised["id"])
    _kept(stack, raised["id"])


def _moment(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


def _marked_wrong(stack: Stack, event: int) -> None:
    """It becomes a labelled photo on its device, and the server learns the label alone."""
    picture = stack.owner.get(f"/api/v1/watches/events/{event}/picture")
    assert picture.status_code == 200 and Image.open(io.BytesIO(picture.content)).width > 500
    marked = stack.owner.post(f"/api/v1/watches/events/{event}/label", json={"label": "no cat"}).json()
    assert marked["label"] == "no cat" and marked["receipt"]["shown_bytes"] == len(picture.content)
    files = list((stack.var / "nodes" / "jetson-a" / "labelled" / "no cat").glob("*.jpg"))
    assert len(files) == 1 and Image.open(files[0]).width > 500

    def reported() -> bool:
        ((labelled,),) = stack.rows("SELECT labelled FROM devices_node WHERE slug = 'jetson-a'")
        return bool(json.loads(labelled).get("no cat") == 1)

    wait_for(reported, 60, "the device did not report its labelled photo", every=0.3)
    assert not [file for file in stack.var.rglob(files[0].name) if "nodes" not in file.parts]


def _kept(stack: Stack, event: int) -> None:
    """It joins the library with what took it; what the device no longer has is a sentence."""
    reply = stack.owner.post(f"/api/v1/watches/events/{event}/keep")
    assert reply.status_code == 201, reply.text
    photo = reply.json()["photo"]
    taken = stack.owner.get(f"/api/v1/library/photos/{photo}").json()["taken"]
    assert (taken["device"], taken["camera"]) == ("jetson-a", "shots") and taken["at"] == reply.json()["at"]
    file = stack.owner.get(f"/photos/{photo}/")
    assert file.status_code == 200 and Image.open(io.BytesIO(file.content)).width > 500
    assert stack.owner.delete(f"/api/v1/photos/{photo}").status_code == 204
    for snapshot in (stack.var / "nodes" / "jetson-a" / "watching" / "snapshots").glob("*.jpg"):
        snapshot.unlink()
    refusal = stack.owner.post(f"/api/v1/watches/events/{event}/keep")
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (404, "photo_missing") and refusal.json()["error"]["next"]


def test_an_unplugged_camera_is_said_and_watched_again_once_it_is_back(
    stack: Stack, camera: ScriptedCamera, watch: int
) -> None:
    folder, away = stack.var / "shots", stack.var / "shots-away"
    with OpenPage(stack.url, stack.owner) as page:
        folder.rename(away)
        try:
            lost = page.event(LOOKS_S, lambda event: event["kind"] == "camera_lost")
            wait_for(lambda: _watch(stack, watch)["obstacle"] == "fault", 30, "the watch does not say so", every=0.3)
            wait_for(lambda: "sent" in _told(stack, "watch.camera", lost["id"]), 30, "it was not told", every=0.3)
        finally:
            away.rename(folder)
        page.event(LOOKS_S, lambda event: event["kind"] == "camera_back")
        wait_for(lambda: not _watch(stack, watch)["obstacle"], 30, "the watch does not go on", every=0.3)
        camera.scene = CAT
        page.event(LOOKS_S, lambda event: event["kind"] == "raised")


@pytest.mark.long
def test_a_web_process_that_is_killed_costs_no_event_and_doubles_none(stack: Stack, camera: ScriptedCamera, watch: int) -> None:
    stack.kill(stack.worker("uvicorn"))
    camera.scene = CAT
    time.sleep(3)
    camera.scene = EMPTY

    def events() -> list[dict[str, Any]]:
        answer = stack.owner.get(f"/api/v1/watches/events?watch={watch}")
        return list(answer.json()["items"]) if answer.status_code == 200 else []

    def over() -> bool:
        try:
            return any(event["ended"] for event in events())
        except httpx.TransportError:
            return False

    wait_for(over, 2 * LOOKS_S, "the event did not arrive", every=0.5)
    (event,) = events()
    assert event["kind"] == "raised" and _watch(stack, watch)["applied"]
