"""webapp.env: values are read, files are read, and what cannot be used is named."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from webapp import env


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def put(value: str) -> None:
        monkeypatch.setenv("THING", value)

    return put


def test_an_unset_variable_has_its_default() -> None:
    assert (env.text("THING", "a"), env.integer("THING", 3), env.number("THING", 0.5)) == ("a", 3, 0.5)
    assert env.flag("THING", default=True) is True


def test_a_file_may_hold_the_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "thing").write_text("from the file\n")
    monkeypatch.setenv("THING", "from the variable")
    monkeypatch.setenv("THING_FILE", str(tmp_path / "thing"))
    assert env.text("THING") == "from the file"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING_FILE", str(tmp_path / "nothing"))
    with pytest.raises(env.BadSetting, match=r"THING_FILE names .*nothing, which cannot be read: No such file"):
        env.text("THING")


@pytest.mark.parametrize("value", ["", "ten", "1.5", "1e3"])
def test_what_is_no_whole_number_is_refused(value: str, given: Callable[[str], None]) -> None:
    given(value)
    with pytest.raises(env.BadSetting, match="THING must be a whole number"):
        env.integer("THING", 1)


def test_what_is_no_number_is_refused(given: Callable[[str], None]) -> None:
    given("2 %")
    with pytest.raises(env.BadSetting, match="THING must be a number, not '2 %'"):
        env.number("THING", 1)


@pytest.mark.parametrize(
    ("value", "meant"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("No", False), ("", False)]
)
def test_a_flag_is_read_however_it_is_written(value: str, meant: bool, given: Callable[[str], None]) -> None:
    given(value)
    assert env.flag("THING", default=not meant) is meant


def test_what_is_no_flag_is_refused(given: Callable[[str], None]) -> None:
    given("maybe")
    with pytest.raises(env.BadSetting, match="THING must be 1 or 0"):
        env.flag("THING")


def test_a_choice_outside_the_list_is_refused_with_the_list(given: Callable[[str], None]) -> None:
    given("huge")
    with pytest.raises(env.BadSetting, match="THING must be one of compact, paper, not 'huge'"):
        env.choice("THING", ("compact", "paper"))


def test_words_are_split_at_commas_and_trimmed(given: Callable[[str], None]) -> None:
    given(" a, b,,c ")
    assert env.words("THING") == ["a", "b", "c"]


def test_a_secret_is_made_once_and_private(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "thing"
    first = env.secret("THING", file)
    assert len(first) >= 50
    assert env.secret("THING", file) == first
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_secret_from_the_environment_is_not_written_down(tmp_path: Path, given: Callable[[str], None]) -> None:
    given("mine")
    assert env.secret("THING", tmp_path / "thing") == "mine"
    assert not (tmp_path / "thing").exists()


def test_processes_that_start_together_agree_on_a_secret(tmp_path: Path) -> None:
    program = "import sys, pathlib; from webapp import env; print(env.secret('THING', pathlib.Path(sys.argv[1])))"
    command = [sys.executable, "-S", "-c", program, str(tmp_path / "thing")]
    root = Path(__file__).resolve().parents[2]
    for _ in range(3):
        (tmp_path / "thing").unlink(missing_ok=True)
        started = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(8)]
        told = {process.communicate(timeout=30)[0] for process in started}
        assert len(told) == 1
        assert len(told.pop().strip()) >= 50


def test_a_start_with_a_bad_setting_says_which(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=Path(__file__).resolve().parents[2],
        env={"PATH": "/usr/bin:/bin", "ISTHMUS_VAR": str(tmp_path), "ISTHMUS_TURN_DEADLINE": "soon"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "ISTHMUS_TURN_DEADLINE must be a whole number, not 'soon'." in done.stderr
