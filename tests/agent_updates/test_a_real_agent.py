"""A real agent, a real server and wheels of the same sources with a higher version: one works and stays, one is taken back."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from bench.harness.processes import wait_for
from devices import agent_wheel
from devices.agent import VERSION, config
from devices.agent.update import releases
from devices.agent.update.releases import Releases
from devices.agent_updates import records, rollouts
from devices.models import AgentRollout, Node
from inference.engine.bundles.store import Store
from tests.agent_updates.board import INSTALLED, ROOT, home_with
from tests.devices.conftest import Board
from webapp.accounts.models import AuditEntry

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(400),
    pytest.mark.django_db(transaction=True),
]
NAME, NEXT, START_S = "jetson-a", f"{VERSION}.post1", 150.0
LAUNCH = """
import sys
from devices.agent.update import launcher
sys.exit(launcher.main(sys.argv[1:], lambda home, command: launcher.Launcher(home, command, trial_s=40.0)))
"""
Build = Callable[[str, str], None]


@pytest.fixture
def serve_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Have the server offer an agent of a higher version, with one line of its program replaced."""

    def build(line: str, replacement: str) -> None:
        tree = tmp_path / "tree"
        for file in agent_wheel.sources():
            target = tree / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        package = tree / "devices/agent"
        for file, before, after in (
            (package / "__init__.py", f'VERSION = "{VERSION}"', f'VERSION = "{NEXT}"'),
            (package / "__main__.py", line, replacement),
        ):
            assert before in file.read_text()
            file.write_text(file.read_text().replace(before, after, 1))
        with monkeypatch.context() as other:
            other.setattr(agent_wheel, "PROJECT", package)
            wheel = agent_wheel.build(tmp_path / "wheel")
        data = wheel.read_bytes()
        identity = agent_wheel.Wheel(wheel.name, NEXT, hashlib.sha256(data).hexdigest(), len(data))
        monkeypatch.setattr(agent_wheel, "wheel", lambda: wheel)
        for name in ("identity", "known"):
            monkeypatch.setattr(agent_wheel, name, lambda: identity)

    return build


@pytest.fixture
def home(board: Callable[..., Board], live_server: Any, tmp_path: Path, bundles: Store, settings: Any) -> Iterator[Path]:
    """Of a node whose agent runs, as its service starts it; the server has the models that it answers with."""
    settings.BUNDLES_DIR = bundles.root
    home = home_with(tmp_path, Releases(installed=INSTALLED))
    config.save(home, replace(board(NAME).config(), server=live_server.url))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "ISTHMUS_TRAINING_LANE": "off",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-c", LAUNCH, "--home", str(home), "run"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd="/", env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for(lambda: wheel_of_node() == INSTALLED, START_S, "the installed agent did not report", every=0.5)
            yield home
        finally:
            process.terminate()
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            print((tmp_path / "log").read_text(errors="replace")[-4000:])  # shown where the test fails


def wheel_of_node() -> str:
    return str(Node.objects.get(slug=NAME).versions.get("wheel"))


def state_of(home: Path) -> Releases:
    state = releases.read(home)
    assert state is not None
    return state


def until(condition: Callable[[], bool], what: str) -> None:
    def holds() -> bool:
        rollouts.advance(timezone.now())
        return condition()

    wait_for(holds, START_S, what, every=0.5)


def test_it_updates_itself_and_the_new_one_stays(home: Path, serve_wheel: Build) -> None:
    serve_wheel("FIRST_ANSWER_S = 5.0", "FIRST_ANSWER_S = 4.0")
    digest = agent_wheel.identity().digest
    rollouts.begin(NAME)
    until(lambda: wheel_of_node() == digest, "the new agent did not report")
    assert Node.objects.get(slug=NAME).versions["agent"] == NEXT
    until(lambda: state_of(home).current == digest, "the new agent was not adopted")
    assert Node.objects.get(slug=NAME).profile, "it has loaded its models"
    assert state_of(home) == Releases(installed=INSTALLED, current=digest)
    assert rollouts.for_node(Node.objects.get(slug=NAME)) is None, "it has what the server has"


def test_one_that_crashes_is_taken_back_and_not_offered_again(home: Path, serve_wheel: Build) -> None:
    serve_wheel("        node = join.ready(home, server, code)", "        sys.exit(9)")
    digest = agent_wheel.identity().digest
    rollouts.begin(NAME)
    until(lambda: bool(records.failure(Node.objects.get(slug=NAME), digest)), "the failure was not reported")
    node, why = Node.objects.get(slug=NAME), "It ended 3 times before it worked, with status 9."
    assert (records.failure(node, digest), node.versions["wheel"], node.versions["agent"]) == (why, INSTALLED, VERSION)
    assert state_of(home) == Releases(installed=INSTALLED, failed=digest, why=why)
    until(lambda: AgentRollout.objects.get().ended is not None, "it is not over")
    assert AgentRollout.objects.get().stopped_because == f"{NAME}: {why}"
    assert rollouts.for_node(node) is None
    assert AuditEntry.objects.get(name=NAME, action="agent update failed").detail == why
