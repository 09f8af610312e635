"""Every page of the site, found in the URL configuration, so that a new page is among them at once."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
from django.urls import URLPattern, URLResolver, get_resolver

from bench.harness.stack import Stack
from tests.conftest import draw_photo

FOREIGN = ("admin/", "api/")  # Django's own pages, and the reference of the API
QUERIES = {"federation/compare/": "?runs={run},{draft}"}
_ARGUMENT = re.compile(r"<((?:\w+:)?\w+)>")
# Runs in the database, as a worker would have left them: a whole one takes minutes.
RUNS = """
import json
from django.utils import timezone
from federation.models import ClientReport, Round, Run
from federation.runs.spec import RunSpec
from webapp.accounts.models import User
owner = User.objects.get(username="owner")
def made(state, rounds, **more):
    spec = {**RunSpec(clients=2, rounds=3).model_dump(), "quorum": 2, "bits": 4.0}
    run = Run.objects.create(owner=owner, spec=spec, state=state, holdings=None, seconds=12.0, started=timezone.now(), **more)
    for number in range(1, rounds + 1):
        row = Round.objects.create(
            run=run, number=number, loss=1.0 / number, accuracy=0.3 * number, bytes_up=900, bytes_down=800,
            seconds={"compute": 1.0, "uplink": 0.4, "downlink": 0.2, "waiting": 0.1, "total": 1.7}, counted=number != 2)
        for part, (was, why) in enumerate([("ok", ""), ("late", "Its reply came after the deadline.")]):
            ClientReport.objects.create(
                round=row, node="jetson-a", partition=part, state=was, reason=why, told={"examples": 40})
    return run.pk
gone = {"code": "internal", "message": "Something broke while training.", "next": "Try again."}
from webapp.accounts import invitations
print(json.dumps({"owner": owner.pk, "secret": invitations.create("member", "a colleague"),
    "run": made("stopped", 3), "failed": made("failed", 1, error=gone), "draft": made("draft", 0),
    "paused": made("paused", 0)}))
"""


def addresses(patterns: Any = None, before: str = "") -> Iterator[str]:
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, route)
        elif isinstance(entry, URLPattern) and not route.startswith(FOREIGN):
            yield route


class Samples:
    """What the stack has that addresses may name."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        photo = stack.upload(draw_photo(3))
        turn = stack.put("What is this? And how many people are there?", photo=photo, route="split")
        stack.finished(turn["id"])
        link = stack.owner.post(f"/api/v1/conversations/{turn['conversation']}/links", json={"days": 1}).json()["url"]
        batch = stack.owner.post("/api/v1/batches", json={"question": "What is this?", "photos": [photo]}).json()
        watch = {"node": "jetson-a", "camera": "shots", "settings": {"looks_for": "dog"}}
        number = stack.owner.post("/api/v1/watches", json=watch).json()["id"]
        stack.owner.post(f"/api/v1/watches/{number}/switch", json={"on": False})
        made: dict[str, Any] = json.loads(stack.shell(RUNS))
        self.runs: dict[str, int] = made
        self.values = {
            "uuid:conversation": turn["conversation"],
            "uuid:pk": photo,
            "uuid:batch": batch["id"],
            "slug:slug": "jetson-a",
            "int:number": str(made["run"]),
            "int:watch": str(number),
            "int:pk": str(made["owner"]),
            "str:secret": made["secret"],
            "str:link": link.rstrip("/").rpartition("/")[2],
        }

    def filled(self, route: str) -> str | None:
        """None for an address about something that no page is about, such as one token."""
        names = _ARGUMENT.findall(route)
        if any(name not in self.values for name in names):
            return None
        path = _ARGUMENT.sub(lambda match: self.values[match[1]], route)
        return f"/{path}{QUERIES.get(route, '').format(**self.runs)}"

    def pages(self, client: httpx.Client) -> list[str]:
        """Every address that answers with a page of its own to whoever `client` is."""
        paths = []
        for path in filter(None, map(self.filled, sorted(set(addresses())))):
            answer = client.get(path, follow_redirects=False)
            if answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith("text/html"):
                paths.append(path)
        return paths
