"""What the devices page shows: one page of the nodes that somebody looks for, and what there is to choose from."""

from typing import TypedDict

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext

from devices.agent_updates import progress
from devices.camera_access import rules
from devices.fleet import bulk, finding
from devices.telemetry import presence
from devices.telemetry.presence import NodeData

SHOWN = 24  # nodes of one page
FIELDS = ("search", "tier", "state", "engine", "models")


class Listing(TypedDict):
    """`page` counts from 1. `matching` has the slugs of all nodes that were found, where the address asks for them."""

    nodes: list[NodeData]
    found: int
    page: int
    pages: int
    facets: finding.Facets
    matching: list[str] | None
    rollout: progress.RolloutData | None


class ActionData(TypedDict):
    name: str
    label: str
    consequence: str
    takes_tag: bool
    ends_access: bool


def search_of(query: QueryDict) -> finding.Search:
    """From the address of the page."""
    words, tier, state, engine, models = (query.get(name, "").strip()[:100] for name in FIELDS)
    tags = tuple(tag for tag in query.getlist("tag")[:10] if tag)
    return finding.Search(words, tags, tier, state, engine, models)


def listing(query: QueryDict, person: int | None) -> Listing:
    now, access = timezone.now(), rules.read()
    rows = finding.rows(search_of(query), now)
    found = rows.count()
    pages = max(1, -(-found // SHOWN))
    number = min(_number(query.get("page", "1")), pages)
    shown = rows[(number - 1) * SHOWN : number * SHOWN]
    return {
        "nodes": [access.shown(person, node) for node in presence.all_as_json(shown)],
        "found": found,
        "page": number,
        "pages": pages,
        "facets": finding.facets(now),
        "matching": list(rows.values_list("slug", flat=True)) if "matching" in query else None,
        "rollout": progress.under_way(),
    }


def actions() -> list[ActionData]:
    """In the language of the page."""
    return [
        {
            "name": action.name,
            "label": gettext(action.label),
            "consequence": gettext(action.consequence),
            "takes_tag": action.takes_tag,
            "ends_access": action.ends_access,
        }
        for action in bulk.ACTIONS
    ]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) else 1
