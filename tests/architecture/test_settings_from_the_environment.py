"""webapp.env reads variables and files, and names what is invalid."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from webapp import env


@pytest.fixture
def set_variable(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
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
def test_an_invalid_whole_number_is_refused(value: str, set_variable: Callable[[str], None]) -> None:
    set_variable(value)
    with pytest.raises(env.BadSetting, match="THING must be a whole number"):
        env.integer("THING", 1)


def test_an_invalid_number_is_refused(set_variable: Callable[[str], None]) -> None:
    set_variable("2 %")
    with pytest.raises(env.BadSetting, match="THING must be a number, not '2 %'"):
        env.number("THING", 1)


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("No", False), ("", False)]
)
def test_a_flag_is_read_however_it_is_written(value: str, expected: bool, set_variable: Callable[[str], None]) -> None:
    set_variable(value)
    assert env.flag("THING", default=not expected) is expected


def test_an_invalid_flag_is_refused(set_variable: Callable[[str], None]) -> None:
    set_variable("maybe")
    with pytest.raises(env.BadSetting, match="THING must be 1 or 0"):
        env.flag("THING")


def test_a_choice_outside_the_list_is_refused_with_the_list(set_variable: Callable[[str], None]) -> None:
    set_variable("huge")
    with pytest.raises(env.BadSetting, match="THING must be one of compact, paper, not 'huge'"):
        env.choice("THING", ("compact", "paper"))


def test_a_list_is_split_at_commas_and_trimmed(set_variable: Callable[[str], None]) -> None:
    set_variable(" a, b,,c ")
    assert env.text_list("THING") == ["a", "b", "c"]


def test_a_secret_is_created_once_with_private_permissions(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "thing"
    first = env.secret("THING", file)
    assert len(first) >= 50
    assert env.secret("THING", file) == first
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_secret_from_the_environment_is_not_written_to_disk(tmp_path: Path, set_variable: Callable[[str], None]) -> None:
    set_variable("mine")
    assert env.secret("THING", tmp_path / "thing") == "mine"
    assert not (tmp_path / "thing").exists()


def test_processes_that_start_together_agree_on_a_secret(tmp_path: Path) -> None:
    program = "import sys, pathlib; from webapp import env; print(env.secret('THING', pathlib.Path(sys.argv[1])))"
    command = [sys.executable, "-S", "-c", program, str(tmp_path / "thing")]
    root = Path(__file__).resolve().parents[2]
    for _ in range(3):
        (tmp_path / "thing").unlink(missing_ok=True)
        started = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(8)]
        secrets = {process.communicate(timeout=30)[0] for process in started}
        assert len(secrets) == 1
        assert len(secrets.pop().strip()) >= 50


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
