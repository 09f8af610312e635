"""Turns as they are stored, also by earlier versions, are what the schema says."""

from typing import Any

import pytest
from django.test import Client

from bench.harness.stack import Stack
from inference.models import Step, Turn
from inference.photos import store
from tests.openapi import check, operation
from webapp.chat import conversations

CANDIDATE = {
    "route": "split", "split_at": 2, "level": 1, "codec": None, "quality": None, "predicted_ms": 84.0, "uplink_bytes": 360,
    "accuracy": 0.6, "allowed": True, "chosen": True,
}  # fmt: skip
RECEIPT = {
    "task": "vqa", "route": "split", "split_at": 2, "level": 1, "codec": None, "quality": None, "device": "jetson-a",
    "edge": "edge-1", "policy": "fastest", "forced": None, "reason": "It is the fastest.", "candidates": [CANDIDATE],
    "link": {"up_bytes_per_s": 250_000.0, "rtt_ms": 20.0, "age_s": None, "source": "transfer"},
    "bytes": {"photo": 40_000, "uplink": 360, "placing": 0}, "predicted_ms": 84.0,
    "predicted": {"device": 30.0, "edge": 20.0},
    "actual_ms": {"queue": 1.0, "device": 30.0, "uplink": 22.0, "edge": 20.0, "overhead": 5.0, "total": 78.0},
    "photo_left_device": False, "fell_back_from": [], "answer": "dog", "confidence": 0.8, "from a later version": [1],
}  # fmt: skip


@pytest.fixture
def turn(owner: Any, photo_bytes: bytes, redis_url: str) -> Turn:
    turn = conversations.ask(owner, "What is this?", photo=store.store(owner, [photo_bytes]).pk)
    plan = {"steps": [{"id": 1, "task": "vqa", "question": "what?", "after": []}], "why": "x", "planner": "offline", "later": 1}
    Turn.objects.filter(pk=turn.pk).update(state="answered", answer="A dog.", plan=plan, phase=None)
    Step.objects.create(turn=turn, number=1, task="vqa", state="answered", receipt=RECEIPT)
    return turn


def test_plan_and_receipt_leave_as_they_were_stored(api: Client, turn: Turn) -> None:
    body = api.get(f"/api/v1/turns/{turn.pk}").json()
    turn.refresh_from_db()
    assert body["plan"] == turn.plan
    assert body["steps"][0]["receipt"] == RECEIPT


def test_a_conversation_lists_its_turns_in_pages(api: Client, owner: Any, turn: Turn) -> None:
    second = conversations.ask(owner, "And now?", conversation=turn.conversation)
    path = f"/api/v1/conversations/{turn.conversation}"
    page = api.get(f"{path}/turns?limit=1&offset=1").json()
    assert (page["total"], [row["id"] for row in page["items"]]) == (2, [str(second.pk)])
    assert [row["id"] for row in api.get(path).json()["turns"]] == [str(turn.pk), str(second.pk)]
    assert api.get("/api/v1/conversations").json()["items"][0]["id"] == str(turn.conversation)


@pytest.mark.slow
def test_what_the_running_stack_answers_is_as_described(stack: Stack, photo_bytes: bytes) -> None:
    photo = stack.upload(photo_bytes)
    turn = stack.finished(stack.put("What is this?", photo=photo)["id"], 60)
    assert turn["steps"][0]["receipt"]
    for path in (f"turns/{turn['id']}", f"conversations/{turn['conversation']}", "nodes", "photos", "conversations"):
        answer = stack.owner.get(f"/api/v1/{path}")
        shape = operation("GET", f"/api/v1/{path}")
        assert shape is not None
        check(answer.json(), shape["responses"]["200"]["content"]["application/json"]["schema"], path)
