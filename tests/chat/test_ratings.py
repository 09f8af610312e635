"""Answers are rated up or down, once per person, with an optional note; administrators export it with the confidence stated."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from inference.models import Turn
from webapp.chat import conversations
from webapp.chat.models import Rating

Answer = Callable[..., Turn]


@pytest.fixture
def rated(turn: Turn, answer: Answer) -> Turn:
    return answer(turn, "A dog.", task="vqa")


def _rate(client: Any, turn: Turn, **fields: Any) -> Any:
    return client.put(f"/api/v1/turns/{turn.pk}/rating", fields, content_type="application/json")


def _table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_rating_keeps_what_the_answer_was(client_of: Any, owner: Any, rated: Turn) -> None:
    assert _rate(client_of(owner), rated, up=True, note="  Rex! 🐕 ").json() == {"up": True, "note": "Rex! 🐕"}
    row = Rating.objects.get()
    assert (row.person, row.turn, row.task, row.route) == (owner, rated, "vqa", "split")
    assert (row.certainty, row.confidence) == ("probable", 0.8)
    assert client_of(owner).get(f"/api/v1/turns/{rated.pk}").json()["rating"] == {"up": True, "note": "Rex! 🐕"}


def test_it_can_be_changed_and_taken_back(client_of: Any, owner: Any, rated: Turn) -> None:
    client = client_of(owner)
    _rate(client, rated, up=True, note="good")
    assert _rate(client, rated, up=False).json() == {"up": False, "note": ""}
    assert Rating.objects.count() == 1
    assert client.delete(f"/api/v1/turns/{rated.pk}/rating").status_code == 204
    assert client.delete(f"/api/v1/turns/{rated.pk}/rating").status_code == 204
    assert client.get(f"/api/v1/turns/{rated.pk}").json()["rating"] is None


def test_what_has_no_answer_cannot_be_rated(client_of: Any, owner: Any, turn: Turn) -> None:
    assert _rate(client_of(owner), turn, up=True).json()["error"]["code"] == "not_answered"
    assert not Rating.objects.exists()


def test_an_answer_without_a_model_can_be_rated(client_of: Any, owner: Any, turn: Turn) -> None:
    Turn.objects.filter(pk=turn.pk).update(state="answered", answer="Two devices are online.")
    _rate(client_of(owner), turn, up=True)
    row = Rating.objects.get()
    assert (row.task, row.route, row.confidence) == ("", "", None)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"up": True, "note": "x" * 2000}, "note_too_long"),
        ({"note": "x"}, "invalid_request"),
        ({"up": "perhaps"}, "invalid_request"),
        ({"up": True, "note": "a\0b"}, "unsupported_character"),
    ],
)
def test_a_rating_that_is_none_is_refused(client_of: Any, owner: Any, rated: Turn, fields: dict[str, Any], code: str) -> None:
    _rate(client_of(owner), rated, up=True, note="before")
    answer = _rate(client_of(owner), rated, **fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert Rating.objects.get().note == "before"


def test_a_colleague_rates_nothing_of_somebody_elses(client_of: Any, colleague: Any, stranger: Any, rated: Turn) -> None:
    assert _rate(client_of(colleague), rated, up=False).status_code == 404
    assert client_of(colleague).delete(f"/api/v1/turns/{rated.pk}/rating").status_code == 404
    assert _rate(stranger, rated, up=False).status_code == 401
    assert not Rating.objects.exists()


def test_another_answer_has_no_rating_yet(client_of: Any, owner: Any, rated: Turn) -> None:
    client = client_of(owner)
    _rate(client, rated, up=False)
    assert client.post(f"/api/v1/turns/{rated.pk}/retry").json()["rating"] is None
    assert not Rating.objects.exists()


def test_it_goes_with_its_conversation(client_of: Any, owner: Any, rated: Turn) -> None:
    client = client_of(owner)
    _rate(client, rated, up=False)
    assert client.delete(f"/api/v1/conversations/{rated.conversation}").status_code == 204
    assert not Rating.objects.exists()


def test_an_admin_downloads_all_of_them(client_of: Any, owner: Any, colleague: Any, rated: Turn, answer: Answer) -> None:
    other = answer(conversations.ask(colleague, "What is it?"), "A cat.", confidence=0.4, certainty="guess")
    _rate(client_of(owner), rated, up=True, note="=HYPERLINK(1)")
    _rate(client_of(colleague), other, up=False, note="It is a dog, not a cat.\nSee?")
    answer_ = client_of(owner).get("/ratings/ratings.csv")
    first, second = _table(b"".join(answer_).decode())
    assert answer_["Content-Disposition"] == 'attachment; filename="ratings.csv"'
    assert (first["person"], first["turn"], first["rating"], first["confidence"]) == ("owner", str(rated.pk), "up", "0.8")
    assert first["note"] == "'=HYPERLINK(1)" and first["updated"].endswith("Z")
    assert (second["person"], second["rating"], second["certainty"]) == ("colleague", "down", "guess")
    assert second["note"] == "It is a dog, not a cat.\nSee?"


def test_a_member_does_not(client_of: Any, owner: Any, colleague: Any) -> None:
    assert client_of(colleague).get("/ratings/ratings.csv").status_code == 403


def test_the_command_prints_the_same_table(client_of: Any, owner: Any, rated: Turn) -> None:
    _rate(client_of(owner), rated, up=True)
    out = StringIO()
    call_command("ratings", stdout=out)
    assert out.getvalue() == b"".join(client_of(owner).get("/ratings/ratings.csv")).decode()
    Rating.objects.update(updated=timezone.now() - timedelta(days=3))
    for days, count in ((2, 0), (4, 1)):
        out = StringIO()
        call_command("ratings", "--days", str(days), stdout=out)
        assert len(_table(out.getvalue())) == count


@pytest.mark.parametrize("days", ["0", "-1", "99999999"])
def test_a_number_of_days_that_is_none_is_refused(db: None, days: str) -> None:
    with pytest.raises(CommandError, match="is no number of days"):
        call_command("ratings", f"--days={days}")
