"""How the agent of a node stands to the server's, for pages and scripts."""

from typing import Literal, TypedDict

from django.conf import settings

from devices import agent_wheel
from devices.contract.protocol import UPDATE
from devices.models import Node

State = Literal["current", "newer", "available", "waiting", "updating", "failed", "manual", "unknown"]


class AgentUpdateData(TypedDict):
    """`state`: `current` (the server's), `newer` (than that), `available`, `waiting` (for its turn),
    `updating`, `failed` (it went back), `manual` (another one, which only the installer replaces), `unknown`. `why`: a sentence
    of the node, mostly empty."""

    state: State
    why: str
    version: str


def of(node: Node) -> AgentUpdateData:
    update, own = node.agent_update, node.versions.get("wheel")
    if not own:
        return {
            "state": "manual" if node.versions.get("agent") else "unknown",
            "why": update.get("obstacle", ""),
            "version": "",
        }
    wheel = agent_wheel.known()
    if wheel is None:
        return {"state": "unknown", "why": "", "version": ""}
    failed = update.get("failed", {}).get(wheel.digest, "")
    state: State = "manual"
    if own == wheel.digest:
        state = "current"
    elif agent_wheel.is_earlier(wheel, node.versions.get("agent")):
        state = "newer"
    elif failed:
        state = "failed"
    elif UPDATE in node.abilities and settings.AGENT_UPDATES != "off":
        state = "updating" if "offered" in update else "waiting" if "rollout" in update else "available"
    return {"state": state, "why": failed if state == "failed" else update.get("note", ""), "version": wheel.version}
