"""The `mcp` package's own client against the running application, in both eras of the protocol that it speaks."""

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult

from devices.models import Node
from federation.models import Run
from inference.engine.mean_token import space
from inference.models import Photo, Turn
from inference.photos import store as photo_store
from inference.search import memory
from inference.search.indexes.index import index
from inference.search.models import PhotoVector
from inference.search.text import bundled_text
from tests.conftest import draw_photo
from tests.doors.conftest import Worker
from webapp.accounts.models import ApiToken
from webapp.chat.models import Conversation
from webapp.live.errors import UserError

PHOTO = base64.b64encode(draw_photo()).decode()
Session = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture(params=["legacy", "auto"])
def session(request: Any, address: str, token: str) -> Session:
    @asynccontextmanager
    async def connected(secret: str = token, **more: Any) -> AsyncIterator[Client]:
        headers = {"Authorization": f"Bearer {secret}"}
        async with httpx2.AsyncClient(headers=headers, timeout=httpx2.Timeout(60)) as http:
            transport = streamable_http_client(f"{address}/mcp", http_client=http)
            async with Client(transport, mode=request.param, **more) as client:
                yield client

    return connected


def words_of(result: CallToolResult) -> str:
    (content,) = result.content
    return content.text


async def test_the_tools_have_types(session: Session) -> None:
    async with session() as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    lists = {f"list_{what}" for what in ("photos", "albums", "devices", "conversations", "watches", "watch_events")}
    writing = {"ask", "draft_training_run", "draft_watch"}
    assert set(tools) == {"search_photos", *lists, *writing}
    assert {name for name, tool in tools.items() if not tool.annotations.read_only_hint} == writing
    for tool in tools.values():
        assert tool.input_schema["type"] == "object" and tool.output_schema["type"] == "object" and tool.description
    assert tools["ask"].input_schema["properties"]["policy"]["enum"] == ["fastest", "private", "best"]
    assert tools["ask"].input_schema["required"] == ["question"]
    assert "rounds" in str(tools["draft_training_run"].input_schema)


async def test_a_photo_is_asked_about_and_asked_about_again(session: Session, worker: Worker, owner: Any) -> None:
    async with session() as client:
        arguments = {"question": "What is this?", "photo_base64": PHOTO, "policy": "private"}
        first = (await client.call_tool("ask", arguments)).structured_content
        assert first["answer"] == "You asked: What is this?" and first["receipts"] == []
        again = {"question": "What colour?", "conversation": first["conversation"], "fresh": True}
        second = (await client.call_tool("ask", again)).structured_content
        by_id = (await client.call_tool("ask", {"question": "And this?", "photo_id": first["photo"]})).structured_content
    assert second["conversation"] == first["conversation"] != by_id["conversation"]
    assert first["photo"] == second["photo"] == by_id["photo"]
    assert [(turn.policy, turn.fresh) for turn in await _turns()] == [("private", False), ("fastest", True), ("fastest", False)]


async def _turns() -> list[Turn]:
    return [turn async for turn in Turn.objects.order_by("created")]


async def test_progress_is_reported_while_the_answer_is_computed(session: Session, worker: Worker) -> None:
    worker.seconds = 3
    phases: list[str | None] = []

    async def report(progress: float, total: float | None, message: str | None) -> None:
        phases.append(message)

    async with session() as client:
        arguments = {"question": "What is this?", "photo_base64": PHOTO}
        await client.call_tool("ask", arguments, progress_callback=report)
    assert "device" in phases


def _world(owner: Any, colleague: Any) -> Photo:
    Node.objects.create(slug="jetson-a", tier="device", title="At the door")
    photo = photo_store.store(owner, [draw_photo(1)])
    photo_store.store(colleague, [draw_photo(2)])
    Conversation.objects.create(owner=owner, title="Mine")
    Conversation.objects.create(owner=colleague, title="Not mine")
    return photo


async def test_lists_show_what_is_the_persons_own(session: Session, owner: Any, colleague: Any) -> None:
    from channels.db import database_sync_to_async

    photo = await database_sync_to_async(_world)(owner, colleague)
    async with session() as client:
        photos = (await client.call_tool("list_photos")).structured_content
        conversations = (await client.call_tool("list_conversations", {"limit": 5})).structured_content
        devices = (await client.call_tool("list_devices")).structured_content
    assert [item["id"] for item in photos["items"]] == [str(photo.pk)] and photos["total"] == 1
    assert [item["title"] for item in conversations["items"]] == ["Mine"] and conversations["limit"] == 5
    (device,) = devices["devices"]
    assert device["name"] == "jetson-a" and device["title"] == "At the door" and device["state"] == "unseen"


async def test_photos_are_searched_by_words_and_by_example(session: Session, owner: Any, colleague: Any) -> None:
    from channels.db import database_sync_to_async

    photo, other, foreign = await database_sync_to_async(_indexed)(owner, colleague)
    wrong: list[dict[str, Any]] = [{}, {"words": "a", "photo_id": photo}, {"photo_id": foreign}, {"words": "a dog", "limit": 0}]
    async with session() as client:
        found = (await client.call_tool("search_photos", {"words": "photos of a dog"})).structured_content
        alike = (await client.call_tool("search_photos", {"photo_id": photo, "limit": 5})).structured_content
        none = (await client.call_tool("search_photos", {"words": "a dog", "favourites": True})).structured_content
        refused = [await client.call_tool("search_photos", arguments) for arguments in wrong]
    assert {item["id"] for item in found["items"]} == {photo, other} and found["searched"] == 2
    assert [item["id"] for item in alike["items"]] == [other] and none["items"] == none["nearest"] == []
    codes = [result.structured_content["error"]["code"] for result in refused]
    assert codes == ["no_words", "invalid_request", "not_found", "invalid_request"]


def _indexed(owner: Any, colleague: Any) -> list[str]:
    vector = space.quantised(bundled_text().unit("a dog"))
    photos = [photo_store.store(person, [draw_photo(n)]) for n, person in enumerate((owner, owner, colleague))]
    rows = [PhotoVector(photo=photo, owner_id=photo.owner_id, space=memory.space_name(), vector=vector) for photo in photos]
    index().put(rows)
    return [str(photo.pk) for photo in photos]


async def test_a_training_run_is_drafted_and_not_started(session: Session, owner: Any, address: str) -> None:
    async with session() as client:
        draft = (await client.call_tool("draft_training_run", {"spec": {"rounds": 3}})).structured_content
        wrong = await client.call_tool("draft_training_run", {"spec": {"rounds": 0}})
    run = await Run.objects.aget()
    assert (draft["run"], draft["state"], run.state, run.spec["rounds"]) == (run.pk, "draft", "draft", 3)
    assert draft["page"] == f"{address}/federation/{run.pk}/"
    assert wrong.is_error and "Change that field." in words_of(wrong)


REFUSED = {
    "no question": ({"question": " ", "photo_base64": PHOTO}, "empty_question", "Type what you would like to know."),
    "no base64": ({"question": "What?", "photo_base64": "!"}, "not_base64", "The photo is not valid base64."),
    "no photo in it": ({"question": "What?", "photo_base64": "aGVsbG8="}, "photo_unknown_format", "JPEG"),
    "two photos": ({"question": "What?", "photo_base64": PHOTO, "photo_id": "6f1f0f1e-2b4f-4c7e-9a55-0123456789ab"},
                   "invalid_request", "exclude each other"),
    "a foreign photo": ({"question": "What?", "photo_id": "6f1f0f1e-2b4f-4c7e-9a55-0123456789ab"},
                        "not_found", "There is no such photo."),
    "a policy of its own": ({"question": "What?", "policy": "cheapest"}, "unknown_policy", "Use one of fastest"),
    "a wrong type": ({"question": ["What?"]}, "invalid_request", "question: "),
    "nothing": ({}, "invalid_request", "question: Field required."),
    "a NUL": ({"question": "a\0b"}, "unsupported_character", "cannot be stored"),
}  # fmt: skip


async def test_what_cannot_be_done_is_an_error_with_our_sentence(session: Session) -> None:
    async with session() as client:
        for name, (arguments, code, words) in REFUSED.items():
            result = await client.call_tool("ask", arguments)
            assert result.is_error and result.structured_content["error"]["code"] == code, name
            assert words in words_of(result), name
        with pytest.raises(MCPError, match="There is no tool “delete_everything”"):
            await client.call_tool("delete_everything", {})
    assert not await Turn.objects.aexists() and not await Photo.objects.aexists()


async def test_a_question_that_failed_is_an_error(session: Session, worker: Worker) -> None:
    def fail(turn: Turn) -> str:
        raise UserError("no_device", "No device is online, so nothing can answer.", "Start one.", 503)

    worker.answer = fail
    async with session() as client:
        result = await client.call_tool("ask", {"question": "What?", "photo_base64": PHOTO})
    assert result.is_error and words_of(result) == "No device is online, so nothing can answer. Start one."


async def test_a_client_that_gives_up_stops_its_question(session: Session) -> None:
    async with session() as client:
        with anyio.move_on_after(4):
            await client.call_tool("ask", {"question": "What?", "photo_base64": PHOTO})
    for _ in range(100):
        if [turn.state for turn in await _turns()] == ["stopped"]:
            return
        await anyio.sleep(0.1)
    raise AssertionError([turn.state for turn in await _turns()])


async def test_a_foreign_token_sees_nothing_of_the_owner(session: Session, owner: Any, colleague: Any) -> None:
    from channels.db import database_sync_to_async

    photo = await database_sync_to_async(_world)(owner, colleague)
    _, secret = await database_sync_to_async(ApiToken.issue)(colleague, "program")
    async with session(secret) as client:
        photos = (await client.call_tool("list_photos")).structured_content
        asked = await client.call_tool("ask", {"question": "What?", "photo_id": str(photo.pk)})
    assert str(photo.pk) not in str(photos) and photos["total"] == 1
    assert asked.is_error and asked.structured_content["error"]["code"] == "not_found"


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer isthmus_wrong"}])
def test_without_a_valid_token_nothing_is_served(address: str, owner: Any, header: dict[str, str]) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    answer = httpx.post(f"{address}/mcp", json=call, headers={"Accept": "application/json, text/event-stream", **header})
    assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["error"]["code"] == "not_logged_in"


async def test_the_client_cannot_connect_without_one(session: Session, owner: Any) -> None:
    with pytest.raises((MCPError, ExceptionGroup)):  # as the package chooses in either era
        async with session("isthmus_wrong") as client:
            await client.list_tools()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"jsonrpc": "2.0"}', b"\xff"])
def test_rubbish_is_a_400(address: str, token: str, body: bytes) -> None:
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
    }
    answer = httpx.post(f"{address}/mcp", content=body, headers=headers)
    assert answer.status_code == 400 and answer.json()["error"]["message"]


def test_there_is_nothing_to_listen_to(address: str, token: str) -> None:
    answer = httpx.get(f"{address}/mcp", headers={"Authorization": f"Bearer {token}", "Accept": "text/event-stream"})
    assert answer.status_code == 405
