"""Updating the agent of a node from the server: what is offered, and what the node says of it."""

from typing import Annotated

from pydantic import Field

from devices.contract.values import STORABLE, Received, Sent

MOST_BYTES = 64 << 20  # of a wheel
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  # SHA-256 of the whole file
Why = Annotated[str, Field(max_length=300, pattern=STORABLE)]


class AgentWheel(Received):
    """The wheel to update to. `name`: its file name, which pip wants; `size` in bytes."""

    digest: Digest
    size: Annotated[int, Field(gt=0)]
    name: Annotated[str, Field(pattern=r"^isthmus_agent-[0-9A-Za-z.+!]{1,60}-py3-none-any\.whl$")]


class UpdateState(Sent):
    """What an agent does about an update, or how its last one ended. `digest`: of the offered wheel; empty: of none. `note`:
    what it does now. `failed`: why it stays with the agent that it has. `obstacle`: why this node never updates itself."""

    digest: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    note: Why = ""
    failed: Why = ""
    obstacle: Why = ""
