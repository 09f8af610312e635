"""The library lists a person's own photos, newest first, in pages that start at a photo."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inference.models import CAMERA, Photo
from tests.library.conftest import LIBRARY, ids, post
from webapp.chat import conversations

Add = Callable[..., Photo]


def get(client: Client, path: str = "/photos", **query: Any) -> Any:
    return client.get(f"{LIBRARY}{path}?{urlencode(query)}")


def test_pages_follow_each_other_without_gap_or_overlap_while_photos_come(api: Client, add: Add) -> None:
    rows = [add(day) for day in (1, 2, 2, 2, 3)]  # three of them at the same moment
    seen, cursor = [], ""
    while cursor is not None:
        page = get(api, limit=2, before=cursor)
        seen += ids(page)
        cursor = page.json()["next"]
        add(29)  # newer than all: it moves nothing that comes behind the place
    assert len(seen) == 5 and set(seen) == {str(row.pk) for row in rows}
    assert (seen[0], seen[-1]) == (str(rows[-1].pk), str(rows[0].pk))


def test_a_page_begins_at_any_moment(api: Client, add: Add) -> None:
    rows = [add(day) for day in (1, 2, 3)]
    assert ids(get(api, before="2026-11-03T12:00:00Z")) == [str(rows[1].pk), str(rows[0].pk)]


def test_no_page_reads_what_comes_before_it(api: Client, add: Add) -> None:
    for day in range(1, 20):
        add(day)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        get(api, before="2026-11-10T00:00:00Z", limit=3)
    read = [query["sql"] for query in queries if 'FROM "inference_photo"' in query["sql"]]
    assert read and all("LIMIT 4" in sql and "OFFSET" not in sql for sql in read)


@pytest.mark.parametrize("before", ["yesterday", "2026-11-03T12:00:00", "2026-11-03T12:00:00Z_photo", "_", "9" * 90])
def test_a_place_that_is_none_is_refused_with_a_sentence(api: Client, before: str) -> None:
    answer = get(api, before=before)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_cursor")


def test_the_counts_are_those_of_the_photos(api: Client, add: Add) -> None:
    for day, minute in ((1, 0), (1, 14), (1, 15), (2, 0)):
        add(day, minute=minute)
    slots = get(api, "/slots").json()["slots"]
    assert [count for _, count in slots] == [1, 1, 2]
    assert [slot * 900 % 86_400 for slot, _ in slots] == [12 * 3600, 12 * 3600 + 900, 12 * 3600]


def test_each_filter_shows_what_it_says(api: Client, owner: Any, add: Add) -> None:
    plain, liked, asked, far = add(1), add(2, favourite=True), add(3), add(4, placed={"jetson-a": {}}, source_format=CAMERA)
    conversations.ask(owner, "What is it?", photo=asked.pk)
    album = post(api, "/albums", name="Kites").json()["id"]
    post(api, f"/albums/{album}/photos", add=[str(plain.pk), str(liked.pk)])
    expected = {
        "favourites": ("true", [liked]),
        "unasked": ("true", [far, liked, plain]),
        "album": (album, [liked, plain]),
        "device": ("jetson-a", [far]),
        "since": ("2026-11-03T12:00:00Z", [far, asked]),
        "until": ("2026-11-02T12:00:00Z", [plain]),
    }
    for name, (value, rows) in expected.items():
        assert ids(get(api, **{name: value})) == [str(row.pk) for row in rows], name
        assert sum(count for _, count in get(api, "/slots", **{name: value}).json()["slots"]) == len(rows), name
    assert ids(get(api, favourites="true", album=album, since="2026-11-02T00:00:00Z")) == [str(liked.pk)]


@pytest.mark.parametrize("query", [{"album": "kites"}, {"since": "2026-11-02"}, {"limit": 501}, {"favourites": "perhaps"}])
def test_a_filter_that_makes_no_sense_is_refused(api: Client, query: dict[str, Any]) -> None:
    assert get(api, **query).status_code == 422


def test_a_photo_that_only_a_device_has_says_where_it_is(api: Client, add: Add) -> None:
    photo = add(1, placed={"jetson-a": {}}, source_format=CAMERA)
    row = get(api).json()["items"][0]
    assert (row["on_server"], row["devices"]) == (False, ["jetson-a"])
    assert "jetson-a" in api.get(f"/photos/{photo.pk}/?small=1").content.decode()


def test_a_photo_names_its_conversations_and_albums(api: Client, owner: Any, photo: Photo) -> None:
    turn = conversations.ask(owner, "What is in this photo?", photo=photo.pk)
    conversations.ask(owner, "And what colour is it?", photo=photo.pk, conversation=turn.conversation)
    album = post(api, "/albums", name="Kites").json()["id"]
    post(api, f"/albums/{album}/photos", add=[str(photo.pk)])
    facts = api.get(f"{LIBRARY}/photos/{photo.pk}").json()
    assert facts["conversations"] == [{"id": str(turn.conversation), "title": "What is in this photo?", "questions": 2}]
    assert facts["albums"] == [album] and facts["bytes"] == photo.bytes and facts["expires"] is None


def test_favourites_are_marked_and_unmarked_many_at_once(api: Client, add: Add) -> None:
    rows = [str(add(day).pk) for day in (1, 2)]
    assert set(post(api, "/favourites", photos=rows).json()["photos"]) == set(rows)
    assert set(ids(get(api, favourites="true"))) == set(rows)
    post(api, "/favourites", photos=rows[:1], favourite=False)
    assert ids(get(api, favourites="true")) == rows[1:]
    assert post(api, "/favourites", photos=rows * 251).status_code == 422


def test_nobody_sees_or_changes_photos_of_others(api: Client, colleague: Any, client_of: Any, add: Add) -> None:
    photo, theirs = add(1), client_of(colleague)
    name = str(photo.pk)
    assert get(theirs).json()["items"] == [] and get(theirs, "/slots").json()["slots"] == []
    assert theirs.get(f"{LIBRARY}/photos/{name}").status_code == 404
    for path in ("/favourites", "/delete", "/restore", "/present", "/keep"):
        answer = post(theirs, path, photos=[name])
        assert (answer.status_code, answer.json()["photos"]) == (200, []), path
    photo.refresh_from_db()
    assert (photo.favourite, photo.kept, photo.hidden_at) == (False, False, None)
    assert f'"{name}"' not in theirs.get("/library/").content.decode()
    assert f'"{name}"' not in theirs.get(f"/?photos={name}").content.decode()


def test_the_page_comes_with_the_first_photos(api: Client, add: Add) -> None:
    rows = [str(add(day).pk) for day in (1, 2)]
    page = api.get("/library/").content.decode()
    assert all(f'"{name}"' in page for name in rows)


def test_all_photos_of_a_question_are_photos_of_its_conversation(api: Client, owner: Any, add: Add) -> None:
    first, second, _ = (add(day) for day in (1, 2, 3))
    turn = conversations.ask(owner, "Which one shows a dog?", photos=[first.pk, second.pk])
    assert ids(get(api, conversation=turn.conversation)) == [str(second.pk), str(first.pk)]
