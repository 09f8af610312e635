"""Models that do not fit beside the present ones, processes that are killed, lost power: a node starts with one of both."""

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.agent import capabilities, config
from devices.agent.capabilities import NoRoom, Unavailable
from devices.agent.config import Config
from devices.agent.home import model_trial
from devices.agent.home.model_change import ENDED, ModelChange
from tests.agent.model_board import DIGEST, LARGE, Answering, again, follow, join, settled, stored

ROOT = Path(__file__).resolve().parents[2]
NO_ROOM = "Its memory holds one set of models: it answers again once the paper models are loaded."


def test_where_both_do_not_fit_it_starts_over_with_the_others(
    change: ModelChange, answering: Answering, joined_home: Path, restarts: list[str]
) -> None:
    answering.trouble["change"] = NoRoom(NO_ROOM)
    assert follow(change) is None and restarts == [NO_ROOM] and stored(joined_home) == ("compact", 0)
    notes, restarted = list[str](), again(joined_home)
    start = answering.start
    answering.start = lambda app, runtime: notes.append(restarted.note) or start(app, runtime)  # type: ignore[assignment]
    assert restarted.start(None) == {"name": "paper"} and answering.started == [("paper", DIGEST)]  # type: ignore[arg-type]
    assert notes == [NO_ROOM] and restarted.note == ""
    assert settled(restarted) == {} and stored(joined_home) == ("paper", 3) and model_trial.read(joined_home) is None


def test_where_the_others_then_fail_it_comes_back_with_those_it_had(
    change: ModelChange, answering: Answering, joined_home: Path
) -> None:
    answering.trouble = {"change": NoRoom(NO_ROOM), "start paper": Unavailable("onnx: Its vqa.logits differ.")}
    follow(change)
    restarted = again(joined_home)
    assert restarted.start(None) == {"name": "compact"} and answering.started == [("compact", "")]  # type: ignore[arg-type]
    assert restarted.refused is not None and restarted.refused.why == "onnx: Its vqa.logits differ."
    assert (restarted.refused.choice, restarted.refused.bundle) == (3, DIGEST)
    assert settled(restarted) is None and stored(joined_home) == ("compact", 0) and model_trial.read(joined_home) is None
    restarted.offered(LARGE)
    assert not restarted.is_under_way, "the same offer is not followed again"


def test_a_trial_of_an_earlier_choice_is_forgotten(change: ModelChange, answering: Answering, joined_home: Path) -> None:
    answering.trouble["change"] = NoRoom(NO_ROOM)
    follow(change)
    node = config.load(joined_home)
    config.save(joined_home, Config(**{**vars(node), "choice": 4}))
    restarted = again(joined_home)
    assert restarted.start(None) == {"name": "compact"} and restarted.refused is None  # type: ignore[arg-type]


KILLED = """
    import sys
    sys.path.insert(0, {root!r})
    from pathlib import Path
    import os, signal, threading
    from devices.agent import capabilities, config
    from devices.agent.home.model_change import ModelChange
    from devices.agent.runtime import Runtime
    from devices.contract.heartbeat import Models
    from tests.agent.model_board import LARGE, Answering

    def killed(*_):  # as by the kernel, when memory runs out
        os.kill(os.getpid(), signal.SIGKILL)

    class Large(Answering):
        change = killed

        def start(self, app, runtime):
            return killed() if runtime.profile_name == "paper" else super().start(app, runtime)

    capability, home = Large(), Path({home!r})
    capabilities.find = lambda name: capability
    change = ModelChange(Runtime(home, config.load(home)))
    print(change.start(None)["name"], change.refused.why if change.refused else "", flush=True)
    change.offered(LARGE)
    change._thread and change._thread.join()
"""


def test_a_process_that_is_killed_twice_while_it_loads_them_stays_with_those_it_had(joined_home: Path) -> None:
    code = textwrap.dedent(KILLED).format(root=str(ROOT), home=str(joined_home))
    runs = [
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False) for _ in range(3)
    ]
    assert [run.returncode for run in runs] == [-9, -9, 0], runs[-1].stderr
    assert [run.stdout.strip() for run in runs] == ["compact", "", f"compact {ENDED}"]
    assert stored(joined_home) == ("compact", 0)


class PowerLost(BaseException):
    pass


@pytest.fixture
def instants(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], list[str]]]:
    """Power is lost at the n-th of the moments at which something is written."""
    written: list[str] = []

    def lose(number: int) -> list[str]:
        written.clear()

        def watched(name: str, write: Callable[..., Any]) -> Callable[..., Any]:
            def run(*arguments: Any, **options: Any) -> Any:
                for when in ("before", "after"):
                    if when == "after":
                        result = write(*arguments, **options)
                    written.append(f"{when} {name}")
                    if len(written) == number:
                        raise PowerLost
                return result

            return run

        monkeypatch.undo()
        for name in ("replace_private", "save"):
            monkeypatch.setattr(config, name, watched(name, getattr(config, name)))
        monkeypatch.setattr(model_trial, "end", watched("end", model_trial.end))
        return written

    yield lose


def test_power_lost_at_any_moment_leaves_one_of_both(
    joined_home: Path, instants: Callable[[int], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    moments, number = set[str](), 0
    while True:
        number += 1
        join(joined_home)
        model_trial.end(joined_home)
        written, capability = instants(number), Answering()
        monkeypatch.setattr(capabilities, "find", lambda name: capability)  # noqa: B023
        change = again(joined_home)
        try:
            change._change(LARGE)
            change.settle()
        except PowerLost:
            moments.add(written[-1])
        else:
            break
        monkeypatch.undo()
        monkeypatch.setattr(capabilities, "find", lambda name: capability)  # noqa: B023
        for part in joined_home.glob("*.part"):
            part.write_text("{")  # what was never written out
        restarted = again(joined_home)
        profile = restarted.start(None)  # type: ignore[arg-type]
        restarted.settle()
        assert profile is not None and stored(joined_home) in (("compact", 0), ("paper", 3))
        assert profile["name"] == stored(joined_home)[0] and model_trial.read(joined_home) is None
    assert len(moments) >= 4, moments
