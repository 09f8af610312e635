"""Running the installer again keeps what it was told before. The script itself, with its own /etc/systemd and /usr/local/bin
mounted over this machine's, and stand-ins for systemd, the download and pip."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "devices" / "agent" / "install.sh"
NAMESPACE = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
UNIT = "isthmus-agent.service"

STAND_INS = {
    "systemctl": 'echo "systemctl $*" >>"$LOG"',
    "journalctl": "exit 0",
    "useradd": "exit 0",
    "chown": "exit 0",
    "id": 'if [ "$1" = -u ]; then echo 0; fi',
    "runuser": 'shift 3; exec "$@"',
    "sleep": "exit 0",
    "curl": 'while [ "$1" != -o ]; do shift; done; : >"$2"; printf http://server/isthmus_agent-1.whl',
    "python3": """
case "$*" in
    "-m venv"*) for last; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python" ;;
    -V) echo Python 3.11 ;;
esac""",
}
OVER_THIS_MACHINE = """
set -e
mount --bind "$1/units" /etc/systemd/system
mount --bind "$1/local" /usr/local/bin
shift
exec sh "$@"
"""


def possible() -> bool:
    if shutil.which("unshare") is None or not Path("/etc/systemd/system").is_dir():
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not possible(), reason="needs a mount namespace and /etc/systemd/system")


class Board:
    def __init__(self, folder: Path) -> None:
        self.folder, self.prefix = folder, folder / "opt"
        for name in ("bin", "units", "local"):
            (folder / name).mkdir()
        for name, text in STAND_INS.items():
            (folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
            (folder / "bin" / name).chmod(0o755)

    def install(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin:/usr/sbin:/sbin", "LOG": str(self.folder / "log")}
        command = [*NAMESPACE, "sh", "-c", OVER_THIS_MACHINE, "sh", str(self.folder), str(SCRIPT)]
        words = ["--server", "http://server", "--prefix", str(self.prefix), *options]
        return subprocess.run(
            [*command, *words], env={**environment, **variables}, capture_output=True, text=True, check=False, timeout=60
        )

    def settings(self) -> dict[str, str]:
        lines = (self.prefix / "agent.env").read_text().splitlines()
        return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines if line[:1] != "#")}

    @property
    def unit(self) -> str:
        return (self.folder / "units" / UNIT).read_text()


@pytest.fixture
def board(tmp_path: Path) -> Board:
    board = Board(tmp_path)
    (tmp_path / "photos of mine").mkdir()
    first = board.install("--code", "ABCDEFGH", "--photos", str(tmp_path / "photos of mine"), ISTHMUS_UPLOADS="0.0.0.0:8765")
    assert first.returncode == 0, first.stderr
    (board.prefix / "home" / "agent.json").write_text("{}")
    return board


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
    assert "systemctl restart isthmus-agent" in (board.folder / "log").read_text()


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
        (("--photo", "/x"), "Unknown option --photo; use --server, --code, --photos, --uploads and --prefix."),
    ],
)
def test_a_wrong_value_changes_nothing(board: Board, options: tuple[str, str], sentence: str) -> None:
    before = board.settings()
    answer = board.install(*options)
    assert (answer.returncode, answer.stderr.strip()) == (1, sentence)
    assert board.settings() == before


def test_a_folder_that_the_agent_cannot_read_is_said(board: Board) -> None:
    assert "cannot read /nowhere/at/all" in board.install("--photos", "/nowhere/at/all").stdout
