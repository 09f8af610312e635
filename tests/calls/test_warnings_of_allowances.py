"""Who is told that little is left of what a person or a token may use."""

from typing import Any

import pytest

from tests.calls.test_allowances import allow
from webapp.accounts.models import ApiToken
from webapp.chat import conversations
from webapp.notices.models import Notice

pytestmark = pytest.mark.django_db


def test_person_and_admins_are_told_once_at_eighty_percent(owner: Any) -> None:
    allow(owner, questions=5)
    for asked in range(1, 6):
        conversations.ask(owner, "What is this?")
        assert sorted(Notice.objects.values_list("kind", flat=True)) == (
            ["allowance.low", "allowance.of_others_low"] if asked >= 4 else []
        )
    notice = Notice.objects.get(kind="allowance.low")
    values = {"measure": "Questions a day", "holder": "owner", "used": "4", "limit": "5"}
    assert notice.person == owner and notice.values == values


def test_a_token_warns_by_its_name_at_eighty_percent_of_its_own_allowance(owner: Any) -> None:
    token, _ = ApiToken.issue(owner, "nightly")
    allow(owner, questions=100)
    allow(owner, token, questions=5)
    owner.token = token
    for asked in range(1, 6):
        conversations.ask(owner, "What is this?")
        assert sorted(Notice.objects.values_list("kind", flat=True)) == (
            ["allowance.low", "allowance.of_others_low"] if asked >= 4 else []
        )
    notice = Notice.objects.get(kind="allowance.low")
    values = {"measure": "Questions a day", "holder": "owner/nightly", "used": "4", "limit": "5"}
    assert (notice.person, notice.subject, notice.values) == (owner, "owner/nightly", values)
