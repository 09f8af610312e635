"""Run by test_previous_version in a process of its own: reads a migrated database through today's code, prints one JSON
object.
"""

import json

import django
from django.contrib.auth import get_user_model
from django.test import Client
from django.test.utils import setup_test_environment
from django.utils import timezone
from pydantic import TypeAdapter


def main() -> None:
    django.setup()
    from devices.models import Node, Reading
    from devices.telemetry import links, presence
    from inference.placement import records
    from inference.receipt import Receipt
    from webapp.accounts import audit
    from webapp.chat import conversations
    from webapp.chat.models import Conversation

    setup_test_environment()
    owner = get_user_model().objects.get(username="owner")
    client = Client()
    client.force_login(owner)
    conversation = Conversation.objects.get()
    turns = conversations.turns_of(conversation)
    steps = [step for turn in turns for step in turn["steps"]]
    for step in steps:
        TypeAdapter(Receipt).validate_python(step["receipt"])
    pages = (
        "/",
        f"/c/{conversation.pk}/",
        "/library/",
        "/devices/",
        "/devices/jetson-a/",
        "/federation/",
        "/federation/1/",
        "/account/",
        "/admin/",
    )
    print(
        json.dumps(
            {
                "pages": {page: client.get(page).status_code for page in pages},
                "answers": [turn["answer"] for turn in turns],
                "routes": [records.from_receipt(step["receipt"]).route.name for step in steps],
                "candidates": [len([records.from_record(row) for row in step["receipt"]["candidates"]]) for step in steps],
                "nodes": {
                    node.slug: [presence.state(node, timezone.now()), node.recorded_state, node.sensors["temperature_c"]]
                    for node in Node.objects.all()
                },
                "readings": [Reading.objects.count(), Reading.objects.filter(span_s=60).first().values],  # type: ignore[union-attr]
                "audit": [[row["at"], row["by"], row["action"]] for row in audit.of("node:jetson-a")],
                "samples": len(links.recent("jetson-a")),
                "run": client.get("/federation/1/run.json").json(),
            }
        )
    )


if __name__ == "__main__":
    main()
