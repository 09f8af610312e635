"""Between any two steps of an update the power may go: the next start is with a whole agent."""

from dataclasses import replace
from pathlib import Path

from devices.agent.update import releases
from tests.agent_updates.board import (
    CRASHES,
    ENDS,
    NEW,
    OLD,
    REPORTS,
    STATE,
    Launch,
    home_with,
    put_release,
    state_of,
    wait_until_started,
)
from tests.agent_updates.board import home as home


def test_in_the_download_or_the_installation(tmp_path: Path) -> None:
    home = home_with(tmp_path, replace(STATE, current=OLD))
    put_release(home, OLD, ENDS)
    (home / releases.FOLDER / f"{NEW}.work" / "files").mkdir(parents=True)
    (home / releases.FOLDER / f"{NEW}.work" / "a.whl").write_bytes(b"half")
    launch = Launch(home)
    launch.ended()
    assert launch.starts == "2"


def test_before_what_is_installed_is_named(tmp_path: Path) -> None:
    home = home_with(tmp_path, replace(STATE, current=OLD))
    put_release(home, OLD, ENDS)
    put_release(home, NEW, CRASHES)
    launch = Launch(home)
    launch.ended()
    assert launch.starts == "2"


def test_in_the_middle_of_writing_the_name(home: Path) -> None:
    releases.save(home, replace(STATE, current=OLD))
    (home / releases.FOLDER / f"{releases.FILE}.part").write_text('{"installed": "')
    launch = Launch(home)
    launch.ended()
    assert launch.starts == "2"


def test_with_files_that_never_reached_the_disk(home: Path) -> None:
    launch = Launch(home)
    launch.ended()
    assert launch.starts == "2"
    assert (state_of(home).failed, state_of(home).why) == (NEW, "Its files are missing.")


def test_in_every_attempt(home: Path) -> None:
    put_release(home, NEW, REPORTS)
    for attempt in range(releases.MOST_ATTEMPTS):
        launch = Launch(home)
        wait_until_started(launch, "3" * (attempt + 1))
        launch.lose_power()
    launch = Launch(home)
    launch.ended()
    assert launch.starts == "3332"
    assert state_of(home).why == "This node was switched off 3 times while it was tried."


def test_after_it_was_adopted(tmp_path: Path) -> None:
    home = home_with(tmp_path, replace(STATE, current=NEW, previous=OLD))
    put_release(home, OLD, CRASHES)
    put_release(home, NEW, ENDS)
    launch = Launch(home)
    assert (launch.ended(), launch.starts) == (0, "3")
