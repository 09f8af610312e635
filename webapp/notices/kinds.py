"""The kinds of notices. A new kind is one value in KINDS; its sentences, whom it is for and how pages name it follow."""

from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext, gettext_noop

Level = Literal["info", "warning", "urgent"]
# `person`: whoever the notice names. `admins`: everybody who may manage nodes.
Audience = Literal["person", "admins"]


@dataclass(frozen=True)
class Kind:
    """`title` and `sentence` have placeholders `%(name)s`, which the values of a notice fill."""

    name: str  # stored and sent; never change it
    label: str  # in the list of rules
    title: str
    sentence: str
    level: Level
    audience: Audience
    # Kinds of one group contradict each other about the same subject, so a flapping subject is damped.
    group: str = ""
    # Personal channels that have it until a person says otherwise.
    channels: tuple[str, ...] = ("push",)

    # Values that are words of the catalogues themselves.
    words: tuple[str, ...] = ()

    def text(self, values: dict[str, Any]) -> tuple[str, str]:
        """Title and sentence in the active language. Raises KeyError where a value is missing."""
        values = {**values, **{name: gettext(values[name]) for name in self.words}}
        if reason := values.get("reason"):
            values = {**values, "reason": gettext(reason)}  # a sentence itself, which may have a translation
        return (gettext(self.title) % values, gettext(self.sentence) % values)


KINDS: list[Kind] = [
    Kind(
        "node.offline",
        gettext_noop("A node went offline"),
        gettext_noop("%(title)s is offline"),
        gettext_noop("No heartbeat from %(title)s for more than %(silent_s)s seconds. It gets no questions meanwhile."),
        "warning",
        "admins",
        "presence",
    ),
    Kind(
        "node.back",
        gettext_noop("A node came back"),
        gettext_noop("%(title)s is back online"),
        gettext_noop("%(title)s sends heartbeats again and gets questions again."),
        "info",
        "admins",
        "presence",
    ),
    Kind(
        "node.revoked",
        gettext_noop("The server revoked a node"),
        gettext_noop("The server revoked %(title)s"),
        gettext_noop("%(reason)s Add it again when the cause is fixed."),
        "urgent",
        "admins",
        channels=("push", "mail"),
    ),
    Kind(
        "agents.update_stopped",
        gettext_noop("An update of agents stopped"),
        gettext_noop("The update of agents to %(version)s has stopped"),
        gettext_noop("%(reason)s Nodes that still waited for it keep their agent until somebody updates them."),
        "warning",
        "admins",
        channels=("push", "mail"),
    ),
    Kind(
        "run.finished",
        gettext_noop("A training run finished"),
        gettext_noop("Run %(run)s has finished"),
        gettext_noop("Rounds completed: %(rounds)s. Its page has the model and every round."),
        "info",
        "person",
    ),
    Kind(
        "run.failed",
        gettext_noop("A training run failed"),
        gettext_noop("Run %(run)s has failed"),
        gettext_noop("%(reason)s"),
        "warning",
        "person",
    ),
    Kind(
        "disk.low",
        gettext_noop("The server's disk is nearly full"),
        gettext_noop("The server's disk is nearly full"),
        gettext_noop("%(free)s are free, %(percent)s %% of the disk. Make room, or shorten the periods of retention."),
        "urgent",
        "admins",
        channels=("push", "mail"),
    ),
    Kind(
        "backup.failed",
        gettext_noop("A scheduled backup failed"),
        gettext_noop("A scheduled backup failed"),
        gettext_noop("%(reason)s It is tried again every hour."),
        "urgent",
        "admins",
        channels=("push", "mail"),
    ),
    Kind(
        "budget.low",
        gettext_noop("The planner's daily budget is nearly spent"),
        gettext_noop("The planner's daily budget is nearly spent"),
        gettext_noop("%(spent)s of %(limit)s are spent today. After that, questions are planned offline until midnight."),
        "warning",
        "admins",
        channels=("push", "mail"),
    ),
    Kind(
        "allowance.low",
        gettext_noop("An allowance of yours is nearly used up"),
        gettext_noop("%(measure)s: nearly used up"),
        gettext_noop("%(holder)s has used %(used)s of %(limit)s. What exceeds it is refused, or planned offline."),
        "warning",
        "person",
        words=("measure",),
    ),
    Kind(
        "allowance.of_others_low",
        gettext_noop("Somebody's allowance is nearly used up"),
        gettext_noop("%(measure)s: nearly used up by %(holder)s"),
        gettext_noop("%(holder)s has used %(used)s of %(limit)s. An administrator can change how much that is."),
        "info",
        "admins",
        words=("measure",),
    ),
    Kind(
        "watch.raised",
        gettext_noop("A watch saw what it looks for"),
        gettext_noop("%(title)s on %(camera)s"),
        gettext_noop("%(node)s is %(percent)s %% sure. The page of watches has the event, and its picture on request."),
        "info",
        "person",
    ),
    Kind(
        "watch.camera",
        gettext_noop("A watched camera fails"),
        gettext_noop("The camera %(camera)s of %(node)s cannot be watched"),
        gettext_noop("%(reason)s Its watches wait until it works again."),
        "warning",
        "person",
    ),
]
# What the “send a test” buttons send. Nobody has rules about it.
TEST = Kind(
    "test",
    gettext_noop("A test"),
    gettext_noop("A test from Isthmus"),
    gettext_noop("Notifications arrive here."),
    "info",
    "person",
)


def by_name(name: str) -> Kind:
    """Raises KeyError for a kind that does not exist, or not in this version."""
    for kind in (*KINDS, TEST):
        if kind.name == name:
            return kind
    raise KeyError(name)


def group_of(kind: Kind) -> list[str]:
    """The names of the kinds that contradict it, itself included; empty for one that nothing contradicts."""
    return [other.name for other in KINDS if kind.group and other.group == kind.group]
