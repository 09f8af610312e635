"""A template names only what its view gives it: every page that the URL configuration has, with something on it."""

import uuid
from collections.abc import Callable
from typing import Any

from devices.models import Node
from federation.models import Run
from federation.runs.spec import RunSpec
from inference.batches.models import Batch
from inference.models import PlannerCall
from tests.browser.every_page import addresses
from tests.settings import UNKNOWN_VARIABLE
from webapp.accounts import invitations
from webapp.accounts.models import ApiToken
from webapp.chat.models import Conversation
from webapp.chat.sharing import links

MARK = UNKNOWN_VARIABLE.split("%")[0]


def _samples(owner: Any) -> dict[str, str]:
    Node.objects.create(slug="jetson-a", tier="device", approved=True, fingerprint="0", token_sha256="0")
    ApiToken.issue(owner, "nightly")
    PlannerCall.objects.create(model="m", purpose="plan", outcome="ok", ms=3.0)
    runs = [Run.objects.create(owner=owner, spec=RunSpec().model_dump(), state=state) for state in ("done", "draft", "failed")]
    for run in runs:
        run.rounds.create(number=1, accuracy=0.5, seconds={"total": 1.0})
    conversation = Conversation.objects.create(owner=owner, title="A dog")
    return {
        "uuid:conversation": str(conversation.pk),
        "str:link": links.create(conversation, 1)[1],
        "uuid:pk": str(uuid.uuid4()),
        "uuid:batch": str(
            Batch.objects.create(owner=owner, question="A dog?", plan={"steps": [], "why": ""}, policy="fastest").pk
        ),
        "slug:slug": "jetson-a",
        "int:number": str(runs[0].pk),
        "int:pk": str(owner.pk),
        "str:secret": invitations.create("member", "a colleague"),
        "?": f"?runs={runs[0].pk},{runs[2].pk}",
    }


def _paths(samples: dict[str, str]) -> list[str]:
    paths = []
    for route in sorted(set(addresses())):
        path = route
        for name, value in samples.items():
            path = path.replace(f"<{name}>", value)
        if "<" not in path:
            paths.append(f"/{path}{samples['?'] if 'compare' in path else ''}")
    return paths


def test_no_page_names_a_variable_that_does_not_exist(
    owner: Any, colleague: Any, client_of: Callable[[Any], Any], stranger: Any
) -> None:
    paths = [*_paths(_samples(owner)), "/no-such-page/", "/devices/no-such-device/"]
    pages, wrong = 0, []
    for client in (client_of(owner), client_of(colleague), stranger):
        for path in paths:
            answer = client.get(path)
            if not answer.headers.get("Content-Type", "").startswith("text/html") or answer.status_code in (301, 302):
                continue
            pages += 1
            text = answer.content.decode()
            wrong += [f"{path}: {part.split('<')[0][:60]}" for part in text.split(MARK)[1:]]
    assert pages > 25
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_an_unknown_variable_would_be_seen(rf: Any) -> None:
    from django.template import engines

    text = engines["django"].from_string("{{ level.bytes|default:'by photo' }}").render({"level": {}}, rf.get("/"))
    assert MARK in text
