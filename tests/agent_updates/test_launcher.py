"""Which agent starts, what is tried, and what is taken back: the launcher with real processes."""

import json
import signal
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from devices.agent.update import releases
from tests.agent_updates.board import (
    CRASHES,
    INSTALLED,
    NEW,
    OLD,
    REPORTS,
    STATE,
    TRIAL,
    TRIAL_S,
    Launch,
    home_with,
    put_release,
    state_of,
    wait_until_started,
)
from tests.agent_updates.board import home as home
from tests.agent_updates.wheels import serving


def test_the_installers_agent_starts_first(tmp_path: Path) -> None:
    launch = Launch(home_with(tmp_path, STATE))
    assert (launch.ended(), launch.starts) == (0, "1")


def test_what_was_adopted_starts_afterwards(tmp_path: Path) -> None:
    home = home_with(tmp_path, replace(STATE, current=OLD))
    put_release(home, OLD, "sys.exit(7)")
    launch = Launch(home)
    assert (launch.ended(), launch.starts) == (7, "2"), "the exit status is the agent's"


def test_one_that_reports_is_adopted(home: Path) -> None:
    put_release(home, NEW, "reported.touch(); ready.touch(); time.sleep(5); sys.exit(3)")
    launch = Launch(home)
    assert (launch.ended(), launch.starts) == (3, "3")
    assert state_of(home) == replace(STATE, current=NEW, previous=OLD)


def test_one_that_is_silent_is_taken_back(home: Path) -> None:
    put_release(home, NEW, "time.sleep(60)")
    launch = Launch(home)
    assert (launch.ended(), launch.starts) == (0, "32")
    assert state_of(home) == replace(STATE, current=OLD, failed=NEW, why="It did not report to the server within 3 s.")


@pytest.mark.long
def test_one_that_never_loads_its_models_is_taken_back(home: Path) -> None:
    put_release(home, NEW, "reported.touch(); time.sleep(60)")
    launch = Launch(home)
    assert (launch.ended(), launch.starts) == (0, "32")
    assert state_of(home) == replace(STATE, current=OLD, failed=NEW, why="It did not load its models within 5 s.")


def test_one_that_takes_longer_to_load_them_is_adopted(home: Path) -> None:
    slow = TRIAL_S + 1
    put_release(home, NEW, f"reported.touch(); time.sleep({slow}); ready.touch(); time.sleep(2); sys.exit(3)")
    assert Launch(home).ended() == 3
    assert state_of(home) == replace(STATE, current=NEW, previous=OLD)


@pytest.mark.long
def test_it_is_not_blamed_for_a_server_that_is_away(home: Path) -> None:
    """Neither it nor the launcher gets an answer; then the server is back."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    (home / "agent.json").write_text(json.dumps({"server": f"http://127.0.0.1:{port}", "token": "secret"}))
    silent = 2 * TRIAL_S + 1
    put_release(home, NEW, f"time.sleep({silent}); reported.touch(); ready.touch(); time.sleep(2); sys.exit(3)")
    assert Launch(home).ended() == 3
    assert state_of(home) == replace(STATE, current=NEW, previous=OLD)


def test_one_that_is_silent_while_the_server_answers_is_blamed(home: Path) -> None:
    with serving(lambda: b"") as url:
        (home / "agent.json").write_text(json.dumps({"server": url, "token": "secret"}))
        put_release(home, NEW, "time.sleep(60)")
        launch = Launch(home)
        launch.ended()
    assert (launch.starts, state_of(home).failed) == ("32", NEW)


def test_two_launchers_of_one_home_do_not_meet(home: Path) -> None:
    put_release(home, NEW, REPORTS)
    first = Launch(home)
    wait_until_started(first, "3")
    second = Launch(home)
    assert (second.ended(), first.starts) == (2, "3")
    first.process.send_signal(signal.SIGTERM)
    first.ended()


def test_one_that_ends_three_times_is_taken_back(home: Path) -> None:
    put_release(home, NEW, CRASHES)
    launch = Launch(home)
    assert (launch.ended(), launch.starts) == (0, "3332")
    assert state_of(home).why == "It ended 3 times before it worked, with status 1."
    assert state_of(home).failed == NEW


def test_one_that_crashes_after_its_report_is_taken_back_too(home: Path) -> None:
    put_release(home, NEW, f"reported.touch(); {CRASHES}")
    launch = Launch(home)
    launch.ended()
    assert launch.starts == "3332"


def test_without_an_earlier_one_the_installers_comes_back(tmp_path: Path) -> None:
    home = home_with(tmp_path, replace(STATE, trial=NEW))
    put_release(home, NEW, CRASHES)
    launch = Launch(home)
    launch.ended()
    assert launch.starts == "3331"


def test_a_report_of_an_earlier_start_does_not_count(home: Path) -> None:
    (home / releases.FOLDER / releases.REPORTED).touch()
    put_release(home, NEW, "time.sleep(60)")
    launch = Launch(home)
    launch.ended()
    assert state_of(home).failed == NEW


def test_the_agent_before_has_the_last_word_on_whether_the_node_is_revoked(home: Path) -> None:
    """Its service is not started again after that, so a mistake of the new one would lose the board."""
    put_release(home, NEW, "sys.exit(3)")
    launch = Launch(home)
    assert (launch.ended(), launch.starts) == (0, "3332")
    put_release(home, OLD, "sys.exit(3)")
    assert Launch(home).ended() == 3


def test_stopping_the_service_says_nothing_about_what_is_tried(home: Path) -> None:
    put_release(home, NEW, REPORTS)
    launch = Launch(home)
    wait_until_started(launch, "3")
    launch.process.send_signal(signal.SIGTERM)
    launch.ended()
    assert state_of(home) == TRIAL


def test_an_agent_that_asks_for_it_is_replaced_at_once(tmp_path: Path) -> None:
    """As one does that has put another beside itself."""
    home = home_with(tmp_path, STATE)
    put_release(home, NEW, "reported.touch(); ready.touch(); time.sleep(5); sys.exit(3)")
    step = "from devices.agent.update import releases\n"
    step += f"releases.save(home, releases.read(home).tried({NEW!r}))\nsys.exit(76)"
    launch = Launch(home, base=step)
    assert (launch.ended(), launch.starts) == (3, "13")


def test_a_full_disk_starts_what_there_is(home: Path) -> None:
    """Attempts cannot be counted, so nothing is tried."""
    put_release(home, NEW, CRASHES)
    (home / releases.FOLDER / f"{releases.FILE}.part").mkdir()
    launch = Launch(home)
    assert (launch.ended(), launch.starts) == (0, "2")


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", '{"installed": 5}', '{"current": "2"}', f'{{"installed": "{INSTALLED}", "attempts": null}}'),
        f'{{"installed": "{INSTALLED}", "current": "../../elsewhere"}}',
    ],
)
def test_a_damaged_file_starts_the_installers(home: Path, text: str) -> None:
    (home / releases.FOLDER / releases.FILE).write_text(text)
    launch = Launch(home)
    launch.ended()
    assert launch.starts in ("n", "1")


def test_a_field_of_a_later_version_is_ignored(home: Path) -> None:
    file = home / releases.FOLDER / releases.FILE
    file.write_text(file.read_text().replace("{", '{"later": 1, ', 1))
    assert state_of(home) == TRIAL
