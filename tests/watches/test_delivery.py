"""Events reach the server in their order and at least once, whatever happens to it in between."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bench.harness.processes import wait_for
from devices.agent.server import Server, Unreachable
from devices.agent.watching import store as store_module
from devices.agent.watching.delivery import PATH, Courier
from devices.agent.watching.store import Store
from devices.contract.watches import WatchEvent


class Web:
    """Takes deliveries as the web app does; `status` and `silent` are what a test makes of it."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.status, self.refuses, self.loses_answers = 200, "", 0
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                web.take(self, body)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def take(self, request: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        assert request.path == PATH
        status = self.status
        if any(event["id"] == self.refuses for event in body["events"]):
            status = 422
        if status == 200:
            self.received += body["events"]
        if self.loses_answers:
            self.loses_answers -= 1
            request.close_connection = True
            return
        answer = {"number": body["events"][-1]["number"]} if status == 200 else {"error": {"code": "no", "message": "No."}}
        data = json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    yield web
    web.http.shutdown()


@pytest.fixture
def store(tmp_path: Path) -> Store:  # not the Redis of the same name: these tests need none
    return Store(tmp_path)


def courier(web: Web, store: Store) -> Courier:
    return Courier(
        store, Server(f"http://127.0.0.1:{web.http.server_port}", "token"), lambda watch, size: None, lambda size: None
    )


def happen(store: Store, *names: int) -> None:
    for name in names:
        event = {"id": f"{name:032x}", "number": 1, "kind": "raised", "camera": "yard", "watch": 1, "at": 100.0 + name}
        store.record({}, [WatchEvent.model_validate(event)])


def ids(events: list[dict[str, Any]]) -> list[int]:
    return [int(event["id"], 16) for event in events]


def test_events_of_a_night_without_a_server_arrive_in_their_order(web: Web, store: Store, tmp_path: Path) -> None:
    web.status = 503
    happen(store, *range(1, 121))
    with pytest.raises(Unreachable):
        courier(web, store).deliver()
    store.close()
    web.status, again = 200, Store(tmp_path)  # the agent was restarted meanwhile
    happen(again, 121)
    while courier(web, again).deliver():
        pass
    assert ids(web.received) == list(range(1, 122))
    assert [event["number"] for event in web.received] == list(range(1, 122))
    assert again.waiting(10) == []


def test_an_answer_that_was_lost_repeats_the_same_events_with_the_same_ids(web: Web, store: Store) -> None:
    happen(store, 1, 2)
    web.loses_answers = 1
    with pytest.raises(Unreachable):
        courier(web, store).deliver()
    assert courier(web, store).deliver() == 2
    assert ids(web.received) == [1, 2, 1, 2]
    assert courier(web, store).deliver() == 0


def test_an_event_that_the_server_never_takes_does_not_hold_up_the_others(web: Web, store: Store) -> None:
    happen(store, 1, 2, 3)
    web.refuses = f"{1:032x}"
    while courier(web, store).deliver():
        pass
    assert ids(web.received) == [2, 3]


def test_what_waits_is_bounded_and_the_next_delivery_says_what_was_dropped(
    web: Web, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MAX_EVENTS", 10)
    happen(store, *range(1, 16))
    courier(web, store).deliver()
    assert ids(web.received) == list(range(6, 16))
    assert [event.get("dropped", 0) for event in web.received] == [5, *[0] * 9]
    happen(store, 16)
    courier(web, store).deliver()
    assert web.received[-1].get("dropped", 0) == 0


def test_a_running_courier_sends_what_happens_and_waits_for_a_server_that_is_away(web: Web, store: Store) -> None:
    running = courier(web, store)
    running.start()
    happen(store, 1)
    running.wake()
    wait_for(lambda: ids(web.received) == [1], 20, "the event did not arrive")
    web.status = 503
    happen(store, 2)
    running.wake()
    happen(store, 3)
    web.status = 200
    wait_for(lambda: ids(web.received) == [1, 2, 3], 30, "the events did not arrive")
    running.stop()


def test_a_damaged_store_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "watching.sqlite").write_bytes(b"no database at all" * 100)
    fresh = Store(tmp_path)
    happen(fresh, 1)
    assert len(fresh.waiting(10)) == 1 and (tmp_path / "watching.damaged").exists()
    assert (tmp_path / "watching.sqlite").stat().st_mode & 0o077 == 0
