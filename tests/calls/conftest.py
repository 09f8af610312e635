"""Calls in the log, and people with tokens."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from inference.models import CallDay, ModelCall, Turn
from webapp.accounts.models import ApiToken

Call = Callable[..., ModelCall]


@pytest.fixture(autouse=True)
def _with_redis(redis_url: str) -> None:
    """Questions are queued for real; nobody takes them."""


@pytest.fixture
def call() -> Call:
    """Puts a call into the log, of a moment where one is given."""

    def make(owner: Any, at: datetime | None = None, **facts: Any) -> ModelCall:
        usual = {"purpose": "vqa", "outcome": "ok", "ms": 10.0, "route": "edge"}
        row = ModelCall.objects.create(owner=owner, **{**usual, **facts})
        if at is not None:
            ModelCall.objects.filter(pk=row.pk).update(created=at)
            row.refresh_from_db()
            CallDay.objects.all().delete()
            for every in ModelCall.objects.all():
                CallDay.add(every)
        return row

    return make


@pytest.fixture
def with_token() -> Callable[[Any, str], dict[str, str]]:
    """The header of a new personal token."""

    def make(person: Any, name: str = "nightly") -> dict[str, str]:
        return {"Authorization": f"Bearer {ApiToken.issue(person, name)[1]}"}

    return make


@pytest.fixture
def turn(owner: Any) -> Turn:
    return Turn.objects.create(owner=owner, conversation=uuid.uuid4(), question="How many dogs?", state="running")
