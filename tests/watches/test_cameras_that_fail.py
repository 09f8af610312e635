"""A camera that vanishes, flaps or shows noise is an event of its own kind and costs nothing else."""

import pytest

from tests.watches.board import Board
from tests.watches.scenes import jpeg, static, yard


def test_a_camera_that_vanishes_is_an_event_of_its_own_and_costs_no_look(board: Board) -> None:
    board.empty(3)
    (board.folder / "now.jpg").unlink()
    board.sees(None, times=10)
    assert board.kinds == ["camera_lost"] and board.eye.looks == 1
    assert "holds no photo" in board.events[0].seen
    board.empty(5)
    assert board.kinds == ["camera_lost", "camera_back"]
    board.visited(3)
    assert board.kinds[-1] == "raised"


def test_a_camera_that_flaps_is_said_to_be_unsteady_and_then_nothing_more(board: Board) -> None:
    board.empty(3)
    for _ in range(10):
        (board.folder / "now.jpg").unlink()
        board.sees(None, times=4)
        board.empty(4)
    assert board.kinds == ["camera_lost", "camera_back", "camera_lost", "camera_back", "camera_unsteady"]
    board.empty(310)
    assert board.kinds[-1] == "camera_back" and len(board.kinds) == 6


@pytest.mark.parametrize("broken", [b"", b"\xff\xd8 no picture", jpeg(yard())[:2000]])
def test_a_camera_that_sends_no_picture_is_lost(board: Board, broken: bytes) -> None:
    board.empty(2)
    board.sees(broken, times=4)
    assert board.kinds == ["camera_lost"]


def test_a_camera_that_shows_noise_is_an_event_and_costs_no_look(board: Board) -> None:
    board.empty(3)
    for _ in range(10):
        board.sees(static())
    assert board.kinds == ["camera_noise"] and board.eye.looks == 1
    board.empty(4)
    assert board.kinds == ["camera_noise", "camera_back"]


def test_a_camera_in_the_dark_is_an_event_after_a_while_and_costs_no_look(board: Board) -> None:
    board.empty(3)
    black = yard(light=0.02, grain=1.0)
    board.sees(black, times=8)
    board.empty(5)
    assert board.kinds == []  # somebody switched the light off and on
    looks = board.eye.looks
    board.sees(black, times=20)
    assert board.kinds == ["camera_dark"] and board.eye.looks == looks
    board.empty(4)
    assert board.kinds == ["camera_dark", "camera_back"]
