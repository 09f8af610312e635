"""A person has a bounded number of questions waiting and running, the same over page, API and shell."""

import threading
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from inference.answering import cloud_queue, turns
from inference.models import LIVE, Photo, Turn
from tests.fairness.conftest import Ask
from webapp.accounts.models import User
from webapp.chat import conversations
from webapp.chat.models import Conversation
from webapp.live.errors import UserError

pytestmark = pytest.mark.django_db
QUESTION = {"question": "What is this?"}


def test_one_question_too_many_is_refused_with_what_to_do(owner: Any, ask: Ask, client_of: Any, settings: Any) -> None:
    settings.TURN_LIMIT = 3
    ask(owner, 3)
    conversations_before = Conversation.objects.count()
    answer = client_of(owner).post("/api/v1/turns", QUESTION, content_type="application/json")
    assert answer.status_code == 429
    assert answer.json()["error"] == {
        "code": "too_many_questions",
        "message": "You already have 3 questions waiting or running, which is your limit.",
        "next": "Wait for an answer, or stop one of them, then ask again.",
    }
    assert Conversation.objects.count() == conversations_before, "nothing is stored"


def test_another_person_is_not_refused(owner: Any, colleague: Any, ask: Ask, client_of: Any, settings: Any) -> None:
    settings.TURN_LIMIT = 3
    ask(owner, 3)
    assert client_of(colleague).post("/api/v1/turns", QUESTION, content_type="application/json").status_code == 202


def test_stopping_one_makes_room(owner: Any, ask: Ask, settings: Any) -> None:
    settings.TURN_LIMIT = 2
    first, _ = ask(owner, 2)
    turns.stop(first)
    ask(owner)
    with pytest.raises(UserError, match="which is your limit"):
        ask(owner)


def test_a_persons_own_limit_replaces_the_default(colleague: Any, ask: Ask) -> None:
    User.objects.filter(pk=colleague.pk).update(turn_limit=1)
    ask(colleague)
    with pytest.raises(UserError, match="1 question waiting"):
        ask(colleague)


def test_asking_again_counts_as_asking(owner: Any, ask: Ask, client_of: Any, settings: Any) -> None:
    settings.TURN_LIMIT = 2
    (finished,) = ask(owner)
    turns.stop(finished)
    ask(owner, 2)
    answer = client_of(owner).post(f"/api/v1/turns/{finished.pk}/retry")
    assert answer.status_code == 429 and answer.json()["error"]["code"] == "too_many_questions"
    finished.refresh_from_db()
    assert finished.state == "stopped", "its earlier result is not lost"


def test_the_shell_refuses_in_the_same_words(
    ask: Ask, photo_file: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TURN_LIMIT = 1
    monkeypatch.setattr(cloud_queue, "is_alive", lambda: True)
    ask(User.objects.shell())
    errors = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("ask", str(photo_file), "What is this?", stderr=errors)
    assert ended.value.code == 1 and "which is your limit. Wait for an answer" in errors.getvalue()
    assert not Photo.objects.exists(), "the photo of the refused question is removed"


@pytest.mark.django_db(transaction=True)
def test_the_limit_is_exact_when_questions_arrive_at_once(owner: Any, settings: Any) -> None:
    settings.TURN_LIMIT = 5
    refusals: list[str] = []

    def ask() -> None:
        try:
            conversations.ask(owner, "What is this?")
        except UserError as error:
            refusals.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert Turn.objects.filter(owner=owner, state__in=LIVE).count() == 5 == Conversation.objects.count()
    assert refusals == ["too_many_questions"] * 7
