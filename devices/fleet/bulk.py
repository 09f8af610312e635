"""The same action on several nodes: each is done or refused by itself, and the answer says which."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypedDict

from django.utils.translation import gettext_noop

from devices.agent_updates import rollouts
from devices.fleet import tags, wishes
from devices.models import Node
from devices.registry import enrolment, rotation
from webapp.languages import errors as translated
from webapp.live.errors import UserError, not_found

MOST = 200  # nodes of one request


@dataclass(frozen=True)
class Action:
    """`consequence` is what pages say before, with %(nodes)s and, where it `takes_tag`, %(tag)s."""

    name: str
    label: str
    consequence: str
    do: Callable[[str, str], object]  # slug and tag; raises UserError
    takes_tag: bool = False
    ends_access: bool = False


class Refusal(TypedDict):
    node: str
    code: str
    message: str
    next: str


class Outcome(TypedDict):
    done: list[str]
    refused: list[Refusal]


ACTIONS: tuple[Action, ...] = (
    Action(
        "tag", gettext_noop("Tag"), gettext_noop("Add a tag."), lambda slug, tag: tags.add(_node(slug), tag), takes_tag=True
    ),
    Action(
        "untag",
        gettext_noop("Remove tag"),
        gettext_noop("Remove a tag."),
        lambda slug, tag: tags.remove(_node(slug), tag),
        takes_tag=True,
    ),
    Action(
        "restart",
        gettext_noop("Restart agent"),
        gettext_noop("Their agents restart within seconds. Jobs that take longer are lost and asked elsewhere."),
        lambda slug, tag: wishes.restart(slug),
    ),
    Action(
        "update",
        gettext_noop("Update agent"),
        gettext_noop("One of them gets the server's agent first, the others once it works; the first failure stops it."),
        lambda slug, tag: rollouts.begin(slug),
    ),
    Action(
        "rotate",
        gettext_noop("Rotate credentials"),
        gettext_noop("They get new credentials and restart their agents within seconds. Jobs that run then are lost."),
        lambda slug, tag: rotation.rotate(slug),
    ),
    Action(
        "revoke",
        gettext_noop("Revoke"),
        gettext_noop("They lose access immediately. To use them again, let each join with a new code."),
        lambda slug, tag: enrolment.revoke(slug),
        ends_access=True,
    ),
)
BY_NAME = {action.name: action for action in ACTIONS}


def run(name: str, slugs: Iterable[str], tag: str = "") -> Outcome:
    """Raises UserError for what is wrong about the request as a whole; nothing is done then."""
    action, chosen = BY_NAME.get(name), list(dict.fromkeys(slugs))
    if action is None:
        raise UserError("unknown_action", f"Unknown action “{name[:20]}”.", f"Use one of {', '.join(BY_NAME)}.", 422)
    if not 1 <= len(chosen) <= MOST:
        raise UserError("bad_number", f"Name 1 to {MOST} nodes.", "Send more of them in several requests.", 422)
    word = tags.checked(tag) if action.takes_tag else ""
    outcome: Outcome = {"done": [], "refused": []}
    for slug in chosen:
        try:
            action.do(slug, word)
        except UserError as error:
            outcome["refused"].append({"node": slug, **translated.body(error)})
        else:
            outcome["done"].append(slug)
    return outcome


def _node(slug: str) -> Node:
    node = Node.objects.filter(slug=slug, revoked_at=None).first()
    if node is None:
        raise not_found("node")
    return node
