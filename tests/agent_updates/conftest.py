"""Nodes that joined like real boards."""

from tests.devices.conftest import _clean as _clean
from tests.devices.conftest import board as board
from tests.devices.conftest import joined as joined
