"""A program that hangs up wants no answer: its question is stopped, whatever it waits for."""

import socket
from typing import Any

import httpx
import pytest

from bench.harness.processes import wait_for
from inference.models import Turn
from tests.conftest import draw_photo
from tests.doors.conftest import Worker, asking, data_url
from tests.gate.conftest import post

BODY = {"model": "isthmus", "messages": [asking("What is this?", data_url(draw_photo()))]}


def _post(address: str, token: str, body: dict[str, Any], read_s: float) -> None:
    httpx.post(
        f"{address}/v1/chat/completions",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=httpx.Timeout(30, read=read_s),
    )


@pytest.mark.parametrize("stream", [False, True])
def test_a_question_nobody_takes_is_stopped(address: str, token: str, stream: bool) -> None:
    if stream:
        header = {"Authorization": f"Bearer {token}"}
        with httpx.stream(
            "POST", f"{address}/v1/chat/completions", json={**BODY, "stream": True}, headers=header, timeout=30
        ) as response:
            next(response.iter_lines())
            assert Turn.objects.get().state == "queued"
    else:
        with pytest.raises(httpx.ReadTimeout):
            _post(address, token, BODY, read_s=3)
    wait_for(lambda: Turn.objects.get().state == "stopped", 20, "the question was not stopped")


def test_a_question_that_is_being_answered_is_stopped_and_its_worker_loses_it(address: str, token: str, worker: Worker) -> None:
    worker.seconds = 6
    with pytest.raises(httpx.ReadTimeout):
        _post(address, token, BODY, read_s=3)
    assert worker.taken, "nobody was at work on it"
    wait_for(lambda: Turn.objects.get().state == "stopped", 20, "the question was not stopped")
    worker.seconds = 0
    _post(address, token, BODY, read_s=30)
    first, second = Turn.objects.order_by("created")
    assert (first.state, first.answer) == ("stopped", "") and second.state == "answered"


def test_who_stops_the_question_on_the_page_ends_the_call(address: str, token: str) -> None:
    from threading import Thread

    from inference.answering import turns

    answers: list[httpx.Response] = []

    def call() -> None:
        header = {"Authorization": f"Bearer {token}"}
        answers.append(httpx.post(f"{address}/v1/chat/completions", json=BODY, headers=header, timeout=60))

    calling = Thread(target=call)
    calling.start()
    wait_for(Turn.objects.exists, 30, "nothing was asked")
    turns.stop(Turn.objects.get())
    calling.join(30)
    (answer,) = answers
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "stopped"
    assert answer.headers["x-should-retry"] == "false"


def test_a_connection_that_breaks_within_the_body_asks_nothing(address: str, token: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = ("/v1/chat/completions", f"Authorization: Bearer {token}", "Content-Length: 900")
        connection.sendall(post(*head, body=b'{"model": '))
    assert httpx.get(f"{address}/v1/models", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert not Turn.objects.exists()
