"""Who is offered the update next: one node first, the others once it has worked for a while, nobody after a failure. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

State = Literal["waiting", "offered", "updated", "failed"]


@dataclass(frozen=True)
class Member:
    """A node of a rollout. `healthy_s`: for how long it has worked with the new agent. `why`: it failed."""

    slug: str
    state: State
    reachable: bool = True
    healthy_s: float = 0.0
    why: str = ""


class Verdict(NamedTuple):
    """`offer`: those whose turn it is now. `is_over`: nothing is left to do; with `why` it was stopped."""

    offer: tuple[str, ...] = ()
    is_over: bool = False
    why: str = ""


def decide(members: Sequence[Member], wait_s: float) -> Verdict:
    """`members` in the order in which they are to be updated."""
    failure = next((member for member in members if member.state == "failed"), None)
    if failure is not None:
        return Verdict(is_over=True, why=f"{failure.slug}: {failure.why}")
    waiting = [member for member in members if member.state == "waiting"]
    if all(member.state == "updated" for member in members):
        return Verdict(is_over=True)
    if len(waiting) == len(members):
        return Verdict(tuple(member.slug for member in waiting if member.reachable)[:1])
    if any(member.state == "updated" and member.healthy_s >= wait_s for member in members):
        return Verdict(tuple(member.slug for member in waiting))
    return Verdict()
