"""A node changes to other models: they are fetched, loaded and checked before the present ones go."""

import os
import time
from pathlib import Path

import pytest

from devices.agent import config
from devices.agent.capabilities import Unavailable
from devices.agent.heartbeat import Heartbeat
from devices.agent.home import model_change, model_trial
from devices.agent.home.model_change import NICENESS, RETRY_S, ModelChange
from devices.contract.heartbeat import Models
from tests.agent.model_board import DIGEST, LARGE, Answering, follow, settled, stored


def test_it_answers_with_the_others_and_stores_that(change: ModelChange, answering: Answering, joined_home: Path) -> None:
    assert follow(change) == {"name": "paper"}
    assert answering.changed == [LARGE] and stored(joined_home) == ("paper", 3)
    assert change.refused is None and change.note == "" and model_trial.read(joined_home) is None


def test_the_heartbeat_reports_the_new_models(change: ModelChange, joined_home: Path) -> None:
    beat, reports = Heartbeat(config.load(joined_home), change.runtime, print, models=change), list[object]()
    change.runtime.report = reports.append
    change.offered(LARGE)
    assert change._thread is not None
    change._thread.join(10)
    beat._settle()
    assert reports == [{"name": "paper"}] and beat._now()["choice"] == LARGE.choice
    beat._settle()
    assert len(reports) == 1


def test_nothing_is_given_up_before_the_others_have_answered(
    change: ModelChange, answering: Answering, joined_home: Path
) -> None:
    answering.leave.clear()
    change.offered(LARGE)
    assert answering.fetching.wait(5) and change.is_under_way and change.note == "It fetches."
    assert settled(change) is None and stored(joined_home) == ("compact", 0) and not answering.changed
    change.offered(Models(profile="compact", choice=4))  # one at a time
    answering.leave.set()
    assert change._thread is not None
    change._thread.join(5)
    assert settled(change) == {"name": "paper"}


def test_it_fetches_at_low_priority_and_loads_at_its_own(change: ModelChange, answering: Answering) -> None:
    """The threads that an engine starts to compute with inherit the priority of the one that loads it."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    follow(change)
    assert answering.niceness == {"fetch": max(NICENESS, before), "change": before}


@pytest.mark.parametrize(
    ("step", "error", "sentence"),
    [
        (
            "fetch",
            Unavailable("The server could not export the paper models."),
            "The server could not export the paper models.",
        ),
        (
            "fetch",
            OSError(28, "No space left on device"),
            "Its folder could not be written ([Errno 28] No space left on device).",
        ),
        ("change", Unavailable("onnx: Its vqa.logits differ."), "onnx: Its vqa.logits differ."),
        ("change", MemoryError(), "They fail on this machine (MemoryError); its log says more."),
    ],
)
def test_it_keeps_its_models_where_it_cannot_change_and_says_why(
    step: str,
    error: Exception,
    sentence: str,
    change: ModelChange,
    answering: Answering,
    joined_home: Path,
    restarts: list[str],
) -> None:
    answering.trouble[step] = error
    assert follow(change) is None and stored(joined_home) == ("compact", 0) and not restarts
    assert change.refused is not None
    assert change.refused.model_dump() == {"choice": 3, "bundle": DIGEST, "why": sentence}
    assert model_trial.read(joined_home) is None and change.note == ""


def test_models_that_cannot_be_had_here_are_refused_before_anything_is_fetched(
    change: ModelChange, answering: Answering
) -> None:
    assert follow(change, Models(profile="absent", choice=3)) is None
    assert change.refused is not None and change.refused.why == "There are no absent models here."
    assert not answering.fetching.is_set()


def test_what_was_refused_is_not_tried_again_unless_it_may_pass(
    change: ModelChange, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(model_change.time, "monotonic", lambda: now)
    answering.trouble["fetch"] = Unavailable("The server does not answer.", passes=True)
    follow(change)
    answering.fetching.clear()
    follow(change)
    assert not answering.fetching.is_set()
    now += RETRY_S
    assert change.refused is None, "the server offers them again"
    del answering.trouble["fetch"]
    assert follow(change) is not None


def test_another_export_of_refused_models_is_tried(change: ModelChange, answering: Answering) -> None:
    answering.trouble["change"] = Unavailable("Its vqa.logits differ.")
    follow(change)
    del answering.trouble["change"]
    assert follow(change, LARGE.model_copy(update={"bundle": "c" * 16})) is not None


def test_an_offer_that_was_just_followed_is_not_followed_again(change: ModelChange, answering: Answering) -> None:
    """Its reply was on the way meanwhile."""
    follow(change)
    change.offered(LARGE)
    assert not change.is_under_way and len(answering.changed) == 1


def test_a_node_that_answers_nothing_follows_every_choice(
    change: ModelChange, answering: Answering, joined_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "obstacle", lambda: "Answering needs ONNX Runtime.")
    assert follow(change) == {} and stored(joined_home) == ("paper", 3) and not answering.fetching.is_set()
