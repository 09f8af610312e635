"""What the installer leaves behind: the command `isthmus-agent`, and an account that may use the GPU."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.agent.installed_board import RELEASES, STAND_INS, Board, is_possible

pytestmark = pytest.mark.skipif(not is_possible(), reason="needs a mount namespace and /etc/systemd/system")


def test_doctor_is_run_with_the_settings_of_the_service(board: Board) -> None:
    """Otherwise it would try other engines than the agent does."""
    with (board.prefix / "agent.env").open("a") as file:
        file.write('# of mine\nISTHMUS_DEVICE="cpu"\n')
    (board.prefix / "venv/bin/python").write_text('#!/bin/sh\necho "$ISTHMUS_DEVICE, $*"\n')
    environment = {"PATH": f"{board.folder / 'bin'}:/usr/bin:/bin"}
    (board.folder / "bin" / "id").write_text("#!/bin/sh\necho root\n")
    wrapper = ["sh", str(board.folder / "local" / "isthmus-agent"), "doctor"]
    done = subprocess.run(wrapper, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"cpu, -m devices.agent.update.launcher --home {board.prefix}/home doctor\n"


def test_on_a_jetson_the_agent_may_use_the_gpu(tmp_path: Path, board: Board) -> None:
    assert "usermod" not in board.log.read_text()
    shutil.copytree(RELEASES / "jetpack-7.1", board.root, dirs_exist_ok=True)
    (board.folder / "bin" / "python3").write_text(STAND_INS["python3"].replace("3.11", "3.12"))
    (board.root / "usr/bin").mkdir(parents=True, exist_ok=True)
    shutil.copy(board.folder / "bin" / "python3", board.root / "usr/bin/python3.12")
    done = board.install("--code", "ABCDEFGH")
    assert done.returncode == 0, done.stderr
    assert [line for line in board.log.read_text().splitlines() if line.startswith("usermod")] == ["usermod -aG video isthmus"]
