"""Conversations for tests of what people do with them."""

import json

from playwright.sync_api import Page

from bench.harness.stack import Stack
from tests.browser.conftest import Tab

# As a worker would have left it: what is tested here needs no model.
ANSWERED = """
import json, uuid
from django.utils import timezone
from inference.models import Turn
from webapp.accounts.models import User
from webapp.chat.library import listing
from webapp.chat.models import Conversation
owner = User.objects.get(username="owner")
ids = []
for rows in json.loads({rows!r}):
    talk = Conversation(owner=owner)
    listing.name(talk, rows[0][0])
    talk.save()
    for question, answer in rows:
        texts = {{"question": question, "answer": answer}}
        Turn.objects.create(conversation=talk.pk, owner=owner, state="answered", finished=timezone.now(), **texts)
    ids.append(str(talk.pk))
print(json.dumps(ids))
"""


def answered(stack: Stack, *conversations: list[tuple[str, str]]) -> list[str]:
    """Ids of new conversations with these questions and answers."""
    return list(json.loads(stack.shell(ANSWERED.format(rows=json.dumps(conversations)))))


def opened(tab: Tab, conversation: str) -> Page:
    page = tab.open(f"/c/{conversation}/")
    page.locator(".turn").first.wait_for()
    return page
