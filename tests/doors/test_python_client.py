"""The Python client as a wheel, apart from this checkout, against the running application."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

from devices.models import Node
from inference.models import Photo, Turn
from tests.conftest import draw_photo
from tests.doors.conftest import Worker
from webapp.live.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "webapp" / "doors" / "client"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel brings, in a folder of its own."""
    folder = tmp_path_factory.mktemp("client")
    wheel = next(iter(WheelBuilder(str(PROJECT)).build(directory=str(folder), versions=["standard"])))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def isthmus(installed: Path, address: str, token: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(installed))
    import isthmus_client

    assert Path(isthmus_client.__file__).is_relative_to(installed)
    with isthmus_client.Client(address, token) as client:
        yield client


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "dog.jpg"
    file.write_bytes(draw_photo())
    return file


def test_the_wheel_is_typed_and_needs_httpx_alone(installed: Path) -> None:
    metadata = next(installed.glob("isthmus_client-*.dist-info/METADATA")).read_text()
    assert [line for line in metadata.splitlines() if line.startswith("Requires-Dist")] == ["Requires-Dist: httpx<1,>=0.27"]
    assert (installed / "isthmus_client" / "py.typed").exists()
    assert {file.name for file in installed.iterdir()} == {"isthmus_client", f"isthmus_client-{_version()}.dist-info"}


def _version() -> str:
    return (PROJECT / "isthmus_client" / "__init__.py").read_text().partition('VERSION = "')[2].partition('"')[0]


def test_it_imports_nothing_but_httpx_and_the_standard_library(installed: Path) -> None:
    code = (
        "import sys; before = set(sys.modules); import httpx; known = set(sys.modules); import isthmus_client; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - known}; "
        "print(sorted(new - {'isthmus_client'} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_a_question_is_answered(isthmus: Any, worker: Worker, photo: Path) -> None:
    answer = isthmus.ask(photo, "What is this?", policy="private")
    assert (answer.text, str(answer), answer.question) == (*["You asked: What is this?"] * 2, "What is this?")
    assert answer.receipts == () and answer.turn == str(Turn.objects.get().pk) and answer.photo == str(Photo.objects.get().pk)
    again = isthmus.ask(None, "What colour?", conversation=answer.conversation, fresh=True)
    assert again.photo == answer.photo and again.conversation == answer.conversation
    assert next(iter(isthmus.ask_many([(photo, "Again?")], fresh=True))).text == "You asked: Again?"
    assert list(Turn.objects.order_by("created").values_list("fresh", flat=True)) == [False, True, True]


def test_many_are_answered_in_order_and_one_that_fails_loses_no_other(isthmus: Any, worker: Worker, photo: Path) -> None:
    from isthmus_client import Answer, IsthmusError

    def answer(turn: Turn) -> str:
        if "2" in turn.question:
            raise UserError("no_device", "No device is online.", "Start one.", 503)
        return f"You asked: {turn.question}"

    worker.answer = answer
    pairs = [(photo, f"Question {number}?") for number in range(4)]
    results = list(isthmus.ask_many([*pairs, (photo.with_name("absent.jpg"), "What is this?")]))
    assert [type(result) for result in results] == [Answer, Answer, IsthmusError, Answer, IsthmusError]
    assert results[3].text == "You asked: Question 3?" and Photo.objects.count() == 1
    assert results[2].code == "no_device" and str(results[2]) == "No device is online. Start one."
    assert results[4].code == "unreadable" and "absent.jpg" in str(results[4])


def test_more_than_the_limit_at_once_wait_for_their_turn(isthmus: Any, worker: Worker, photo: Path, owner: Any) -> None:
    owner.turn_limit = 1
    owner.save()
    results = list(isthmus.ask_many([(photo, f"Question {number}?") for number in range(4)], at_once=4))
    assert [str(result) for result in results] == [f"You asked: Question {number}?" for number in range(4)]


def test_devices_are_listed(isthmus: Any, owner: Any) -> None:
    Node.objects.create(slug="jetson-a", tier="device", title="At the door")
    (device,) = isthmus.devices()
    assert (device.name, device.title, device.tier, device.state) == ("jetson-a", "At the door", "device", "unseen")
    assert device.uplink_bytes_per_s is None and not device.simulated and device.raw["slug"] == "jetson-a"


def test_who_waits_no_longer_stops_the_question(isthmus: Any, photo: Path, address: str, token: str) -> None:
    from isthmus_client import Client, IsthmusError

    with Client(address, token, patience_s=1) as hasty, pytest.raises(IsthmusError, match="No answer came within 1 seconds"):
        hasty.ask(photo, "What is this?")
    assert Turn.objects.get().state == "stopped"


def test_refusals_are_the_servers_own_sentences(isthmus: Any, address: str, photo: Path, tmp_path: Path) -> None:
    from isthmus_client import Client, IsthmusError

    text = tmp_path / "notes.txt"
    text.write_text("hello")
    with pytest.raises(IsthmusError) as raised:
        isthmus.ask(text, "What is this?")
    assert (raised.value.code, raised.value.status) == ("photo_unknown_format", 422)
    with pytest.raises(IsthmusError, match="Use one of fastest, private, best"):
        isthmus.ask(photo, "What is this?", policy="cheapest")
    with Client(address, "isthmus_wrong") as stranger, pytest.raises(IsthmusError) as raised:
        stranger.devices()
    assert raised.value.status == 401 and "create a new token" in raised.value.next


def test_an_address_without_a_server_is_said_to_be_one(isthmus: Any, photo: Path) -> None:
    from isthmus_client import Client, IsthmusError

    with Client("http://127.0.0.1:9", "isthmus_x") as lost, pytest.raises(IsthmusError, match="The server does not answer"):
        lost.devices()
    with Client("no address", "isthmus_x") as lost, pytest.raises(IsthmusError, match="The server does not answer"):
        lost.devices()
