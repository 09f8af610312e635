"""A question that names a training run is answered by that run's model, which comes to the photo."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from devices import dispatch
from federation.app import data
from inference.answering import trained_models
from inference.answering.trained_models import step as trained_model_step
from webapp.live.errors import UserError

pytestmark = pytest.mark.timeout(600)
SMALL = {"dataset": "digits", "clients": 2, "rounds": 4, "batch_size": 16}


def digit(label: int) -> bytes:
    """A held-out digit, as ink on paper."""
    tested, _ = data.load("digits", True, data.root())
    pixels = tested.pixels[int((tested.labels == label).nonzero()[0]), 0].numpy()
    out = io.BytesIO()
    Image.fromarray(255 - pixels).convert("RGB").resize((320, 320), Image.Resampling.BICUBIC).save(out, "JPEG", quality=92)
    return out.getvalue()


@pytest.fixture(scope="module")
def run(stack: Stack) -> int:
    """A finished run over the bundled nodes."""
    wait_for(
        lambda: stack.owner.post("/api/v1/federation/estimate", json={"spec": SMALL}).json().get("nodes"),
        90,
        "no node can train",
    )
    number = int(stack.owner.post("/api/v1/federation/runs", json={"spec": SMALL, "start": True}).json()["run"])
    wait_for(lambda: stack.owner.get(f"/api/v1/federation/runs/{number}").json().get("final"), 180, "it did not end", every=0.5)
    return number


def ask(stack: Stack, run: int, photo: str, **more: Any) -> dict[str, Any]:
    return stack.finished(stack.put(f"Classify this with run {run}.", photo=photo, node="jetson-a", **more)["id"])


@pytest.mark.slow
@pytest.mark.long
def test_the_model_is_sent_once_and_the_photo_never_leaves(stack: Stack, run: int) -> None:
    photo = stack.upload(digit(3))
    first, second = (ask(stack, run, photo)["steps"][0]["receipt"] for _ in range(2))
    for receipt in (first, second):
        assert (receipt["model"], receipt["route"], receipt["photo_left_device"]) == (f"run {run}", "device", False)
        assert [name for name, _ in receipt["top"]] and receipt["answer"] == receipt["top"][0][0] in set("0123456789")
        assert receipt["actual_ms"]["total"] > 0 and receipt["bytes"]["uplink"] == 0
    assert first["bytes"]["model"] == (stack.var / "federated" / str(run) / "model.safetensors").stat().st_size
    assert second["bytes"]["model"] == 0


@pytest.mark.slow
@pytest.mark.long
def test_a_route_over_the_link_is_refused_with_what_to_do(stack: Stack, run: int) -> None:
    turn = ask(stack, run, stack.upload(digit(7)), route="edge")
    assert turn["state"] == "failed" and "where the photo is" in turn["error"]["message"]


@pytest.mark.slow
@pytest.mark.long
def test_a_deleted_model_fails_with_a_sentence(stack: Stack, run: int, tmp_path: Path) -> None:
    place = stack.var / "federated" / str(run)
    photo = stack.upload(digit(1))
    weights = (place / "model.safetensors").read_bytes()
    (place / "model.safetensors").unlink()
    try:
        turn = ask(stack, run, photo)
    finally:
        (place / "model.safetensors").write_bytes(weights)
    assert turn["state"] == "failed" and f"run {run}" in turn["error"]["message"]


def test_only_its_owner_may_ask_a_run(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    place = tmp_path / "federated" / "5"
    place.mkdir(parents=True)
    (place / "card.json").write_text('{"accuracy": 0.5, "owner": 1}')
    (place / "model.safetensors").write_bytes(b"")
    assert (trained_models.names(1), trained_models.names(2)) == (("run 5",), ())
    with pytest.raises(UserError, match="run 5"):
        trained_models.read("run 5", 2)


def test_an_unknown_name_is_a_sentence(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    with pytest.raises(UserError, match="run 99"):
        trained_models.read("run 99", 1)


def test_a_node_that_lacks_it_is_sent_it_and_a_damaged_one_is_refused(
    pair: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VAR_DIR = tmp_path
    place = tmp_path / "federated" / "5"
    place.mkdir(parents=True)
    (place / "card.json").write_text(
        '{"model": "cnn-small", "dataset": "digits", "classes": ["a", "b"], "accuracy": 0.5, "owner": 1}'
    )
    (place / "model.safetensors").write_bytes(save({"weight": np.zeros(3, np.float32)}))
    monkeypatch.setattr(dispatch, "put_blob", lambda slug, name, data: pair.device.lay(name, data))
    with pytest.raises(dispatch.StageFailed, match="another model"):
        trained_model_step.answer(pair.step(), trained_models.read("run 5", 1))
    assert pair.calls == ["jetson-t.run_learned", "jetson-t.run_learned"]
