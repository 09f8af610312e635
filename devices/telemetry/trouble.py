"""Why a node that could be reached is not used, in one sentence for pages, scripts and the command line."""

import re
from datetime import datetime

from devices.contract.protocol import OLDEST_AGENT, PROTOCOL, is_supported, supported
from devices.models import Node


def of(node: Node, now: datetime) -> str:
    """Empty where nothing is wrong."""
    if node.revoked_at is not None:
        return node.revoked_because
    version = node.versions.get("agent")
    if outdated(version):
        return f"Its agent (version {version}) is too old for this server: run the installer on it again."
    if not is_supported(spoken := protocol(node)):
        remedy = "update the server" if spoken > PROTOCOL else "run the installer on it again"
        return f"Its agent speaks protocol {spoken}, and this server {supported()}: {remedy}."
    return rest(node, now)


def outdated(version: object) -> bool:
    """Whether an agent of this version cannot work any more. One that does not say its version is believed to be new."""
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", str(version or ""))
    return numbers is not None and tuple(map(int, numbers.groups())) < OLDEST_AGENT


def protocol(node: Node) -> int:
    """What its agent speaks. One that has not said so yet is believed to be of this version."""
    reported = node.versions.get("protocol") or (node.profile or {}).get("protocol")
    return reported if isinstance(reported, int) else PROTOCOL


def rest(node: Node, now: datetime) -> str:
    """Why it gets no jobs for a while; empty where it does."""
    if node.rests_until is None or node.rests_until <= now:
        return ""
    left = (node.rests_until - now).total_seconds()
    span = f"{left:.0f} s" if left < 90 else f"{left / 60:.0f} min"
    rest = f"After {node.failures} failures in a row it gets no questions for {span}; then one tries it again."
    return f"{node.rests_because} {rest}"
