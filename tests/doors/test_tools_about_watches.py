"""Watches, their events and albums for assistants, through the `mcp` package's own client."""

from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from devices.models import Node
from inference.photos import albums
from inference.watches import lifecycle
from inference.watches.models import Event, Watch
from tests.doors.test_tools import Session, words_of
from tests.doors.test_tools import session as session
from webapp.accounts.models import ApiToken


def _world(owner: Any, colleague: Any) -> list[Event]:
    """A watch with two events, one of them from the day before yesterday; a draft and an album of somebody else."""
    Node.objects.create(slug="jetson-a", tier="device", hardware={"cameras": [{"name": "porch"}, {"name": "yard"}]})
    watch = lifecycle.create(owner, "jetson-a", "porch", "", {"looks_for": "dog"}, None)
    Watch.objects.create(owner=colleague, node="jetson-a", camera="yard", title="not mine")
    albums.create(owner.pk, "Kites")
    albums.create(colleague.pk, "Not mine")
    days = {"watch": watch, "node": "jetson-a", "camera": "porch", "kind": "raised"}
    return [
        Event.objects.create(**days, uid=str(number), number=number, at=timezone.now() - timedelta(days=2 * number))
        for number in (0, 1)
    ]


@pytest.fixture
async def events(owner: Any, colleague: Any, address: str) -> list[Event]:
    return await database_sync_to_async(_world)(owner, colleague)


async def test_watches_events_and_albums_are_listed(session: Session, events: list[Event]) -> None:
    since = (timezone.now() - timedelta(days=1)).isoformat()
    async with session() as client:
        watches = (await client.call_tool("list_watches")).structured_content
        everything = (await client.call_tool("list_watch_events", {"limit": 1})).structured_content
        late = (await client.call_tool("list_watch_events", {"since": since, "camera": "porch"})).structured_content
        none = (await client.call_tool("list_watch_events", {"verdict": "wrong"})).structured_content
        refused = await client.call_tool("list_watch_events", {"since": "yesterday"})
        mine = (await client.call_tool("list_albums")).structured_content
    assert [(item["title"], item["state"], item["camera"]) for item in watches["items"]] == [("dog", "on", "porch")]
    assert everything["total"] == 2 and [item["id"] for item in everything["items"]] == [events[0].pk]
    assert [item["id"] for item in late["items"]] == [events[0].pk] and none["total"] == 0
    assert refused.structured_content["error"]["code"] == "invalid_request"
    assert [(album["name"], album["photos"]) for album in mine["items"]] == [("Kites", 0)]


async def test_a_watch_is_drafted_and_not_started(session: Session, events: list[Event], address: str) -> None:
    async with session() as client:
        wish = {"looks_for": "cat", "camera": "jetson-a/yard", "per_second": 2, "title": "Our cat"}
        draft = (await client.call_tool("draft_watch", wish)).structured_content
        again = (await client.call_tool("draft_watch", {"question": "is the gate open?", "expected": "no"})).structured_content
        switched = await client.call_tool("draft_watch", {"looks_for": "cat", "state": "on"})
    row = await Watch.objects.aget(pk=draft["watch"])
    assert (row.state, row.node, row.camera, row.title) == ("draft", "jetson-a", "yard", "Our cat")
    assert (row.settings["looks_for"], row.settings["per_second"], row.settings["hits"]) == ("cat", 2, 2)
    assert draft["page"] == f"{address}/watches/{row.pk}/" and draft["state"] == again["state"] == "draft"
    assert again["camera"] == "porch" and again["settings"]["expected"] == "no"
    assert switched.structured_content["state"] == "draft"
    assert [watch.title async for watch in Watch.objects.filter(state="on", owner=row.owner_id)] == ["dog"]


async def test_a_watch_that_cannot_be_is_refused_in_a_sentence(
    session: Session, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "bad_watch": {},
        "unknown_thing": {"looks_for": "asdf qwer"},
        "no_camera": {"looks_for": "dog", "camera": "attic"},
        "no_model": {"looks_for": "dog", "run": 12},
    }
    async with session() as client:
        for code, arguments in wrong.items():
            result = await client.call_tool("draft_watch", arguments)
            assert result.is_error and result.structured_content["error"]["code"] == code, words_of(result)
        monkeypatch.setattr(lifecycle, "MOST_DRAFTS", 1)
        assert not (await client.call_tool("draft_watch", {"looks_for": "dog"})).is_error
        result = await client.call_tool("draft_watch", {"looks_for": "dog"})
    assert words_of(result) == "You have 1 draft watches already. Start or delete some of them."


async def test_a_foreign_token_sees_and_drafts_nothing(session: Session, events: list[Event], colleague: Any) -> None:
    _, secret = await database_sync_to_async(ApiToken.issue)(colleague, "program")
    async with session(secret) as client:
        watches = (await client.call_tool("list_watches")).structured_content
        shown = (await client.call_tool("list_watch_events")).structured_content
        mine = (await client.call_tool("list_albums")).structured_content
        draft = await client.call_tool("draft_watch", {"looks_for": "dog", "camera": "porch"})
    assert [item["title"] for item in watches["items"]] == ["not mine"] and shown["total"] == 0
    assert [album["name"] for album in mine["items"]] == ["Not mine"]
    assert draft.structured_content["error"]["code"] == "no_camera"
