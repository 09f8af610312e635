"""An agent as a process of its own, and a real server: it changes to what the server exports while it goes on answering."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection

from bench.harness.processes import wait_for
from devices import dispatch, model_choice
from devices.agent import config
from devices.contract.jobs import RunWhole
from devices.models import Node
from devices.telemetry import presence
from inference.bundles import exporting, failures
from inference.engine.bundles import reference
from inference.engine.bundles.store import MANIFEST, Store, manifest
from tests.bundles.server import FIRST, SECOND
from tests.conftest import draw_photo
from tests.devices.conftest import Board, board, joined

__all__ = ["board", "joined"]
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("api")]
ROOT = Path(__file__).resolve().parents[2]
NAME, START_S = "jetson-a", 90.0


class Agent:
    """Of a node that computes with ONNX Runtime."""

    def __init__(self, home: Path, wrapper: Sequence[str] = ()) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "ISTHMUS_BUNDLES"}
        settings = {"ISTHMUS_ENGINE": "onnx", "ISTHMUS_TRAINING_LANE": "off", "OMP_NUM_THREADS": "1"}
        command = [*wrapper, sys.executable, "-m", "devices.agent", "run", "--home", str(home)]
        self.home, self.bundles = home, Store(home / "bundles")
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment | settings)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@dataclass
class Models:
    """Those of the server: `newest` is what its weights would be exported to."""

    newest: str = FIRST

    def publish(self, source: Path, digest: str, change: Callable[[Path], None] = lambda folder: None) -> None:
        """Export them anew: a copy of a bundle in which something is different."""
        store = exporting.store()
        folder = store.folder("compact", digest)
        shutil.copytree(source, folder)
        change(folder)
        (folder / MANIFEST).write_text(json.dumps(manifest("compact", digest, folder)))
        store.use("compact", digest)
        self.newest = digest
        model_choice.exported("compact", digest)


@pytest.fixture
def models(bundles: Store, api: None, monkeypatch: pytest.MonkeyPatch) -> Models:
    own, source = Models(), bundles.current("compact")
    for module in (exporting, failures):
        monkeypatch.setattr(module, "made_from", lambda profile: own.newest if profile.name == "compact" else "0" * 16)
    assert source is not None
    own.publish(source, FIRST)
    return own


@pytest.fixture
def home(board: Callable[..., Board], live_server: Any, tmp_path: Path) -> Path:
    config.save(tmp_path / "home", replace(board(NAME).config(), server=live_server.url))
    return tmp_path / "home"


@pytest.fixture
def agent(home: Path, models: Models) -> Iterator[Agent]:
    running = Agent(home)
    yield running
    running.kill()


def node() -> Node:
    return Node.objects.get(slug=NAME)


def bundle() -> str:
    """The digest that the node has reported; empty while it loads."""
    return str((node().profile or {}).get("bundle", ""))


def wait_until(condition: Callable[[], bool], what: str) -> None:
    wait_for(condition, START_S, what, every=0.1)


def answer() -> str:
    dispatch.put_blob(NAME, "photo", draw_photo(3))
    return dispatch.call(NAME, RunWhole(task="classify", question=None, blob="photo"), deadline_s=30).answer.text


class Questions:
    """Asked one after the other, in a thread, as long as the block lasts."""

    def __enter__(self) -> "Questions":
        self.answers, self.longest_s, self._ends = list[str](), 0.0, threading.Event()
        self.failures = list[BaseException]()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()
        return self

    def _ask(self) -> None:
        while not self._ends.is_set():
            started = time.monotonic()
            try:
                self.answers.append(answer())
            except (dispatch.NodeGone, dispatch.StageFailed) as error:
                self.failures.append(error)
            self.longest_s = max(self.longest_s, time.monotonic() - started)
        connection.close()

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()


def another_card(folder: Path) -> None:
    (folder / "card.json").write_text((folder / "card.json").read_text() + "\n")


def wrong_reference(folder: Path) -> None:
    """As if this machine computed something else than the server."""
    with np.load(folder / reference.FILE) as stored:
        values = {name: stored[name] for name in stored.files}
    np.savez(folder / reference.FILE, **{**values, "classify.tokens": 1.5 * values["classify.tokens"]})


@pytest.mark.long
def test_it_changes_to_a_newer_export_without_a_moment_in_which_it_cannot_answer(agent: Agent, models: Models) -> None:
    wait_until(lambda: bundle() == FIRST, "the node is not ready")
    first, boot, profiles = agent.bundles.current("compact"), node().boot, set[bool]()
    assert first is not None
    with Questions() as questions:
        wait_until(lambda: len(questions.answers) > 3, "no answers")
        models.publish(first, SECOND, another_card)

        def has_changed() -> bool:
            profiles.add(bool(node().profile))
            return bundle() == SECOND

        wait_until(has_changed, "the node does not change")
        before = len(questions.answers)
        wait_until(lambda: len(questions.answers) > before + 3, "no answers afterwards")
    print(f"{len(questions.answers)} answers, the longest after {questions.longest_s:.2f} s")
    assert not questions.failures and len(set(questions.answers)) == 1
    assert profiles == {True} and node().boot == boot, "it was never without models"
    assert agent.bundles.current("compact") == agent.bundles.folder("compact", SECOND)
    assert first.is_dir(), "the generation before stays"
    assert presence.as_json(node())["refused_models"] == ""


@pytest.mark.long
def test_it_keeps_what_it_has_where_an_export_does_not_agree_and_where_others_cannot_be_exported(
    agent: Agent, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_until(lambda: bundle() == FIRST, "the node is not ready")
    first = agent.bundles.current("compact")
    assert first is not None
    models.publish(first, SECOND, wrong_reference)
    wait_until(lambda: bool(presence.refused_models(node())), "the node does not refuse it")
    assert "onnx: Its classify.tokens differ from the reference by 33 % (0.2 % is allowed)." in presence.refused_models(node())
    assert bundle() == FIRST and agent.bundles.current("compact") == first and answer()
    monkeypatch.setattr(exporting.catalogue, "missing", lambda profile: [])
    failures.record("paper", "The disk is full.")
    model_choice.choose("paper")
    assert presence.refused_models(node()) == "", "of the choice before"
    with Questions() as questions:
        wait_until(lambda: bool(presence.refused_models(node())), "the node does not refuse them")
    assert presence.refused_models(node()).startswith("The server could not export the paper models: The disk is full.")
    assert not questions.failures and node().profile["name"] == "compact" and answer()
    assert config.load(agent.home).profile == "compact"


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs a mount namespace")
def test_where_memory_does_not_hold_both_it_says_so_and_starts_over_with_the_newer(
    home: Path, models: Models, tmp_path: Path
) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 4000000 kB\nMemAvailable: 200000 kB\n")
    wrapper = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /proc/meminfo && exec "$@"', str(tmp_path / "meminfo")]
    agent, notes = Agent(home, wrapper), set[str]()
    try:
        wait_until(lambda: bundle() == FIRST, "the node is not ready")
        first, boot = agent.bundles.current("compact"), node().boot
        assert first is not None
        models.publish(first, SECOND, another_card)

        def has_changed() -> bool:
            notes.add(presence.changing_models(node()))
            return bundle() == SECOND

        wait_until(has_changed, "the node does not change")
        assert "Its memory holds one set of models: it answers again once the compact models are loaded." in notes
        assert node().boot != boot and answer() and agent.bundles.current("compact") != first
    finally:
        agent.kill()


@pytest.mark.long
def test_without_its_server_it_starts_with_what_it_has(agent: Agent, models: Models, home: Path) -> None:
    wait_until(lambda: bundle() == FIRST, "the node is not ready")
    agent.kill()
    Node.objects.update(profile=None)
    shutil.rmtree(exporting.store().root / "compact")
    again = Agent(home)
    try:
        wait_until(lambda: bundle() == FIRST, "the node is not ready")
        assert answer()
    finally:
        again.kill()
