"""A photo and a question through every real part (HTTP, Celery, Redis, agents, models, sockets), by every route."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from bench.harness.stack import Stack
from tests.conftest import draw_photo

pytestmark = pytest.mark.slow
ROUTES = ("device", "edge", "split")
PARTS = ("queue", "device", "uplink", "edge", "overhead", "total")


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("photo") / "photo.jpg"
    file.write_bytes(draw_photo(3, (640, 480)))
    return file


@pytest.fixture(scope="module")
def answers(stack: Stack, photo: Path) -> dict[str, dict[str, Any]]:
    """The JSON that `manage.py ask` prints for each forced route."""
    bodies = {}
    for route in ROUTES:
        status, body, stderr = stack.ask(photo, "What is in this photo?", "--route", route, "--node", "jetson-b")
        assert status == 0, stderr
        bodies[route] = body
    return bodies


@pytest.mark.parametrize("route", ROUTES)
def test_each_route_answers_with_one_receipt(answers: dict[str, dict[str, Any]], route: str) -> None:
    body = answers[route]
    (receipt,) = body["receipts"]
    assert body["state"] == "answered" and body["answer"] and receipt["route"] == route and receipt["forced"] == route
    assert receipt["device"] == "jetson-b" and receipt["edge"] == (None if route == "device" else "edge-1")


@pytest.mark.parametrize("route", ROUTES)
def test_the_parts_add_up_to_the_total_and_every_candidate_is_listed(answers: dict[str, dict[str, Any]], route: str) -> None:
    (receipt,) = answers[route]["receipts"]
    actual_ms = receipt["actual_ms"]
    assert set(PARTS) <= set(actual_ms) and all(actual_ms[part] >= 0 for part in PARTS)
    assert actual_ms["total"] == pytest.approx(sum(actual_ms[part] for part in PARTS[:-1]), abs=1)
    assert {c["route"] for c in receipt["candidates"]} == set(ROUTES)
    assert sum(c["chosen"] for c in receipt["candidates"]) == 1


def test_bytes_are_those_that_crossed_the_link(answers: dict[str, dict[str, Any]]) -> None:
    up = {route: answers[route]["receipts"][0]["bytes"]["uplink"] for route in ROUTES}
    size = answers["device"]["receipts"][0]["bytes"]["photo"]
    assert up["device"] == 0 and 0 < up["split"] < 5000 and up["split"] < up["edge"] <= size


def test_only_the_edge_route_lets_the_photo_leave(answers: dict[str, dict[str, Any]]) -> None:
    assert {route: answers[route]["receipts"][0]["photo_left_device"] for route in ROUTES} == {
        "device": False, "edge": True, "split": False,
    }  # fmt: skip


def test_the_receipt_says_what_is_simulated(answers: dict[str, dict[str, Any]]) -> None:
    simulated = answers["split"]["receipts"][0]["simulated"]
    assert simulated["device"] == {"uplink_bytes_per_s": 1_000_000, "slowdown": 2.0} and simulated["edge"] is None


def ask(stack: Stack, photo: Path, question: str, **fields: str) -> dict[str, Any]:
    """The answered turn, over HTTP: each `manage.py ask` starts Django anew."""
    turn = stack.finished(stack.put(question, photo=stack.upload(photo.read_bytes()), **fields)["id"])
    assert turn["state"] == "answered", turn["error"]
    return turn


@pytest.fixture(scope="module")
def unforced(stack: Stack, photo: Path) -> dict[str, Any]:
    """The receipt of a question with the default policy and no forced route."""
    (step,) = ask(stack, photo, "What is in this photo?")["steps"]
    return dict(step["receipt"])


def test_without_a_forced_route_placement_chooses_and_says_why(unforced: dict[str, Any]) -> None:
    receipt = unforced
    assert receipt["forced"] is None and receipt["reason"].endswith(".") and receipt["predicted_ms"] > 0


def test_fastest_gives_up_at_most_two_hundredths_of_what_the_whole_model_reaches(unforced: dict[str, Any]) -> None:
    candidates = unforced["candidates"]
    uncompressed = next(c["accuracy"] for c in candidates if c["route"] == "device")
    assert all(c["accuracy"] >= uncompressed * 0.98 - 1e-6 for c in candidates if c["allowed"])
    assert any(c["accuracy"] < uncompressed * 0.98 for c in candidates if not c["allowed"]), (
        "no candidate was excluded, so this tested nothing"
    )


def test_private_never_sends_the_photo(stack: Stack, photo: Path) -> None:
    (step,) = ask(stack, photo, "What is in this photo?", policy="private")["steps"]
    assert step["receipt"]["route"] in ("device", "split") and not step["receipt"]["photo_left_device"]


def test_private_with_a_forced_edge_is_refused_with_the_reason(stack: Stack, photo: Path) -> None:
    status, _, stderr = stack.ask(photo, "What is in this photo?", "--policy", "private", "--route", "edge")
    assert status == 1 and "private" in stderr


def test_each_request_in_a_sentence_has_its_receipt(stack: Stack, photo: Path) -> None:
    turn = ask(stack, photo, "Describe this photo and tell me what colour the ball is.")
    assert [step["task"] for step in turn["plan"]["steps"]] == ["caption", "vqa"]
    assert [step["receipt"]["task"] for step in turn["steps"]] == ["caption", "vqa"]


def test_a_training_request_becomes_a_draft_and_the_rest_is_answered(stack: Stack, photo: Path) -> None:
    turn = ask(stack, photo, "Describe this photo and train a classifier on my photos.")
    tasks = {step["task"]: step["receipt"] for step in turn["steps"]}
    described = tasks["caption"]
    said = "i cannot tell" if described["certainty"] == "none" else described["answer"]
    assert tasks["train"] is None and said in turn["answer"].lower()
    assert "draft" in turn["answer"] and turn["plan"]["draft"].startswith("/federation/")


def test_a_training_request_alone_becomes_a_draft_and_nothing_is_started(stack: Stack, photo: Path) -> None:
    turn = ask(stack, photo, "Train a classifier on my photos.")
    assert "draft" in turn["answer"]
    page = stack.owner.get(turn["plan"]["draft"])
    assert page.status_code == 200 and "Start" in page.text


def test_the_socket_sends_every_step_without_a_gap(stack: Stack, photo: Path) -> None:
    first = stack.finished(stack.put("Describe this photo.", photo=stack.upload(photo.read_bytes()))["id"])
    cookie = "; ".join(f"{name}={value}" for name, value in stack.owner.cookies.items())
    address = f"{stack.url.replace('http', 'ws')}/ws/chat/{first['conversation']}/"
    with connect(address, additional_headers={"Cookie": cookie}, origin=Origin(stack.url)) as socket:
        snapshot = json.loads(socket.recv(10))
        assert [turn["id"] for turn in snapshot["turns"]] == [first["id"]]
        turn = stack.put("Is there a dog?", conversation=first["conversation"])
        events: list[dict[str, Any]] = []
        while not events or events[-1]["type"] != "turn.answer":
            events.append(json.loads(socket.recv(30)))
    numbers = [event["seq"] for event in events if event["turn"] == turn["id"]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] == turn["seq"] + 1
    kinds = [event["type"] for event in events]
    assert kinds.index("turn.plan") < kinds.index("turn.receipt") < kinds.index("turn.answer")


def test_a_script_asks_with_a_token(stack: Stack, photo: Path) -> None:
    page = stack.owner.post(
        "/account/", data={"name": "script", "csrfmiddlewaretoken": stack.owner.cookies["isthmus_csrf"]}
    ).text
    token = "isthmus_" + page.split("isthmus_")[1].split("<")[0].split('"')[0].strip()
    with httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {token}"}) as script:
        photo_json = script.post("/api/v1/photos", files={"photo": photo.read_bytes()}).json()
        turn = script.post("/api/v1/turns", json={"question": "Describe this photo.", "photo": photo_json["id"]}).json()
    assert stack.finished(turn["id"])["state"] == "answered"


def test_doctor_finds_nothing_wrong(stack: Stack) -> None:
    done = stack.manage("doctor")
    assert done.returncode == 0 and "All checks passed." in done.stdout, done.stdout


def test_a_second_start_in_the_same_folder_says_so_and_breaks_nothing(stack: Stack) -> None:
    second = stack.manage("up", "--port", "1")
    assert second.returncode != 0 and f"already runs in this folder at {stack.url}" in second.stderr
    assert stack.ready()
