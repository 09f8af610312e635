"""The model of a training run as the watcher: chosen, sent to the device, signed, and what is said where it cannot be."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from devices.contract.watches import TrainedWatcher
from devices.models import Node
from devices.registry import enrolment
from inference.watches import lifecycle, obstacles
from inference.watches.models import Event, Watch
from tests.devices.conftest import FINGERPRINT, Board
from tests.watches.server.calls import deliver, event, make
from tests.watches.server.trained import WEIGHTS, finished
from webapp.live.errors import UserError

WHISKERS = {"looks_for": "whiskers"}


@pytest.fixture
def var(settings: Any, tmp_path: Path, owner: Any) -> Path:
    """With run 3, which tells Whiskers and an empty yard apart."""
    settings.VAR_DIR = tmp_path
    finished(tmp_path, owner)
    return tmp_path


def sent(device: Board) -> list[dict[str, Any]]:
    """What the device is to evaluate, whatever it had before."""
    watches: list[dict[str, Any]] = device.beat(watches="0" * 16, queue=0).json()["watches"]["watches"]
    return watches


def model_of(watch: dict[str, Any]) -> TrainedWatcher:
    return TrainedWatcher.model_validate(watch["model"])


def obstacle(watch: int) -> str:
    obstacles.refresh()
    return Watch.objects.get(pk=watch).obstacle


def test_its_device_gets_the_model_signed_with_its_own_token_and_the_class_as_the_model_spells_it(
    device: Board, client: Any, var: Path
) -> None:
    made = make(client, run=3, settings=WHISKERS).json()
    assert (made["settings"]["looks_for"], made["classes"], made["rare"]) == ("Whiskers", ["Whiskers", "empty yard"], False)
    (watch,) = sent(device)
    model = model_of(watch)
    assert model.is_signed(device.token) and not model.is_signed("another token")
    assert not model.model_copy(update={"card": {**model.card, "classes": ["empty yard", "Whiskers"]}}).is_signed(device.token)
    answer = device.get(f"/me/watch-models/{model.digest}")
    assert answer.content == WEIGHTS + b"3" and len(answer.content) == model.bytes


@pytest.mark.parametrize(
    ("watched", "code", "sentence"),
    [
        (
            {"looks_for": "dog"},
            "unknown_class",
            "The model of run 3 does not know “dog”. Look for one of Whiskers, empty yard.",
        ),
        ({"looks_for": "", "question": "is it open?"}, "bad_watch", "The model of a training run answers no questions."),
        ({**WHISKERS, "escalates": True}, "bad_watch", "An edge cannot check what the model of a training run sees."),
    ],
)
def test_what_such_a_model_cannot_do_is_refused(
    device: Board, client: Any, var: Path, watched: dict[str, Any], code: str, sentence: str
) -> None:
    error = make(client, run=3, settings=watched).json()["error"]
    assert error["code"] == code and f"{error['message']} {error['next']}".startswith(sentence)
    assert not Watch.objects.exists()


def test_a_run_that_is_deleted_ends_the_watch_and_says_so(device: Board, client: Any, var: Path) -> None:
    number = make(client, run=3, settings=WHISKERS).json()["id"]
    deliver(device, event(1))
    assert obstacle(number) == ""
    shutil.rmtree(var / "federated" / "3")
    Node.objects.update(last_seen=timezone.now() - timedelta(seconds=60))
    assert obstacle(number) == "no_model", "also while its device is away: only a person can change that"
    assert Event.objects.get().ended is not None, "no device says any more that it is over"
    assert sent(device) == []
    assert client.get(f"/watches/{number}/").status_code == 200
    again = client.post(f"/api/v1/watches/{number}/switch", {"on": True}, content_type="application/json").json()["error"]
    assert (again["code"], again["next"]) == ("no_model", "Choose another model.")


def test_a_class_that_the_model_has_no_longer_is_an_obstacle(device: Board, client: Any, owner: Any, var: Path) -> None:
    number = make(client, run=3, settings=WHISKERS).json()["id"]
    assert len(sent(device)) == 1
    finished(var, owner, classes=("Tom", "empty yard"))  # stopped, and resumed with other photos on its devices
    assert obstacle(number) == "no_class" and sent(device) == []
    finished(var, owner)
    assert obstacle(number) == "" and len(sent(device)) == 1


def test_a_device_that_is_away_when_the_watch_is_made_follows_once_it_is_back(device: Board, client: Any, var: Path) -> None:
    Node.objects.update(last_seen=timezone.now() - timedelta(seconds=60))
    number = make(client, run=3, settings=WHISKERS).json()["id"]
    assert obstacle(number) == "offline" and not Watch.objects.get().applied
    offered = device.beat(watches="").json()["watches"]
    device.beat(watches=offered["digest"])
    assert obstacle(number) == "" and Watch.objects.get().applied


def test_a_board_that_replaces_the_device_gets_the_model_signed_for_itself(device: Board, client: Any, var: Path) -> None:
    make(client, run=3, settings=WHISKERS)
    digest = model_of(sent(device)[0]).digest
    code = enrolment.create_code(name="jetson-a", tier="device", preapproved=True, replace=True)
    node, token = enrolment.join(code, FINGERPRINT, {"hostname": "orin-2"})
    replacement = Board(node, token, "")
    replacement.beat(hardware={"cameras": [{"name": "porch"}]}, watches="", unable={})
    model = model_of(sent(replacement)[0])
    assert model.is_signed(token) and not model.is_signed(device.token)
    assert device.get(f"/me/watch-models/{digest}").status_code == 401
    assert replacement.get(f"/me/watch-models/{digest}").status_code == 200


def test_a_newer_run_with_the_class_is_offered_and_what_stands_raised_stays_when_it_is_chosen(
    device: Board, client: Any, owner: Any, var: Path
) -> None:
    made = make(client, run=3, settings=WHISKERS).json()
    deliver(device, event(1))
    assert made["newer"] is None
    finished(var, owner, 4, ("Tom", "empty yard"))
    finished(var, owner, 5, ("whiskers", "empty yard", "Tom"))
    shown = client.get(f"/api/v1/watches/{made['id']}").json()
    assert (shown["newer"], shown["run"]) == (5, 3)
    body = {"node": "jetson-a", "camera": "porch", "run": 5, "settings": WHISKERS}
    changed = client.put(f"/api/v1/watches/{made['id']}", body, content_type="application/json").json()
    assert (changed["run"], changed["newer"], changed["settings"]["looks_for"]) == (5, None, "whiskers")
    (watch,) = sent(device)
    assert (watch["id"], watch["version"], watch["model"]["run"]) == (made["id"], 2, 5)
    assert Event.objects.get().ended is None


def test_what_a_device_says_of_a_watch_that_it_cannot_evaluate_is_on_its_card(device: Board, client: Any, var: Path) -> None:
    number = make(client, run=3, settings=WHISKERS).json()["id"]
    why = "This node lacks torch."
    device.beat(watches="", unable={str(number): why, "999": "of a watch that was deleted"})
    assert obstacle(number) == "unable"
    assert client.get(f"/api/v1/watches/{number}").json()["unable"] == why
    device.beat(watches="")
    assert obstacle(number) == "unable"
    device.beat(watches="", unable={})
    assert obstacle(number) == "" and Watch.objects.get().unable == ""


def test_an_edge_is_not_asked_about_what_only_the_run_knows(device: Board, client: Any, var: Path) -> None:
    make(client, run=3, settings=WHISKERS)
    Watch.objects.update(settings={**Watch.objects.get().settings, "escalates": True})  # of an earlier version
    deliver(device, event(1, sure=False, confidence=0.61, has_snapshot=True))
    assert Event.objects.get().check_state == ""


def test_a_sentence_names_the_run_or_a_thing_that_only_a_run_knows(device: Board, owner: Any, var: Path) -> None:
    named = lifecycle.draft(owner, uuid4(), {"camera": "yard", "looks_for": "whiskers", "run": 3}, {"run": "run 3"})
    assert (named.state, named.run, named.settings["looks_for"]) == ("draft", 3, "Whiskers")
    finished(var, owner, 4, ("whiskers", "empty yard"))
    assert lifecycle.draft(owner, uuid4(), {"looks_for": "whiskers"}, {}).run == 4
    assert lifecycle.draft(owner, uuid4(), {"looks_for": "dog"}, {}).run is None
    with pytest.raises(UserError) as error:
        lifecycle.draft(owner, uuid4(), {"looks_for": "dog", "run": 3}, {})
    assert error.value.code == "unknown_class"


def test_a_thing_that_no_bundled_model_knows_is_pointed_to_the_run_that_does(
    device: Board, client: Any, owner: Any, var: Path
) -> None:
    finished(var, owner, 7, ("Mauzi von Xyz", "nobody"))
    error = make(client, settings={"looks_for": "mauzi von xyz"}).json()["error"]
    assert error["next"] == "Run 7 has a class of that name: choose it as the model."


def test_another_persons_run_is_none(
    device: Board, client: Any, client_of: Callable[[Any], Any], colleague: Any, var: Path
) -> None:
    finished(var, colleague, 8)
    assert make(client, run=8, settings=WHISKERS).json()["error"]["code"] == "no_model"


def test_the_form_lists_the_runs_with_their_classes_and_can_choose_one(
    device: Board, client: Any, owner: Any, var: Path
) -> None:
    finished(var, owner, 5, ("Whiskers", "Tom"), accuracy=None)
    boot = client.get("/watches/new/?run=5").context["boot"]
    assert boot["run"] == "5"
    assert [(run["run"], list(run["classes"]), run["accuracy"]) for run in boot["runs"]] == [
        (5, ["Whiskers", "Tom"], None),
        (3, ["Whiskers", "empty yard"], 0.9),
    ]
