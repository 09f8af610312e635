from pathlib import Path

import pytest

from tests.agent.installed_board import Board


@pytest.fixture
def board(tmp_path: Path) -> Board:
    board = Board(tmp_path)
    (tmp_path / "photos of mine").mkdir()
    first = board.install("--code", "ABCDEFGH", "--photos", str(tmp_path / "photos of mine"), ISTHMUS_UPLOADS="0.0.0.0:8765")
    assert first.returncode == 0, first.stderr
    (board.prefix / "home" / "agent.json").write_text("{}")
    return board
