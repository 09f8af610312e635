"""How the agent of a node stands to the server's, for pages and scripts."""

from typing import Literal, TypedDict

from django.conf import settings

from devices import agent_wheel
from devices.contract.protocol import UPDATE
from devices.models import AgentRollout, Node

State = Literal["current", "available", "waiting", "updating", "failed", "manual", "unknown"]


class AgentUpdateData(TypedDict):
    """`state`: `current` (the server's), `available`, `waiting` (for its turn), `updating`, `failed` (it went back), `manual`
    (another one, which only the installer replaces), `unknown`. `why`: a sentence of the node, mostly empty."""

    state: State
    why: str
    version: str


class RolloutData(TypedDict):
    """What is under way, for administrators."""

    version: str
    done: int
    nodes: int


def under_way() -> RolloutData | None:
    rollout = AgentRollout.objects.filter(ended=None).first()
    if rollout is None:
        return None
    nodes = list(Node.objects.filter(agent_update__rollout=rollout.pk, revoked_at=None))
    done = sum(node.versions.get("wheel") == rollout.digest for node in nodes)
    return {"version": rollout.version, "done": done, "nodes": len(nodes)}


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
    elif failed:
        state = "failed"
    elif UPDATE in node.abilities and settings.AGENT_UPDATES != "off":
        state = "updating" if "offered" in update else "waiting" if "rollout" in update else "available"
    return {"state": state, "why": failed if state == "failed" else update.get("note", ""), "version": wheel.version}
