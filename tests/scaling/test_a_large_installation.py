"""Two web processes and two cloud workers behind one proxy, on sentinels and PostgreSQL: whatever is restarted in the middle of
questions, none is lost and none is answered twice; a training run goes on."""

import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import redis
import websockets.sync.client
from websockets.typing import Origin

from bench.harness.processes import wait_for
from tests.conftest import draw_photo
from tests.federation.test_whole_runs import put, read
from tests.scaling.questions import Asking, Outcome, outcome
from tests.scaling.scaled import Scaled
from tests.transcript import Transcript
from webapp.ops import clock

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]
BEFORE_S, AFTER_S = 6, 25  # of asking
ENDED_S = 150
ROUNDS, RUN_STARTED_S, RUN_ENDED_S = 6, 400, 400


def test_sessions_uploads_and_sockets_are_the_same_at_both_web_processes(large: Scaled) -> None:
    clients = [large.person(url) for url in large.webs]
    form = {"node": "", "again": True}
    answer = clients[0].post("/api/v1/photos", data=form, files={"photo": ("photo.jpg", draw_photo(1), "image/jpeg")})
    assert answer.status_code == 201, answer.text
    photo = answer.json()["id"]
    assert clients[1].get(f"/api/v1/photos/{photo}").status_code == 200, "the other process does not have the photo"
    clients[0].base_url = large.webs[1]
    clients[0].headers["Referer"] = large.webs[1]
    assert clients[0].get("/api/v1/conversations").status_code == 200, "the session of one is none at the other"
    turn = clients[0].post("/api/v1/turns", json={"question": "Describe this photo.", "photo": photo}).json()
    cookie = "; ".join(f"{name}={value}" for name, value in clients[0].cookies.items())
    address = f"{large.url.replace('http', 'ws')}/ws/chat/{turn['conversation']}/"
    states = []
    with websockets.sync.client.connect(address, additional_headers={"Cookie": cookie}, origin=Origin(large.url)) as socket:
        until = time.monotonic() + 60
        while "answered" not in states and time.monotonic() < until:
            states.append(_state(json.loads(socket.recv(timeout=60)), turn["id"]))
    assert "answered" in states, states


def _state(frame: dict[str, object], pk: str) -> object:
    rows = frame.get("turns") or [frame]
    return next((row.get("state") for row in rows if pk in (row.get("id"), row.get("turn"))), None)  # type: ignore[attr-defined, union-attr]


def test_the_clock_runs_once(large: Scaled) -> None:
    """However many workers there are, one clock shows that it is alive, every four seconds."""
    signs, end = 0, time.monotonic() + 5 * clock.SHOWN_S
    with large.redis.client(large.redis.master()) as client, client.monitor() as monitor:
        while time.monotonic() < end:
            signs += clock.ALIVE_KEY in monitor.next_command()["command"]
    assert 3 <= signs <= 6, f"{signs} signs of life in {5 * clock.SHOWN_S:.0f} seconds"


def test_a_killed_master_of_redis_loses_no_question(large: Scaled) -> None:
    transcript = Transcript()
    asking = _asking(large)
    with asking:
        time.sleep(BEFORE_S)
        with transcript.check("another Redis becomes the master") as notes:
            killed = large.redis.kill_master()
            wait_for(lambda: large.redis.master() != killed, 60, "there is none")
            notes.append(f"{killed} was killed, {large.redis.master()} took over")
        time.sleep(AFTER_S)
    _nothing_lost(large, asking, transcript)
    with large.redis.client(large.redis.master()) as client:
        print(f"connections by user: {dict(_connections(client))}", flush=True)


def test_a_restart_of_postgres_loses_no_question(large: Scaled) -> None:
    transcript = Transcript()
    asking = _asking(large)
    with asking:
        time.sleep(BEFORE_S)
        with transcript.check("PostgreSQL stops at once, with every connection, and starts again"):
            large.database.stop()
            time.sleep(3)
            large.database.start()
        time.sleep(AFTER_S)
    _nothing_lost(large, asking, transcript)


def test_a_run_outlives_a_killed_master_of_redis(large: Scaled) -> None:
    def kill_master() -> str:
        killed = large.redis.kill_master()
        wait_for(lambda: large.redis.master() != killed, 60, "there is none")
        return f"{killed} was killed, {large.redis.master()} took over"

    _outlived_by_a_run(large, "another Redis becomes the master", kill_master)


def test_a_run_outlives_a_restart_of_postgres(large: Scaled) -> None:
    def restart() -> str:
        large.database.stop()
        time.sleep(3)
        large.database.start()
        return "3 s later"

    _outlived_by_a_run(large, "PostgreSQL stops at once, with every connection, and starts again", restart)


def _outlived_by_a_run(large: Scaled, what: str, happens: Callable[[], str]) -> None:
    """It happens while clients train the second round."""
    transcript, stack = Transcript(), large.stack
    run = put(stack, rounds=ROUNDS, local_epochs=3)
    wait_for(lambda: _trains(read(stack, run), 2), RUN_STARTED_S, f"run {run} came to no second round", every=0.1)
    with transcript.check(what) as notes:
        notes.append(happens())
    with transcript.check("the run ends with every round, each once") as notes:
        wait_for(lambda: read(stack, run).get("final"), RUN_ENDED_S, f"run {run} did not end", every=0.5)
        state = read(stack, run)
        rounds = state["rounds"]
        clients = Counter(client["state"] for row in rounds for client in row["clients"])
        seconds = [round(row["seconds"]["total"], 1) for row in rounds]
        took = (datetime.fromisoformat(state["finished"]) - datetime.fromisoformat(state["started"])).total_seconds()
        notes.append(f"{state['state']} after {took:.0f} s; rounds of {seconds} s; clients {dict(clients)}")
        assert (state["state"], state["error"]) == ("done", None)
        assert [row["round"] for row in rounds] == list(range(1, ROUNDS + 1)) and all(row["counted"] for row in rounds)
        assert all([client["partition"] for client in row["clients"]] == [0, 1, 2] for row in rounds)
    assert not transcript.failures


def _trains(run: dict[str, Any], number: int) -> bool:
    progress = run.get("progress") or {}
    return progress.get("round") == number and bool(progress.get("clients"))


def _asking(large: Scaled) -> Asking:
    clients = [large.person(), *(large.person(url) for url in large.webs)]
    files = {"photo": ("photo.jpg", draw_photo(int(time.time())), "image/jpeg")}
    photo = clients[0].post("/api/v1/photos", data={"node": "", "again": True}, files=files).json()["id"]
    return Asking(clients, photo, fresh=True)


def _nothing_lost(large: Scaled, asking: Asking, transcript: Transcript) -> None:
    result: Outcome | None = None
    with transcript.check("every question is answered, and each once") as notes:
        result = outcome(asking, large.person(), ENDED_S)
        notes.append(str(result))
    assert result is not None and not transcript.failures
    assert result.asked > BEFORE_S and not result.failed and not result.doubled, result


def _connections(client: "redis.Redis") -> Counter[str]:
    return Counter(str(row.get("user")) for row in client.client_list())
