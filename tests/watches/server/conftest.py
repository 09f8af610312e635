"""A device that joined and has cameras, and a person who watches them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from inference.watches.events import telling
from tests.devices import conftest as devices
from tests.devices.conftest import Board

_clean, joined, board = devices._clean, devices.joined, devices.board


@pytest.fixture
def device(board: Callable[..., Board], owner: Any) -> Board:
    device = board()
    device.beat(hardware={"cameras": [{"name": "porch"}, {"name": "yard"}]}, watches="")
    return device


@pytest.fixture
def client(client_of: Callable[[Any], Any], owner: Any) -> Any:
    return client_of(owner)


@pytest.fixture
def tellings() -> Iterator[list[telling.Telling]]:
    list_of: list[telling.Telling] = []
    telling.register(list_of.append)
    yield list_of
    telling.register(lambda told: None)
