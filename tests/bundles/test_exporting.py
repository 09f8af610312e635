"""Models are exported when the first node asks, once, and not while they are as they were."""

import io
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from devices.agent.server import Server
from inference.answering import cloud_queue
from inference.bundles import exporting
from inference.engine import catalogue
from inference.engine.bundles import lock, store
from inference.engine.bundles.fetch import fetch
from inference.engine.bundles.store import Store
from inference.engine.engines.engine import Resources
from inference.engine.engines.onnx_engine import OnnxEngine
from inference.stages.bundle_source import ServerBundles
from tests.bundles.server import FIRST, SIZES, body_of, contents, error_of, joined, write_bundle
from webapp.celery import app

Call = Callable[..., Any]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("api")]


def test_an_unknown_profile_is_not_found(call: Call, requested: list[str]) -> None:
    assert error_of(call("/absent")) == (404, "unknown_profile") and not requested


def test_the_first_node_that_asks_starts_the_export(call: Call, requested: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        answer = call("/compact")
        assert error_of(answer) == (503, "bundle_missing")
        assert answer.json()["error"]["next"] == "Ask again in 10 seconds."
    assert requested == ["compact"]
    monkeypatch.setattr(exporting, "made_from", lambda profile: FIRST)
    write_bundle(exporting.store().folder("compact", FIRST), contents())
    exporting.store().use("compact", FIRST)
    assert call("/compact").status_code == 200


def test_changed_models_are_exported_again(call: Call, bundle: Path, requested: list[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(exporting, "made_from", lambda profile: "f" * 16)
    assert error_of(call("/compact")) == (503, "bundle_missing") and requested == ["compact"]
    assert body_of(call(f"/compact/{FIRST}/card.json")) == contents()["card.json"]


def test_nothing_is_queued_while_an_export_runs(call: Call, requested: list[str]) -> None:
    with lock.exclusive(exporting.store(), "compact"):
        assert error_of(call("/compact")) == (503, "bundle_missing")
    assert not requested
    call("/compact")
    assert requested == ["compact"]


def test_models_that_the_server_lacks_are_named(call: Call, requested: list[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(catalogue, "missing", lambda profile: ["The vqa model is not on this machine; fetch it."])
    answer = call("/paper")
    assert error_of(answer) == (409, "models_missing") and "vqa model" in answer.json()["error"]["message"]
    assert not requested


def test_the_cloud_worker_exports_beside_the_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    commands, ran = list[list[str]](), threading.Event()

    def run(command: list[str], **options: Any) -> Any:
        commands.append(command)
        ran.set()
        return SimpleNamespace(returncode=0, stdout="", stderr="")

    monkeypatch.setattr(exporting.subprocess, "run", run)
    app.loader.import_default_modules()
    app.tasks[cloud_queue.EXPORT]("compact")
    assert ran.wait(10) and commands[0][-4:] == ["manage.py", "models", "export", "compact"]


def test_the_command_exports_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def export(profile: Any, place: Store) -> Path:
        assert lock.is_locked(place, profile.name)
        return write_bundle(place.folder(profile.name, FIRST), contents())

    monkeypatch.setitem(sys.modules, "inference.engine.bundles.export", SimpleNamespace(export=export))
    out = io.StringIO()
    call_command("models", "export", stdout=out)
    folder = exporting.store().folder("compact", FIRST)
    assert out.getvalue().startswith(f"{folder}: {sum(SIZES.values()) / 1e6:.1f} MB in ")
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("models", "export", "absent")
    assert not lock.is_locked(exporting.store(), "compact")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.long
def test_a_node_gets_the_bundled_models_from_nothing(live_server: Any, tmp_path: Path) -> None:
    """The export in its process, the transfer, and an engine on the other side."""
    source, place = ServerBundles(Server(live_server.url, joined("jetson-a"))), Store(tmp_path / "node")
    exporting.run("compact")
    folder = fetch("compact", place, source)
    assert folder.name == store.made_from(catalogue.profile("compact"))
    assert set(OnnxEngine(store.profile_of(folder), Resources(threads=1)).parts) == {"classify", "caption", "vqa"}
