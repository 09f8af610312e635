"""A cloud worker that hangs is restarted, and one whose connections were cut goes on taking questions."""

import os
import signal
from pathlib import Path

import pytest

from bench.harness.processes import wait_for
from bench.harness.stack import Stack

pytestmark = pytest.mark.slow
CUT = """
import time, redis
from django.conf import settings
client = redis.Redis.from_url(settings.REDIS_URL)
for _ in range(3):
    for kind in ("normal", "pubsub"):
        client.client_kill_filter(_type=kind, skipme=True)
    time.sleep(1)
"""


def _answered(stack: Stack, photo: bytes) -> bool:
    turn = stack.finished(stack.put("Describe this photo.", photo=stack.upload(photo))["id"], 60)
    return bool(turn["state"] == "answered")


@pytest.mark.long  # waits out how long one may hang; tests/architecture/test_restart.py freezes a child with a short wait
def test_a_frozen_cloud_worker_is_restarted(healthy: Stack, photo_bytes: bytes) -> None:
    frozen = healthy.worker("celery", "webapp.celery")
    os.kill(frozen, signal.SIGSTOP)
    wait_for(lambda: not Path(f"/proc/{frozen}").exists(), 60, "it was not ended", every=1)
    wait_for(lambda: _answered(healthy, photo_bytes), 120, "no question was answered by its successor", every=1)


def test_a_question_is_answered_after_every_connection_to_redis_was_cut(healthy: Stack, photo_bytes: bytes) -> None:
    healthy.shell(CUT)
    assert _answered(healthy, photo_bytes)
