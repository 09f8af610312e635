"""“My cats”: two devices train on their own photos, the run's model watches a camera, an event that was wrong becomes a
labelled photo, and the next run learns from it."""

import io
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from bench.watches.open_page import OpenPage
from federation.app import classifier
from tests.watches.scripted_camera import CAT, EMPTY, OTHER, ScriptedCamera, frame

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
SPEC = {"dataset": "photos", "clients": 2, "rounds": 6, "local_epochs": 8, "batch_size": 8, "learning_rate": 0.03}
SCENES = {"Whiskers": CAT, "nobody": EMPTY}
PHOTOS = 6  # of each scene on each device
UNKNOWN = (OTHER, "gravel", "grass", "rocket", "astronaut", "retina", "page", "coins", "moon", "camera", "text")
LOOKS_S, RUN_S = 60, 240  # on a busy machine
STAY_S = 6
QUICK = {"per_second": 3, "cool_down_s": 0, "clear_after": 2}
NODES = ("jetson-a", "jetson-b")


@pytest.fixture
def camera(stack: Stack) -> Iterator[ScriptedCamera]:
    scripted = ScriptedCamera(stack.var / "shots")
    yield scripted
    scripted.stop()
    for watch in stack.owner.get("/api/v1/watches?limit=100").json()["items"]:
        stack.owner.delete(f"/api/v1/watches/{watch['id']}")
    for node in NODES:
        shutil.rmtree(_labelled(stack, node), ignore_errors=True)


def _labelled(stack: Stack, node: str) -> Path:
    return stack.var / "nodes" / node / "labelled"


def _photographed(stack: Stack) -> None:
    """Each device has photos of the cat and of places without one, in different light."""
    for seed, node in enumerate(NODES):
        noise = np.random.default_rng(seed)
        for label, scene in SCENES.items():
            place = _labelled(stack, node) / label
            place.mkdir(parents=True)
            for number in range(PHOTOS):
                (place / f"{scene}-{number}.jpg").write_bytes(frame(scene, noise, noise.uniform(0.7, 1.2)))


def _trained(stack: Stack, photos: int) -> dict[str, Any]:
    """A finished run, once the devices have reported so many photos in all."""

    def reported() -> bool:
        held = stack.owner.post("/api/v1/federation/estimate", json={"spec": SPEC}).json()["photos"]
        return sum(sum(counts.values()) for counts in held.values()) == photos

    wait_for(reported, LOOKS_S, "the devices did not report their photos", every=0.5)
    number = stack.owner.post("/api/v1/federation/runs", json={"spec": SPEC, "start": True}).json()["run"]
    run: dict[str, Any] = {}

    def final() -> bool:
        run.update(stack.owner.get(f"/api/v1/federation/runs/{number}").json())
        return bool(run.get("final"))

    wait_for(final, RUN_S, f"run {number} did not end", every=0.5)
    assert run["state"] == "done", run["error"]
    return run


def _confidence(stack: Stack, run: int, scene: str) -> float:
    """That the run's model takes this scene for the cat."""
    place = stack.var / "federated" / str(run)
    model = classifier.load(json.loads((place / "card.json").read_text()), (place / "model.safetensors").read_bytes())
    return dict(model.probabilities(Image.open(io.BytesIO(frame(scene, np.random.default_rng(5))))))["Whiskers"]


def _watch(stack: Stack, number: int) -> dict[str, Any]:
    return dict(stack.owner.get(f"/api/v1/watches/{number}").json())


def _follows(stack: Stack, number: int) -> None:
    wait_for(lambda: _watch(stack, number).get("applied"), LOOKS_S, "the device did not follow", every=0.2)


def _drafted(stack: Stack, sentence: str) -> dict[str, Any]:
    turn = stack.finished(stack.put(sentence)["id"])
    assert turn["state"] == "answered" and "Nothing is watched before you start it." in turn["answer"], turn
    watch: dict[str, Any] = stack.owner.get("/api/v1/watches").json()["items"][-1]
    assert watch["state"] == "draft"
    return watch


def _started(stack: Stack, watch: dict[str, Any], run: int) -> None:
    body = {"node": watch["node"], "camera": watch["camera"], "run": run, "settings": {**watch["settings"], **QUICK}}
    changed = stack.owner.put(f"/api/v1/watches/{watch['id']}", json=body)
    assert changed.status_code == 200, changed.text
    if changed.json()["state"] == "draft":
        stack.owner.post(f"/api/v1/watches/{watch['id']}/switch", json={"on": True})
    _follows(stack, watch["id"])


def _comes_and_goes(page: OpenPage, camera: ScriptedCamera, scene: str) -> dict[str, Any]:
    """The event of a scene, which is over once the empty table is back."""
    before = set(page.events)
    camera.scene = scene
    raised = page.event(LOOKS_S, lambda event: event["kind"] == "raised" and event["id"] not in before)
    camera.scene = EMPTY
    return page.event(LOOKS_S, lambda event: event["id"] == raised["id"] and event["ended"])


def test_the_cat_of_a_run_is_watched_for_and_a_mistake_is_learned_from(stack: Stack, camera: ScriptedCamera) -> None:
    _photographed(stack)
    photos = len(NODES) * len(SCENES) * PHOTOS
    first = _trained(stack, photos)["run"]
    mistaken = max(UNKNOWN, key=lambda scene: _confidence(stack, first, scene))
    assert _confidence(stack, first, CAT) > 0.9 > 0.1 > _confidence(stack, first, EMPTY)
    assert _confidence(stack, first, mistaken) > 0.7, "nothing looks like the cat to it: choose other scenes"

    watch = _drafted(stack, f"Tell me when run {first} sees a whiskers on camera shots")
    assert (watch["run"], watch["settings"]["looks_for"], watch["camera"]) == (first, "Whiskers", "shots")
    with OpenPage(stack.url, stack.owner) as page:
        _started(stack, watch, first)
        event = _comes_and_goes(page, camera, CAT)
        receipt = event["receipt"]
        assert (receipt["model"], receipt["route"], receipt["photo_left_device"]) == (f"run {first}", "device", False)
        assert event["confidence"] > 0.6 and receipt["looks"] >= 2 and receipt["ms"] > 0
        wrong = _comes_and_goes(page, camera, mistaken)
        assert len(page.events) == 2
    _is_on_its_device(stack, first)
    _is_labelled(stack, wrong["id"])

    second = _trained(stack, photos + 1)["run"]
    assert _confidence(stack, second, mistaken) < 0.4 and _confidence(stack, second, CAT) > 0.9
    assert _watch(stack, watch["id"])["newer"] == second
    with OpenPage(stack.url, stack.owner) as page:
        _started(stack, watch, second)
        camera.scene = mistaken
        time.sleep(STAY_S)
        assert not page.events, "it is still taken for the cat"
        camera.scene = EMPTY
        time.sleep(STAY_S)
        assert _comes_and_goes(page, camera, CAT)["receipt"]["looks"] > 4, "it was looked at"
        camera.scene = CAT
        standing = page.event(LOOKS_S, lambda event: event["kind"] == "raised" and not event["ended"])
        assert stack.owner.delete(f"/api/v1/federation/runs/{second}").status_code == 204
        page.event(LOOKS_S, lambda event: event["id"] == standing["id"] and event["ended"])
    assert _watch(stack, watch["id"])["obstacle"] == "no_model"


def _is_on_its_device(stack: Stack, run: int) -> None:
    """Byte for byte, as safetensors; and the log of model calls has what it computed."""
    (file,) = (stack.var / "nodes" / "jetson-a" / "watching" / "models").glob("*.safetensors")
    assert file.read_bytes() == (stack.var / "federated" / str(run) / "model.safetensors").read_bytes()
    origins = stack.rows("SELECT origin, purpose FROM inference_modelcall WHERE model = ? AND watch IS NOT NULL", f"run {run}")
    assert origins.count(("watch", "classify")) == 2


def _is_labelled(stack: Stack, event: int) -> None:
    marked = stack.owner.post(f"/api/v1/watches/events/{event}/label", json={"label": "nobody"})
    assert marked.status_code == 200, marked.text
    assert len(list((_labelled(stack, "jetson-a") / "nobody").glob("*.jpg"))) == PHOTOS + 1
