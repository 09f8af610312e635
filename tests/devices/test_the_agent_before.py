"""A board whose agent has not been updated goes on answering after the server was."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from bench.harness.processes import wait_for
from bench.harness.stack import ROOT, Stack
from devices.agent_wheel import sources

NAME, CHANGES_AGO = "agent-before", 6
READY_S = 240  # it may export and load models on a busy machine
FOLDERS = ("devices/__init__.py", "devices/agent", "devices/compute", "devices/contract", "inference/__init__.py",
           "inference/engine", "inference/stages", "federation/__init__.py", "federation/app", "federation/node")  # fmt: skip


def git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False).stdout


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The agent's code as it was some changes ago."""
    commit = git("log", "--format=%H", "-n", "1", f"--skip={CHANGES_AGO}", "--", "devices/agent").decode().strip()
    if not commit:
        pytest.skip("The history of this checkout does not reach back to an earlier agent.")
    folder = tmp_path / "agent"
    there = [name for name in FOLDERS if git("ls-tree", commit, name)]
    with tarfile.open(fileobj=BytesIO(git("archive", "--format=tar", commit, *there))) as archive:
        archive.extractall(folder, filter="data")
    pairs = ((folder / file.relative_to(ROOT), file) for file in sources())
    changed = [new for old, new in pairs if old.exists() and old.read_bytes() != new.read_bytes()]
    assert len(changed) > 10, "it is another agent than today's"
    return folder


@pytest.fixture
def node(stack: Stack, earlier: Path, tmp_path: Path) -> Iterator[str]:
    """Joined with it, as a board does."""
    environment: dict[str, Any] = {**stack.env, "PYTHONPATH": str(earlier), "OMP_NUM_THREADS": "1"}
    which = "import devices.agent, inference.stages as s; print(devices.agent.__file__, s.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", which], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert all(path.startswith(f"{earlier}{os.sep}") for path in done.stdout.split())
    code = stack.manage("enrol", "--name", NAME, "--tier", "device", "--preapproved").stdout.strip()
    command = ["-m", "devices.agent", "run", "--home", str(tmp_path / "home"), "--server", stack.url, "--code", code]
    with (tmp_path / "log").open("wb") as log:
        agent = subprocess.Popen([sys.executable, *command], cwd=tmp_path, env=environment, stdout=log, stderr=log)
        try:
            wait_for(lambda: answers(stack), READY_S, "the earlier agent did not get ready", every=1)
            yield NAME
        finally:
            agent.terminate()
            agent.wait(30)
            stack.shell(f"from devices.models import Node; Node.objects.filter(slug={NAME!r}).delete()")
            print((tmp_path / "log").read_text()[-3000:])  # shown where the test fails


def answers(stack: Stack) -> bool:
    return bool(stack.rows("SELECT 1 FROM devices_node WHERE slug = ? AND profile IS NOT NULL AND profile != 'null'", NAME))


@pytest.mark.long
@pytest.mark.timeout(900)
def test_it_answers_a_question(stack: Stack, node: str, photo_file: Path) -> None:
    status, result, error = stack.ask(photo_file, "What is in this photo?", "--node", node, "--route", "device")
    assert status == 0, error
    assert [(receipt["device"], receipt["route"]) for receipt in result["receipts"]] == [(node, "device")]
    assert result["answer"]
