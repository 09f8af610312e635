"""An export that fails, however it fails: a sentence to nodes and administrators, no half folder, and no storm of attempts."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from bench.harness.processes import wait_for
from devices import model_choice
from inference.bundles import exporting, failures
from inference.engine import catalogue
from inference.engine.bundles import export as export_module
from inference.engine.bundles import lock, store
from inference.engine.bundles.store import PART
from inference.model_jobs import overview
from tests.bundles.server import FIRST, SECOND, contents, error_of, write_bundle
from webapp.management.commands import doctor

Call = Callable[..., Any]
Script = Callable[[str], Path]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("api")]
PYTHON = sys.executable


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Script:
    """Have the process that exports run a shell script, which notes each start in a file."""

    def use(text: str) -> Path:
        file, starts = tmp_path / "python", tmp_path / "starts"
        file.write_text(f"#!/bin/sh\necho $$ >> {starts}\n{text}\n")
        file.chmod(0o700)
        starts.touch()
        monkeypatch.setattr(sys, "executable", str(file))
        return starts

    return use


def parts() -> list[Path]:
    return list(exporting.store().root.glob(f"compact/*{PART}"))


def half() -> str:
    """Shell: what an export leaves that is not finished."""
    part = exporting.store().part("compact", FIRST)
    return f"mkdir -p {part} && echo half > {part}/card.json"


def message(call: Call) -> str:
    answer = call("/compact")
    assert error_of(answer) == (503, "export_failed")
    return str(answer.json()["error"]["message"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("echo 'CommandError: The disk is full.' >&2; exit 1", "The disk is full."),
        ("exit 3", "Its process ended with status 3."),
        ("kill -9 $$", "Its process was ended by signal 9; most likely there was too little memory."),
    ],
)
def test_nodes_and_administrators_get_the_reason(
    text: str, reason: str, script: Script, call: Call, requested: list[str]
) -> None:
    script(f"{half()}\n{text}")
    exporting.run("compact")
    sentence = f"The server could not export the compact models: {reason}"
    assert message(call) == sentence and not requested and not parts()
    (finding,) = [finding for finding in doctor._models() if finding.subject == "models for nodes"]
    assert finding.state == sentence and finding.remedy.endswith("run `python manage.py models export compact`.")
    profiles = {profile["name"]: profile["export_failure"] for profile in overview.overview(None)["profiles"]}
    assert profiles == {"compact": sentence, "paper": ""}


def test_an_export_that_hangs_is_stopped(script: Script, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "LONGEST_S", 1.0)
    starts = script(f"{half()}\nexec sleep 60")
    exporting.run("compact")
    assert "It took longer than 0 minutes and was stopped." in message(call) and not parts()
    assert not Path(f"/proc/{starts.read_text().strip()}").exists()


def test_a_process_that_cannot_start_is_a_reason(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: Any, **options: Any) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr(exporting.subprocess, "run", no_memory)
    exporting.run("compact")
    assert message(call).endswith("Its process did not start (Cannot allocate memory).")


def test_a_disk_that_fills_leaves_nothing_half(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(profile: catalogue.Profile, part: Path) -> None:
        part.mkdir(parents=True)
        (part / "card.json").write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(export_module, "_write", full)
    with pytest.raises(OSError, match="No space"):
        exporting.export("compact")
    assert not parts() and exporting.store().current("compact") is None


def test_a_failure_is_remembered_where_it_cannot_be_written(
    script: Script, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    starts = script("exit 1")
    monkeypatch.setattr(Path, "write_text", full)
    for _ in range(3):
        exporting.run("compact")
    assert len(starts.read_text().splitlines()) == 1
    failures.forget("compact")


def test_the_pauses_between_attempts_double(script: Script, call: Call, requested: list[str], monkeypatch: Any) -> None:
    starts, now = script("exit 1"), time.time()
    monkeypatch.setattr(failures.time, "time", lambda: now)
    for pause in (300, 600, 1200):
        before = len(starts.read_text().splitlines())
        for _ in range(3):
            exporting.run("compact")
            message(call)
        assert len(starts.read_text().splitlines()) == before + 1
        now += pause - 1
        exporting.run("compact")
        assert len(starts.read_text().splitlines()) == before + 1
        now += 2
        assert error_of(call("/compact")) == (503, "bundle_missing")
    assert requested


def test_other_models_are_exported_at_once_after_a_failure(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = script("exit 1")
    exporting.run("compact")
    monkeypatch.setattr(failures, "made_from", lambda profile: SECOND)
    exporting.run("compact")
    assert len(starts.read_text().splitlines()) == 2


def test_a_success_ends_the_failure(script: Script, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    script("exit 1")
    exporting.run("compact")
    monkeypatch.setattr(
        export_module, "export", lambda profile, place: write_bundle(place.folder("compact", FIRST), contents())
    )
    exporting.export("compact")
    assert failures.latest("compact") is None and not list(exporting.store().root.glob("*.failed"))


def test_the_clock_starts_an_export_of_models_that_have_changed(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes that run ask for nothing: the server has to notice."""
    submitted: list[str] = []
    monkeypatch.setattr(exporting, "submit", submitted.append)
    exporting.refresh()
    assert not submitted and model_choice.current().bundle == FIRST
    monkeypatch.setattr(exporting, "made_from", lambda profile: SECOND)
    exporting.refresh()
    assert submitted == ["compact"] and model_choice.current().bundle == FIRST


def test_the_clock_exports_nothing_that_no_node_has_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "submit", pytest.fail)
    exporting.refresh()


@pytest.mark.long
@pytest.mark.slow
def test_a_process_killed_in_the_middle_leaves_nothing_in_the_way_of_the_next() -> None:
    environment = {**os.environ, "ISTHMUS_BUNDLES": str(settings.BUNDLES_DIR)}
    command = [PYTHON, "manage.py", "models", "export", "compact"]
    export = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL)
    wait_for(lambda: any(part.glob("classify/*.onnx") for part in parts()), 120, "the export did not begin", every=0.02)
    assert lock.is_locked(exporting.store(), "compact")
    export.send_signal(signal.SIGKILL)
    export.wait()
    assert parts() and not lock.is_locked(exporting.store(), "compact") and exporting.store().current("compact") is None
    exporting.run("compact")
    current = exporting.store().current("compact")
    assert current is not None and store.is_whole(current) and not parts()


@pytest.mark.long
@pytest.mark.slow
def test_two_that_export_at_once_make_it_once() -> None:
    environment = {**os.environ, "ISTHMUS_BUNDLES": str(settings.BUNDLES_DIR)}
    command = [PYTHON, "manage.py", "models", "export", "compact"]
    both = [subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE) for _ in range(2)]
    outputs = [export.communicate(timeout=200)[0] for export in both]
    assert [export.returncode for export in both] == [0, 0] and len({output.split()[0] for output in outputs}) == 1
    (folder,) = [path for path in (exporting.store().root / "compact").iterdir() if path.is_dir()]
    assert store.is_whole(folder)
