"""What a node stores as the result of a job is read with care: its size first, then nothing but plain facts."""

import json
import threading
from typing import Any

import pytest

from devices import dispatch
from devices.contract.jobs import Place
from devices.contract.protocol import MAX_REPLY_BYTES
from devices.models import Node
from devices.producer import BadReply, decode_reply

RECORD = {"task_id": "t", "status": "SUCCESS", "result": {"bytes": 1, "sizes": {}}}


@pytest.mark.parametrize("payload", [
    b"\xff\x00",
    b"[]",
    b'"SUCCESS"',
    b"[" * 100_000,
    b'{"status": "SUCCESS"}',
    b'{"task_id": 7, "status": "SUCCESS"}',
    b'{"task_id": "t", "status": ["SUCCESS"]}',
    b'{"task_id": "t", "status": "DONE"}',
    b" " * (MAX_REPLY_BYTES + 1),
])  # fmt: skip
def test_what_is_no_record_of_a_task_is_refused(payload: bytes) -> None:
    with pytest.raises(BadReply):
        decode_reply(payload)


@pytest.mark.parametrize("failure", [
    None,
    "no",
    {"exc_type": "system", "exc_module": "os", "exc_message": ["true"]},
    {"exc_type": "x\0y", "exc_module": "redis.exceptions"},
    {"exc_type": ["a"], "exc_message": {"b": 1}},
])  # fmt: skip
def test_a_failure_never_names_a_class_of_this_process(failure: Any) -> None:
    record: Any = decode_reply(json.dumps({**RECORD, "status": "FAILURE", "result": failure}))
    assert record["result"]["exc_module"] is None and record["result"]["exc_type"].isidentifier()


def test_redis_errors_of_a_node_stay_recognisable() -> None:
    failure = {"exc_type": "ConnectionError", "exc_module": "redis.exceptions", "exc_message": ["gone"]}
    record: Any = decode_reply(json.dumps({**RECORD, "status": "FAILURE", "result": failure}))
    assert record["result"]["exc_module"] == "redis.exceptions"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("result", ["x" * 5_000_000, float("nan"), {"bytes": float("inf"), "sizes": {}}, ["no"]])
def test_a_job_ends_at_once_when_its_reply_is_bad(store: Any, result: Any) -> None:
    """Over the real Redis, from a node that stores what it likes as the result."""
    Node.objects.create(slug="jetson-m", tier="device", approved=True, token_sha256="m")

    def malicious() -> None:
        _, message = store.brpop("jetson-m:stages", timeout=10)
        task = json.loads(message)["headers"]["id"]
        key = f"jetson-m:celery-task-meta-{task}"
        payload = json.dumps({"task_id": task, "status": "SUCCESS", "result": result, "children": []})
        store.set(key, payload, ex=30)
        store.publish(key, payload)

    thread = threading.Thread(target=malicious, daemon=True)
    thread.start()
    with pytest.raises(dispatch.StageFailed) as failure:
        dispatch.call("jetson-m", Place(photo="p"), 8)
    assert failure.value.code == "bad_reply" and len(str(failure.value)) < 160
    thread.join(5)
