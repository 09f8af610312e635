"""A conversation as a zip with Markdown and those photos that the server has."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from inference.models import CAMERA, Photo, Turn
from inference.photos import store
from tests.conftest import draw_photo
from webapp.chat import conversations
from webapp.chat.library import editing, markdown

Answer = Callable[..., Turn]


def _export(client: Any, conversation: object) -> tuple[zipfile.ZipFile, str, Any]:
    answer = client.get(f"/api/v1/conversations/{conversation}/export")
    assert answer.status_code == 200
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer)))
    assert archive.testzip() is None
    return archive, archive.read("conversation.md").decode(), answer


def test_it_has_questions_answers_and_each_photo_once(client_of: Any, owner: Any, turn: Turn, answer: Answer) -> None:
    answer(turn, "A dog.")
    answer(conversations.ask(owner, "And what colour?", conversation=turn.conversation), "Brown.")
    other = store.store(owner, [draw_photo(5)])
    conversations.ask(owner, "And here?", photo=other.pk, conversation=turn.conversation)
    archive, text, response = _export(client_of(owner), turn.conversation)
    assert archive.namelist() == ["photos/photo-1.jpg", "photos/photo-2.jpg", "conversation.md"]
    assert turn.photo and archive.read("photos/photo-1.jpg") == turn.photo.path.read_bytes()
    assert archive.read("photos/photo-2.jpg") == other.path.read_bytes()
    parts = ["# What is in this photo?", "![The photo](photos/photo-1.jpg)", "A dog.", "And what colour?", "Brown."]
    positions = [text.index(part) for part in [*parts, "photo-2.jpg", "Not answered yet."]]
    assert positions == sorted(positions)
    assert response["Content-Disposition"] == 'attachment; filename="What is in this photo.zip"'


def test_a_photo_of_a_device_is_named_but_not_included(client_of: Any, owner: Any, turn: Turn) -> None:
    Photo.objects.filter(pk=turn.photo_id).update(source_format=CAMERA, placed={"jetson-a": {}})
    archive, text, _ = _export(client_of(owner), turn.conversation)
    assert archive.namelist() == ["conversation.md"]
    assert f"Photo {turn.photo_id}: only jetson-a has it, so it is not in this archive." in text


def test_a_file_that_is_missing_is_said(client_of: Any, owner: Any, turn: Turn) -> None:
    assert turn.photo
    turn.photo.path.unlink()
    archive, text, _ = _export(client_of(owner), turn.conversation)
    assert archive.namelist() == ["conversation.md"] and "its file is missing on the server" in text


@pytest.mark.parametrize("title", ["كلب على الشاطئ", "🐕 am Strand", "../../etc/passwd", 'a"b\\c/d', "..."])
def test_its_name_is_the_title_without_what_a_file_name_cannot_have(client_of: Any, owner: Any, turn: Turn, title: str) -> None:
    client_of(owner).patch(f"/api/v1/conversations/{turn.conversation}", {"title": title}, content_type="application/json")
    name = _export(client_of(owner), turn.conversation)[2]["Content-Disposition"]
    assert name.startswith("attachment; filename") and "/" not in name.partition("=")[2].strip('"').replace("%2F", "/")
    assert "\\" not in name and ".." not in name


def test_text_stays_text(client_of: Any, owner: Any, answer: Answer) -> None:
    question = "# big\n<script>alert(1)</script> ![x](http://x/y.png)\n\n- one"
    turn = answer(conversations.ask(owner, question), "1. *Stars* | `code`")
    text = _export(client_of(owner), turn.conversation)[1]
    assert "> \\# big  \n> \\<script\\>alert(1)\\</script\\> !\\[x\\](http://x/y.png)\n>\n> \\- one" in text
    assert "1\\. \\*Stars\\* \\| \\`code\\`" in text


def test_replaced_failed_and_rated_turns_say_so(client_of: Any, owner: Any, turn: Turn, answer: Answer) -> None:
    client = client_of(owner)
    answer(turn, "A dog.")
    client.put(f"/api/v1/turns/{turn.pk}/rating", {"up": False, "note": "It is a cat."}, content_type="application/json")
    later = editing.edit(turn, "Is it a cat?")
    error = {"code": "x", "message": "No device is online.", "next": "See Devices."}
    Turn.objects.filter(pk=later.pk).update(state="failed", error=error)
    text = _export(client, turn.conversation)[1]
    assert "*Replaced: this question was edited and sent again.*" in text and "*Rated bad: It is a cat.*" in text
    assert "No answer.\n\nNo device is online. See Devices." in text


def test_an_empty_line_or_number_is_no_markup() -> None:
    assert markdown.text("  a \n b ") == "a b" and markdown.text("2) x") == "2\\) x" and markdown.text("12 dogs") == "12 dogs"


def test_a_colleague_gets_nothing(client_of: Any, colleague: Any, stranger: Any, turn: Turn) -> None:
    assert client_of(colleague).get(f"/api/v1/conversations/{turn.conversation}/export").status_code == 404
    assert stranger.get(f"/api/v1/conversations/{turn.conversation}/export").status_code == 401
