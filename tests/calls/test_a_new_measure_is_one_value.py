"""A dummy measure is counted, shown and enforced without any other change."""

import uuid
from typing import Any

import pytest

from inference.answering import turns
from inference.calls.measures import MEASURES, Measure
from webapp.live.errors import UserError

pytestmark = pytest.mark.django_db


def test_a_new_measure_is_one_value(owner: Any, settings: Any, client_of: Any) -> None:
    settings.ALLOWANCES = {**settings.ALLOWANCES, "dummy": 3}
    MEASURES.append(Measure("dummy", "Dummies a day", "questions", monthly=False, decimals=0, refusal="No more dummies."))
    try:
        assert "Dummies a day" in client_of(owner).get("/allowances/").content.decode()
        assert "Dummies a day" in client_of(owner).get("/account/").content.decode()
        for _ in range(3):
            turns.ask(owner, uuid.uuid4(), "What is this?", None)
        with pytest.raises(UserError, match="No more dummies"):
            turns.ask(owner, uuid.uuid4(), "What is this?", None)
    finally:
        MEASURES.pop()
