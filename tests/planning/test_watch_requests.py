"""Requests to watch a camera become a draft; questions about a photo, and news of runs and devices, do not."""

import pytest

from inference.planning import watch_request
from inference.planning.context import Context
from inference.planning.offline import plan


@pytest.mark.parametrize(
    ("message", "spec"),
    [
        ("tell me when a dog is in the yard on camera porch", {"looks_for": "dog", "camera": "porch"}),
        ("Let me know when someone comes to the door.", {"looks_for": "person"}),
        ("Please notify me whenever there is a cat on the front camera!", {"looks_for": "cat", "camera": "front"}),
        ("alert me as soon as you see a car, camera gate", {"looks_for": "car", "camera": "gate"}),
        ("if a fox shows up on camera jetson-a/yard, tell me", {"looks_for": "fox", "camera": "jetson-a/yard"}),
        ("watch the porch for dogs", {"looks_for": "dogs", "camera": "porch"}),
        ("monitor camera gate for people", {"looks_for": "person", "camera": "gate"}),
        ("keep an eye on camera hen-house for foxes", {"looks_for": "foxes", "camera": "hen-house"}),
        ("tell me when the gate is open on camera yard", {"question": "is the gate open?", "camera": "yard"}),
        (
            "tell me when a dog is on camera porch, but not between 10 pm and 6:30 am",
            {"looks_for": "dog", "camera": "porch", "quiet": {"start": "22:00", "until": "06:30"}},
        ),
    ],
)
def test_a_request_names_what_where_and_when(message: str, spec: dict[str, object]) -> None:
    request = watch_request.read(message)
    assert request is not None and request.spec == spec
    assert request.why.keys() == spec.keys()
    planned = plan(message, Context(has_photo=False))
    assert [step.task for step in planned.steps] == ["watch"] and not planned.needs_photo


@pytest.mark.parametrize(
    ("message", "spec", "words"),
    [
        ("tell me when run 3 sees a whiskers on camera yard", {"looks_for": "whiskers", "camera": "yard"}, "run 3"),
        ("Alert me when the model of run 3 detects my cat", {"looks_for": "cat"}, "the model of run 3"),
        ("tell me if Whiskers is seen by run 3, camera yard", {"looks_for": "whiskers", "camera": "yard"}, "is seen by run 3"),
        ("watch camera yard for whiskers with run 3", {"looks_for": "whiskers", "camera": "yard"}, "with run 3"),
        ("tell me if run 3's classifier sees tom, camera front", {"looks_for": "tom", "camera": "front"}, "run 3's classifier"),
        ("tell me when whiskers is in the yard, use run 3", {"looks_for": "whiskers"}, "use run 3"),
    ],
)  # fmt: skip
def test_a_request_names_the_training_run_whose_model_watches(message: str, spec: dict[str, object], words: str) -> None:
    request = watch_request.read(message)
    assert request is not None and request.spec == {**spec, "run": 3}
    assert request.why["run"] == words and request.why.keys() == request.spec.keys()
    planned = plan(message, Context(has_photo=False, models=("run 3",)))
    assert [step.task for step in planned.steps] == ["watch"] and not planned.needs_photo


@pytest.mark.parametrize(
    "message",
    [
        "tell me if there is a dog",
        "tell me when run 3 is finished",
        "tell me when run 3 has found its model",
        "tell me when run 3 ends",
        "tell me what is in the photo",
        "is there a camera in the picture?",
        "what is the dog doing?",
        "let me know if the man wears a watch",
        "tell me when the run is finished",
        "notify me when a device goes offline",
        "watch this",
        "watch out for dogs",
        "train a model on my photos",
        "tell me when",
        "",
    ],
)
def test_other_messages_are_no_watch(message: str) -> None:
    assert watch_request.read(message) is None
