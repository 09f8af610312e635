"""Who is offered the update next: one node first, then three times as many as have it, wave by wave. A wave follows once the
one before has worked for a while; after a failure nobody follows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

State = Literal["waiting", "offered", "updated", "failed"]
GROWTH = 3  # of a wave, over all that have the update: so no failure is that of more than three in four


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
    """`members` in the order in which they are to be updated. Who cannot be reached waits: it would seem to fail."""
    failure = next((member for member in members if member.state == "failed"), None)
    if failure is not None:
        return Verdict(is_over=True, why=f"{failure.slug}: {failure.why}")
    updated = [member for member in members if member.state == "updated"]
    if len(updated) == len(members):
        return Verdict(is_over=True)
    if any(member.state == "offered" for member in members) or any(member.healthy_s < wait_s for member in updated):
        return Verdict()
    here = [member.slug for member in members if member.state == "waiting" and member.reachable]
    return Verdict(tuple(here[: GROWTH * len(updated) or 1]))
