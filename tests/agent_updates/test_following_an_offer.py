"""What an agent makes of offers: which it follows, which not, and what it remembers of those that failed."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from devices.agent.server import Server
from devices.agent.update import agent_update, launcher, releases, staging
from devices.agent.update.agent_update import AgentUpdate
from devices.agent.update.releases import Releases
from devices.agent.update.staging import Stays
from devices.contract.updates import AgentWheel
from tests.agent_updates.board import INSTALLED, NEW, OLD, home_with
from tests.agent_updates.wheels import offer_of

SERVER = Server("http://127.0.0.1:9", "secret")
STATE = Releases(installed=INSTALLED)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(launcher.ENVIRONMENT, INSTALLED)
    return home_with(tmp_path, STATE)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    wheel = tmp_path / "isthmus_agent-99.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    return wheel


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The requests of the offers that were followed."""
    requests: list[int] = []
    monkeypatch.setattr(staging, "stage", lambda home, server, offer, say: requests.append(offer.request))
    return requests


def failing(why: str, passes: bool) -> Callable[..., None]:
    def stage(home: Path, server: Server, offer: AgentWheel, say: object) -> None:
        raise Stays(why, passes)

    return stage


def follow(update: AgentUpdate, offer: AgentWheel) -> None:
    update.offered(offer, SERVER)
    if update._thread is not None:
        update._thread.join(10)


def state_of(home: Path) -> Releases:
    state = releases.read(home)
    assert state is not None
    return state


def test_what_is_staged_is_tried_and_the_process_ends(home: Path, wheel: Path, staged: list[int]) -> None:
    ends: list[bool] = []
    offer = offer_of(wheel)
    follow(AgentUpdate(home, lambda: ends.append(True)), offer)
    assert (staged, ends, state_of(home)) == ([0], [True], STATE.tried(offer.digest))


@pytest.mark.parametrize(
    "change", [{"request": 1}, {"size": 5}, {"name": "isthmus_agent-98.0-py3-none-any.whl"}, {"digest": NEW}]
)
def test_an_offer_that_was_changed_on_its_way(home: Path, wheel: Path, staged: list[int], change: dict[str, object]) -> None:
    update = AgentUpdate(home)
    follow(update, offer_of(wheel).model_copy(update=change))
    assert (staged, state_of(home)) == ([], STATE)
    assert update.state is not None and "has not signed" in update.state.note
    follow(update, offer_of(wheel))
    assert staged == [0], "the true one is followed afterwards"


def test_the_offer_of_another_node(home: Path, wheel: Path, staged: list[int]) -> None:
    follow(AgentUpdate(home), offer_of(wheel, token="of another node"))
    assert staged == []


def test_what_failed_is_not_tried_again_until_somebody_asks(home: Path, wheel: Path, staged: list[int]) -> None:
    offer, again = offer_of(wheel), offer_of(wheel, request=1)
    releases.save(home, STATE.tried(offer.digest).rolled_back("It ended 3 times."))
    follow(AgentUpdate(home), offer)
    assert staged == []
    follow(AgentUpdate(home), again)
    assert (staged, state_of(home).trial, state_of(home).request) == ([1], offer.digest, 1)


def test_a_failure_names_the_request_and_outlives_a_restart(home: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "stage", failing("It needs absent-thing>=9.", passes=False))
    follow(AgentUpdate(home), offer_of(wheel, request=4))
    state = AgentUpdate(home).state
    assert state is not None
    assert (state.digest, state.request, state.failed) == (offer_of(wheel).digest, 4, "It needs absent-thing>=9.")


def test_what_may_pass_is_tried_three_times(home: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "stage", failing("The server does not answer.", passes=True))
    clock = [time.monotonic()]
    monkeypatch.setattr(agent_update.time, "monotonic", lambda: clock[0])
    update = AgentUpdate(home)
    for _ in range(agent_update.MOST_TRIES - 1):
        follow(update, offer_of(wheel))
        assert update.state is not None and not update.state.failed and "again in 10 minutes" in update.state.note
        clock[0] += agent_update.RETRY_S
    follow(update, offer_of(wheel))
    assert update.state is not None and update.state.failed == "The server does not answer."


def test_while_another_is_tried_nothing_is_fetched_and_the_file_is_the_launchers(
    home: Path, wheel: Path, staged: list[int]
) -> None:
    trial = STATE.tried(OLD)
    releases.save(home, trial)
    update = AgentUpdate(home)
    update._tries = agent_update.MOST_TRIES
    follow(update, offer_of(wheel))
    assert (staged, state_of(home)) == ([], trial)


def test_what_can_no_longer_start_is_deleted_first(home: Path, wheel: Path, staged: list[int]) -> None:
    for digest in (OLD, NEW, INSTALLED):
        releases.folder_of(home, digest).mkdir()
    releases.save(home, Releases(installed="4" * 64, current=OLD))
    follow(AgentUpdate(home), offer_of(wheel))
    left = {path.name for path in (home / releases.FOLDER).iterdir()}
    assert left == {OLD, INSTALLED, releases.FILE}, "what runs stays, whatever the installer did meanwhile"


def test_nothing_is_followed_without_the_launcher(
    home: Path, wheel: Path, staged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(launcher.ENVIRONMENT)
    update = AgentUpdate(home)
    follow(update, offer_of(wheel))
    assert (staged, update.obstacle, update.wheel) == ([], agent_update.NO_LAUNCHER, "")


def test_the_launcher_hears_of_the_first_answer_and_of_models_that_are_loaded(home: Path) -> None:
    update = AgentUpdate(home)
    update.reported(is_ready=False)
    folder = home / releases.FOLDER
    assert (folder / releases.REPORTED).exists() and not (folder / releases.READY).exists()
    update.reported(is_ready=True)
    assert (folder / releases.READY).exists()
