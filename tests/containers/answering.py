"""Questions by every route, the settings of `.env`, and a federated run."""

import json
import time
from typing import Any

from tests.containers.first_start import DEVICES, visitor
from tests.containers.project import Project
from tests.containers.visitor import Visitor, draw_photo
from tests.transcript import Transcript, require, wait_until

QUESTION = "What is in this photo?"
SPEC = {"dataset": "digits", "model": "cnn-small", "clients": 3, "rounds": 3, "compression": "none"}


def routes(project: Project, transcript: Transcript) -> None:
    transcript.chapter("Questions")
    person = visitor(project)
    photo = draw_photo(1)
    for route in ("device", "edge", "split"):
        with transcript.check(f"a question by the route {route}") as notes:
            notes.append(_asked(person, photo, route))
    with transcript.check("a question by the route that placement chooses") as notes:
        notes.append(_asked(person, photo, None))
    with transcript.check("a board outside answers") as notes:
        turn = person.ask(QUESTION, photo=person.upload(photo).json()["id"], node="board-1", route="device")
        notes.append(_describe(turn))
    with transcript.check("`manage.py ask` from the shell"):
        project.compose("cp", str(_file(project, photo)), "web:/tmp/photo.jpg")
        out = project.inside("web", "python", "manage.py", "ask", "/tmp/photo.jpg", QUESTION, "--json")
        require(json.loads(out.strip().splitlines()[-1])["state"] == "answered", "it is answered")


def _file(project: Project, photo: bytes) -> Any:
    file = project.folder / "photo.jpg"
    file.write_bytes(photo)
    file.chmod(0o644)
    return file


def _asked(person: Visitor, photo: bytes, route: str | None) -> str:
    turn = person.ask(QUESTION, photo=person.upload(photo).json()["id"], route=route, node=DEVICES[0])
    receipt = turn["steps"][0]["receipt"]
    require(route in (None, receipt["route"]), f"the receipt says {route}, not {receipt['route']}")
    require(receipt["actual_ms"]["total"] > 0, "the receipt has its times")
    sends = receipt["bytes"]["uplink"]
    require((sends == 0) == (receipt["route"] == "device"), f"{receipt['route']} sends {sends} bytes")
    return _describe(turn)


def _describe(turn: dict[str, Any]) -> str:
    receipt = turn["steps"][0]["receipt"]
    return f"{receipt['bytes']['uplink']:,} B, {receipt['actual_ms']['total']:.0f} ms"


def settings(project: Project, transcript: Transcript) -> None:
    transcript.chapter("Settings of .env")
    person = visitor(project)
    with transcript.check("the web app follows them"):
        large = draw_photo(2, (1800, 1800), noise=True)
        require(len(large) > 3 * 1024 * 1024, "the photo is larger than the limit that was set")
        require(person.upload(large).status_code == 413, "a photo over ISTHMUS_PHOTO_MAX_MB is refused")
    with transcript.check("nodes get theirs"):
        output = project.inside("device", "printenv", "ISTHMUS_KEEP_FEATURES_MB")
        require(output.strip() == "32", "ISTHMUS_KEEP_FEATURES_MB reaches the device")
    with transcript.check("the health checks find nothing else wrong"):
        output = project.inside("web", "sh", "-c", "python manage.py doctor || true")
        require("FAULT" not in output, f"`manage.py doctor` finds no fault: {output}")


def federated_run(project: Project, transcript: Transcript) -> None:
    transcript.chapter("Federated training")
    person = visitor(project)
    with transcript.check("three clients train the digits") as notes:
        answer = person.post("/api/v1/federation/runs", json={"spec": SPEC, "start": True})
        require(answer.status_code == 201, f"the run starts, not {answer.status_code} {answer.text[:300]}")
        number, started = answer.json()["run"], time.monotonic()
        run: dict[str, Any] = {}

        def ended() -> bool:
            run.update(person.get(f"/api/v1/federation/runs/{number}").json())
            return bool(run.get("final"))

        wait_until(ended, 900, "the run ends", every=2)
        require(run["state"] == "done", f"the run finishes, not {run['state']}: {run.get('error')}")
        rounds = run["rounds"]
        require(len(rounds) >= SPEC["rounds"], "every round is booked")
        notes.append(f"{len(rounds)} rounds in {time.monotonic() - started:.0f} s, accuracy {rounds[-1].get('accuracy')}")
