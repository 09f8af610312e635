"""Nodes that joined like real boards."""

from tests.agent_updates.fleet import admin as admin
from tests.agent_updates.fleet import boards as boards
from tests.devices.conftest import _clean as _clean
from tests.devices.conftest import board as board
from tests.devices.conftest import joined as joined
