"""The real stack: while one person floods it, another is answered, and a killed worker loses nobody's question."""

import threading

import pytest

from bench.fairness.measurement import QUESTION, Flood, person, upload
from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from tests.conftest import draw_photo

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
FLOOD, BESIDE = 16, 2
LONG_S = 180  # on a busy machine


@pytest.mark.long
def test_another_person_is_answered_during_a_flood_and_a_killed_worker_loses_nothing(stack: Stack) -> None:
    photo = stack.upload(draw_photo(1))
    stack.finished(stack.put(QUESTION, photo=photo)["id"])
    other = person(stack)
    flood = Flood(other, upload(other, draw_photo(2)), FLOOD)
    thread = threading.Thread(target=flood.run, daemon=True)
    thread.start()
    wait_for(lambda: len(flood.asked) >= FLOOD / 2, 90, "the flood did not begin", every=0.05)
    for _ in range(BESIDE):
        assert stack.finished(stack.put(QUESTION, photo=photo)["id"])["state"] == "answered"
    assert thread.is_alive(), "the flood was over before the other person was answered"
    stack.kill(stack.worker("celery"))
    thread.join(LONG_S)
    assert (flood.answered, flood.failed) == (FLOOD, 0)
