"""Running the installer again keeps the settings and everything else of the owner."""

import shutil
from pathlib import Path

import pytest

from tests.agent.installed_board import RELEASES, UNIT, Board, is_possible

pytestmark = pytest.mark.skipif(not is_possible(), reason="needs a mount namespace and /etc/systemd/system")


def test_the_photos_and_the_uploads_are_set_in_the_service(board: Board, tmp_path: Path) -> None:
    expected = {"ISTHMUS_TRAINING_PHOTOS": str(tmp_path / "photos of mine"), "ISTHMUS_UPLOADS": "0.0.0.0:8765"}
    assert board.settings() == expected
    assert f"EnvironmentFile={board.prefix}/agent.env" in board.unit
    assert "--code ABCDEFGH" in board.unit


def test_they_survive_an_update(board: Board) -> None:
    before = board.settings()
    again = board.install()
    assert again.returncode == 0, again.stderr
    assert board.settings() == before
    assert "--code" not in board.unit
    assert "systemctl restart isthmus-agent" in board.log.read_text()


def test_a_new_value_replaces_the_old_and_an_empty_one_takes_it_back(board: Board, tmp_path: Path) -> None:
    (tmp_path / "others").mkdir()
    board.install("--photos", str(tmp_path / "others"), "--uploads", "")
    assert board.settings() == {"ISTHMUS_TRAINING_PHOTOS": str(tmp_path / "others")}


def test_what_the_owner_added_to_the_file_is_kept(board: Board) -> None:
    with (board.prefix / "agent.env").open("a") as file:
        file.write("ISTHMUS_LOOK=away\n")
    board.install()
    assert board.settings()["ISTHMUS_LOOK"] == "away"


def test_settings_of_an_earlier_version_are_taken_from_its_unit(board: Board) -> None:
    (board.prefix / "agent.env").unlink()
    unit = board.folder / "units" / UNIT
    unit.write_text("[Service]\nEnvironment=PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1 ISTHMUS_UPLOADS=0.0.0.0:9000\n")
    assert board.install().returncode == 0
    assert board.settings() == {"ISTHMUS_UPLOADS": "0.0.0.0:9000"}


def test_photos_in_the_home_survive_and_have_a_folder_from_the_start(board: Board) -> None:
    photo = board.prefix / "home" / "labelled" / "cat" / "a.jpg"
    photo.parent.mkdir()
    photo.write_bytes(b"a photo")
    assert board.install().returncode == 0
    assert photo.read_bytes() == b"a photo"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--photos", "labelled"), "--photos must be an absolute path."),
        (("--uploads", "x;reboot"), "ISTHMUS_UPLOADS contains an unsupported character."),
        (("--photo", "/x"), "Unknown option --photo; use --server, --code, --photos, --uploads, --prefix and --dry-run."),
    ],
)
def test_a_wrong_value_changes_nothing(board: Board, options: tuple[str, str], sentence: str) -> None:
    before = board.settings()
    answer = board.install(*options)
    assert (answer.returncode, answer.stderr.strip()) == (1, sentence)
    assert board.settings() == before


def test_a_folder_that_the_agent_cannot_read_is_said(board: Board) -> None:
    assert "cannot read /nowhere/at/all" in board.install("--photos", "/nowhere/at/all").stdout


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_nothing_of_the_owner_below_the_prefix_is_removed(board: Board) -> None:
    """Folders of theirs may have any name, those included where earlier installers kept what they unpacked."""
    mine = [
        board.prefix / name / "cat" / "a.jpg"
        for name in ("app", "old", "new", "data", "home/labelled", "venv/photos", "wheels")
    ]
    for photo in mine:
        photo.parent.mkdir(parents=True)
        photo.write_bytes(b"a photo")
    with (board.prefix / "agent.env").open("a") as file:
        file.write(f'ISTHMUS_DATA="{board.prefix}/new"\n')
    before = tree(board.prefix)
    for _ in range(2):
        assert board.install("--photos", str(board.prefix / "app")).returncode == 0
    after = tree(board.prefix)
    assert board.settings()["ISTHMUS_DATA"] == f"{board.prefix}/new"
    assert {name: after.get(name) for name in before if name != "agent.env"} == {
        name: data for name, data in before.items() if name != "agent.env"
    }
    assert set(after) == set(before), "the installer left something behind"


def test_another_prefix_leaves_the_first_alone_and_takes_its_settings(board: Board, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    for name in ("app", "old", "new"):
        (other / name).mkdir(parents=True)
        (other / name / "a.jpg").write_bytes(b"a photo")
    before, settings = tree(board.prefix), board.settings()
    assert board.install("--prefix", str(other), "--code", "ABCDEFGH").returncode == 0
    assert tree(board.prefix) == before
    assert {name for name in tree(other) if name.endswith(".jpg")} == {"app/a.jpg", "old/a.jpg", "new/a.jpg"}
    board.prefix = other
    assert board.settings() == settings
    assert f"EnvironmentFile={other}/agent.env" in board.unit


def test_an_update_stays_in_the_environment(board: Board) -> None:
    board.pip()
    file = board.prefix / "venv" / "installed-by-the-owner"
    file.touch()
    assert board.install().returncode == 0
    core, again, extras = board.pip()
    assert core.startswith("install /") and core.endswith("/isthmus_agent-1.whl")
    assert again.startswith("install --no-deps --force-reinstall /") and file.exists()
    assert extras == f"{core}[onnx,reading]"


def test_with_a_code_it_joins_before_it_installs_what_takes_long(board: Board) -> None:
    def steps(*options: str) -> list[str]:
        board.log.write_text("")
        assert board.install(*options).returncode == 0
        lines = board.log.read_text().splitlines()
        return ["start" if "restart" in line else "extras" for line in lines if "restart" in line or "[" in line]

    assert steps("--code", "ABCDEFGH") == ["start", "extras", "start"]
    assert steps() == ["extras", "start"], "an update restarts the agent once"


def test_the_environment_of_another_python_is_set_aside(board: Board) -> None:
    """As on JetPack 6, where the agent ran on a newer Python than TensorRT's."""
    shutil.copytree(RELEASES / "jetpack-6.2", board.root, dirs_exist_ok=True)
    python = board.root / "usr/bin/python3.10"
    python.parent.mkdir(parents=True)
    python.write_text((board.folder / "bin/python3").read_text().replace("Python 3.11", "Python 3.10"))
    python.chmod(0o755)
    (board.prefix / "venv" / "mine").touch()
    done = board.install()
    assert done.returncode == 0, done.stderr
    (aside,) = board.prefix.glob("venv.*")
    assert (aside / "mine").exists() and f"{aside} is the environment of another Python" in done.stdout
    assert "Python 3.10" in (board.prefix / "venv/bin/python").read_text()
    assert board.install().returncode == 0
    assert list(board.prefix.glob("venv.*")) == [aside]


def test_a_build_of_the_owner_survives_an_update(board: Board) -> None:
    build = board.folder / "onnxruntime_gpu-1.23.0-cp311-cp311-linux_aarch64.whl"
    build.touch()
    for variables in ({"ISTHMUS_ONNXRUNTIME": str(build)}, {}):
        board.pip()
        assert board.install(**variables).returncode == 0
        assert board.pip()[3:] == ["uninstall --yes onnxruntime", f"install --no-deps --force-reinstall {build}"]
    assert board.install(ISTHMUS_ONNXRUNTIME="").returncode == 0
    assert not [line for line in board.pip() if str(build) in line] and "ISTHMUS_ONNXRUNTIME" not in board.settings()


def test_a_dry_run_changes_nothing(board: Board) -> None:
    before, log = tree(board.folder), board.log.read_text()
    done = board.install("--dry-run", "--photos", "/other")
    assert done.returncode == 0 and done.stdout.startswith("Board ")
    assert tree(board.folder) == before and board.log.read_text() == log
