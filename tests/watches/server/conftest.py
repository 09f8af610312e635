"""A device that joined and has cameras, and a person who watches them."""

from collections.abc import Callable
from typing import Any

import pytest

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
def notices(db: None) -> Callable[[], list[Any]]:
    """What was told, the oldest first."""
    from webapp.notices.models import Notice

    return lambda: list(Notice.objects.order_by("pk"))
