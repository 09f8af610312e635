"""A board on which the agent is installed, and a node whose models are names, which it changes in this process."""

from pathlib import Path

import pytest

from devices.agent import capabilities
from devices.agent.home.model_change import ModelChange
from tests.agent.installed_board import Board
from tests.agent.model_board import Answering, again, join


@pytest.fixture
def board(tmp_path: Path) -> Board:
    board = Board(tmp_path)
    (tmp_path / "photos of mine").mkdir()
    first = board.install("--code", "ABCDEFGH", "--photos", str(tmp_path / "photos of mine"), ISTHMUS_UPLOADS="0.0.0.0:8765")
    assert first.returncode == 0, first.stderr
    (board.prefix / "home" / "agent.json").write_text("{}")
    return board


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    capability = Answering()
    monkeypatch.setattr(capabilities, "find", lambda name: capability)
    return capability


@pytest.fixture
def joined_home(tmp_path: Path) -> Path:
    join(tmp_path)
    return tmp_path


@pytest.fixture
def restarts() -> list[str]:
    return []


@pytest.fixture
def change(joined_home: Path, answering: Answering, restarts: list[str]) -> ModelChange:
    return again(joined_home, restarts)
