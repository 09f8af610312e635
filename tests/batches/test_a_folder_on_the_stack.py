"""A folder on a device of the running system: its photos stay there, through an agent that is killed, to the shell's table."""

import csv
import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.harness.processes import wait_for
from bench.harness.stack import OWNER, Stack
from tests.batches.test_batches_on_the_stack import BATCH_S, QUESTION, URL, _done, _reaches
from tests.conftest import RECOVERY_S, draw_photo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
LONG_AGO = 1_000_000_000  # seconds since 1970: no other test's photos are of that day
UNTIL = "2001-09-20T00:00:00Z"
FOLDER = {"device": "jetson-a", "folder": "shots", "until": UNTIL}


@pytest.fixture
def shots(stack: Stack) -> Iterator[Path]:
    """The folder of the device's camera, with photos of one day long ago; the camera's newest stays the newest."""
    place = stack.var / "shots"
    yield place
    for file in place.glob("old-*"):
        file.unlink()


def put(shots: Path, name: str, data: bytes, number: int = 0) -> None:
    (shots / name).write_bytes(data)
    os.utime(shots / name, (LONG_AGO - number, LONG_AGO - number))


def files_of_the_server(stack: Stack) -> set[str]:
    return {file.name for file in (stack.var / "photos").iterdir()} if (stack.var / "photos").exists() else set()


def test_a_folder_is_asked_about_where_it_is(stack: Stack, shots: Path) -> None:
    for number in range(4):
        put(shots, f"old-{number}.jpg", draw_photo(700 + number), number)
    put(shots, "old-bad.jpg", b"<html>", 9)
    before = files_of_the_server(stack)
    facts = stack.owner.get(f"{URL}/folders/jetson-a/shots", params={"until": UNTIL}).json()
    assert facts["photos"] == 5
    reply = stack.owner.post(URL, json={"question": QUESTION, "folder": FOLDER, "policy": "private"})
    assert reply.status_code == 201, reply.text
    items = _done(stack, reply.json()["id"])
    assert [item["file"] for item in items] == [*(f"old-{number}.jpg" for number in range(4)), "old-bad.jpg"]
    assert [item["state"] for item in items] == ["answered"] * 4 + ["failed"]
    assert items[4]["photo"] is None and items[4]["error"]["message"] and "device" in items[4]["error"]["next"]
    assert not any(item["photo"]["on_server"] for item in items[:4])
    receipts = [step["receipt"] for item in items[:4] for step in stack.turn(item["turn"])["steps"]]
    assert {receipt["device"] for receipt in receipts} == {"jetson-a"}
    assert all(receipt["route"] != "edge" for receipt in receipts), "the photo itself does not leave the device"
    assert files_of_the_server(stack) == before, "no file of a photo came to the server"
    again = stack.owner.post(URL, json={"question": "What is in this photo?", "folder": FOLDER}).json()["id"]
    assert [item["photo"] and item["photo"]["id"] for item in _done(stack, again)] == [
        item["photo"] and item["photo"]["id"] for item in items
    ], "the same files are the same photos"


@pytest.mark.long
def test_the_shell_asks_about_a_folder_of_a_device(stack: Stack, shots: Path) -> None:
    put(shots, "old-a.jpg", draw_photo(720))
    put(shots, "old-b.jpg", draw_photo(721), 1)
    place = ("--device", "jetson-a", "--folder", "shots", "--until", UNTIL)
    done = stack.manage("ask", QUESTION, *place, "--person", OWNER, "--csv", timeout=BATCH_S)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["file"] for row in rows] == ["old-a.jpg", "old-b.jpg"] and all(row["answer"] and row["route"] for row in rows)
    assert "answered 2 of 2" in done.stderr
    for arguments, sentence in (
        (("--device", "jetson-a", "--folder", "attic"), "jetson-a has no folder attic for you."),
        (("--device", "jetson-z", "--folder", "shots"), "There is no such device."),
        ((*place, "--since", "2001-09-19"), "There are no photos of these days in shots on jetson-a."),
    ):
        done = stack.manage("ask", QUESTION, *arguments, "--person", OWNER)
        assert done.returncode == 2 and sentence in done.stderr and not done.stdout, (arguments, done.stderr)


@pytest.mark.long
def test_an_agent_that_is_killed_in_the_middle_loses_and_doubles_nothing(stack: Stack, shots: Path) -> None:
    for number in range(10):
        put(shots, f"old-{number}.jpg", draw_photo(740 + number), number)
    batch = stack.owner.post(URL, json={"question": QUESTION, "folder": FOLDER}).json()["id"]
    _reaches(stack, batch, 2)
    stack.kill(stack.node("jetson-a"))
    items: list[dict[str, Any]] = _done(stack, batch)
    assert [item["file"] for item in items] == [f"old-{number}.jpg" for number in range(10)]
    wait_for(stack.recovered, RECOVERY_S, "the stack did not recover", every=0.5)
    if stack.owner.get(f"{URL}/{batch}").json()["counts"]["failed"]:
        assert stack.owner.post(f"{URL}/{batch}/retry", json={}).status_code == 200
        items = _done(stack, batch)
    assert {item["state"] for item in items} == {"answered"}, items
    assert len({item["photo"]["id"] for item in items}) == 10


@pytest.mark.long
def test_a_device_that_falls_silent_is_waited_for(stack: Stack, shots: Path) -> None:
    for number in range(10):
        put(shots, f"old-{number}.jpg", draw_photo(760 + number), number)
    batch = stack.owner.post(URL, json={"question": QUESTION, "folder": FOLDER}).json()["id"]
    _reaches(stack, batch, 1)
    agent = stack.node("jetson-a")
    os.kill(agent, signal.SIGSTOP)
    try:
        wait_for(lambda: stack.owner.get(f"{URL}/{batch}").json()["waits"], BATCH_S, "it does not wait", every=0.5)
        row = stack.owner.get(f"{URL}/{batch}").json()
        failed = stack.owner.get(f"{URL}/{batch}/items?state=failed").json()["items"]
        assert [item["error"] for item in failed] == [] and row["state"] == "running" and row["counts"]["answered"] < 10
    finally:
        os.kill(agent, signal.SIGCONT)
    items = _done(stack, batch)
    assert [item["error"] for item in items if item["state"] != "answered"] == []
    assert len({item["photo"]["id"] for item in items}) == 10 and stack.owner.get(f"{URL}/{batch}").json()["waits"] is False
