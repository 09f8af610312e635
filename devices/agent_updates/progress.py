"""How far an update of agents is, for administrators."""

from typing import TypedDict

from django.utils import timezone

from devices.models import AgentRollout, Node
from devices.telemetry import presence


class RolloutData(TypedDict):
    """`done` of the `nodes` have the agent; `away` of them follow when they are back."""

    version: str
    done: int
    nodes: int
    away: int


def under_way() -> RolloutData | None:
    rollout = AgentRollout.objects.filter(ended=None).first()
    if rollout is None:
        return None
    now = timezone.now()
    nodes = list(Node.objects.filter(agent_update__rollout=rollout.pk, revoked_at=None))
    left = [node for node in nodes if node.versions.get("wheel") != rollout.digest]
    away = sum("offered" not in node.agent_update and presence.state(node, now) in ("offline", "unseen") for node in left)
    return {"version": rollout.version, "done": len(nodes) - len(left), "nodes": len(nodes), "away": away}
