"""How many statements of the database an ordinary question costs, from its claim to the stored answer."""

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from devices.models import Node
from inference.answering import turns
from inference.answering.journal import claim_next
from inference.answering.orchestrate import answer
from inference.models import Turn
from inference.photos import store

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("online")]
MOST = {"What is in this photo?": 23, "My aunt asks what animal that could be": 27}  # for the second, what came before is read


@pytest.mark.parametrize("question", MOST)
def test_an_ordinary_question_costs_few_statements(question: str, owner: Any, photo_bytes: bytes) -> None:
    photo, conversation = store.store(owner, [photo_bytes]), uuid.uuid4()
    for _ in range(3):  # the first one places the photo, and fills what a process remembers
        Node.objects.update(last_seen=timezone.now())
        turns.ask(owner, conversation, question, photo)
        with CaptureQueriesContext(connection) as captured:
            answer(claim_next())
    statements = [query["sql"] for query in captured.captured_queries if not query["sql"].startswith(("BEGIN", "COMMIT"))]
    assert set(Turn.objects.values_list("state", flat=True)) == {"answered"}, [turn.error for turn in Turn.objects.all()]
    until = max(number for number, sql in enumerate(statements) if sql.startswith("UPDATE") and "answered" in sql)
    assert until + 1 <= MOST[question], "\n".join(statements)
