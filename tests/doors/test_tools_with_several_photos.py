"""The tool `ask` with several photos, by the `mcp` package's own client."""

import base64
from typing import Any

from channels.db import database_sync_to_async

from inference.models import Photo, Turn
from inference.photos import store as photo_store
from tests.conftest import draw_photo
from tests.doors import test_tools
from tests.doors.conftest import Worker
from tests.doors.test_tools import PHOTO, Session

session = test_tools.session


async def test_several_photos_are_asked_about_in_their_order(session: Session, worker: Worker, owner: Any) -> None:
    first, second = ({"base64": base64.b64encode(draw_photo(n)).decode()} for n in (1, 2))
    async with session() as client:
        stored = (await client.call_tool("ask", {"question": "What is this?", "photo_base64": PHOTO})).structured_content[
            "photo"
        ]
        arguments = {"question": "Which one shows a dog?", "photos": [first, {"id": stored}, second, first]}
        answer = (await client.call_tool("ask", arguments)).structured_content
        again = {"question": "Which is brighter?", "conversation": answer["conversation"]}
        later = (await client.call_tool("ask", again)).structured_content
    assert len(answer["photos"]) == 3 and answer["photos"][1] == stored and answer["photo"] == answer["photos"][2]
    assert len({*answer["photos"]}) == 3 and later["photos"] == answer["photos"]
    assert [turn.others async for turn in Turn.objects.order_by("created")] == [0, 2, 2]


async def test_several_photos_that_cannot_be_asked_about_are_refused(session: Session, owner: Any, colleague: Any) -> None:
    foreign = await database_sync_to_async(photo_store.store)(colleague, [draw_photo(2)])
    photos = [{"base64": base64.b64encode(draw_photo(n)).decode()} for n in range(7)]
    wrong = [
        {"photos": photos},
        {"photos": [photos[0], {"id": str(foreign.pk)}]},
        {"photos": [photos[0], {"base64": "§"}]},
        {"photos": [{}]},
        {"photos": [{**photos[0], "id": str(foreign.pk)}]},
        {"photos": photos[:2], "photo_base64": PHOTO},
    ]
    async with session() as client:
        refused = [await client.call_tool("ask", {"question": "Which is brighter?", **arguments}) for arguments in wrong]
    codes = [result.structured_content["error"]["code"] for result in refused]
    assert codes == ["too_many_photos", "not_found", "not_base64", "invalid_request", "invalid_request", "invalid_request"]
    assert not await Turn.objects.aexists() and await Photo.objects.acount() == 1  # nothing was stored for them
