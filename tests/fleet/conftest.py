"""Nodes that joined like real boards, online, with agents that can be asked for things."""

from tests.devices.conftest import _clean as _clean
from tests.devices.conftest import board as board
from tests.devices.conftest import joined as joined
