"""Updating the agent of a node from the server: what is offered, and what the node says of it.

An offer is signed like a list of models: with the SHA-256 of the node's bearer token, which is all that the server stores of
it. So an offer from a cache, from another server or for another node is refused. Whoever can read the connection has the token
too; against them only TLS helps.
"""

import hashlib
import hmac
import json
from typing import Annotated

from pydantic import Field

from devices.contract.values import STORABLE, Received, Sent

MOST_BYTES = 64 << 20  # of a wheel
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  # SHA-256 of the whole file
Why = Annotated[str, Field(max_length=300, pattern=STORABLE)]
Request = Annotated[int, Field(ge=0, le=1_000_000)]


class AgentWheel(Received):
    """The wheel to update to. `name`: its file name, which pip wants; `size` in bytes. `request`: grows when a person asks
    again for what has failed. `signature`: hex."""

    digest: Digest
    size: Annotated[int, Field(gt=0)]
    name: Annotated[str, Field(pattern=r"^isthmus_agent-[0-9A-Za-z.+!]{1,60}-py3-none-any\.whl$")]
    request: Request = 0
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @property
    def version(self) -> str:
        return self.name.split("-")[1]


class UpdateState(Sent):
    """What an agent does about an update, or how its last one ended. `digest`, `request`: of the offer; empty: of none. `note`:
    what it does now. `failed`: why it stays with the agent that it has. `obstacle`: why this node never updates itself."""

    digest: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    request: Request = 0
    note: Why = ""
    failed: Why = ""
    obstacle: Why = ""


def signature(digest: str, size: int, name: str, request: int, token_sha256: str) -> str:
    """Of an offer, for the node with that token."""
    text = json.dumps(["agent wheel", digest, size, name, request])
    return hmac.new(token_sha256.encode(), text.encode(), "sha256").hexdigest()


def is_signed(offer: AgentWheel, token: str) -> bool:
    """Whether it comes from the server that this node has joined."""
    key = hashlib.sha256(token.encode()).hexdigest()
    return hmac.compare_digest(signature(offer.digest, offer.size, offer.name, offer.request, key), offer.signature)
