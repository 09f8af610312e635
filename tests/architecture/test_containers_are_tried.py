"""`make containers` needs Docker; that it finds what it tries in the documents does not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

from tests.containers.backup import documented
from tests.containers.project import command_in
from tests.containers.scaled import documented_settings
from tests.containers.stand_ins.images import STAND_INS
from tests.containers.upgrading import BACKUPS, EXAMPLE

ROOT = Path(__file__).resolve().parents[2]


def test_without_docker_it_says_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.containers"], cwd=ROOT, env={**os.environ, "PATH": str(tmp_path)}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No Docker daemon with Compose answers here, so the containers were not tried.\n"


def test_it_runs_the_documented_commands() -> None:
    save, restore = documented("Backup")
    assert "manage.py backup -" in save
    assert "manage.py restore -" in restore
    assert command_in("docker-compose.yml", "mkdir -p").endswith("chmod 644 secrets/*.txt")
    assert command_in("docker-compose.tls.yml", "openssl").endswith("chmod 644 secrets/*.txt")
    assert command_in("docker-compose.tls.yml", "docker compose cp").endswith("docker compose restart web")
    assert command_in("docker-compose.tls.yml", "COMPOSE_FILE").startswith("COMPOSE_FILE=docker-compose.yml:")


def test_every_image_that_is_pulled_has_a_stand_in() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].values()
    pulled = {service["image"] for service in services if not service["image"].startswith("${ISTHMUS_IMAGE")}
    pulled |= set(re.findall(r"^FROM (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    assert {stand_in.image for stand_in in STAND_INS} == pulled


def test_a_chapter_that_does_not_exist_is_refused_with_those_that_do() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.containers", "nothing"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "several_processes" in done.stderr


def test_it_runs_the_documented_settings_and_ways_back() -> None:
    assert {"WEBS_MORE", "CLOUDS", "ISTHMUS_PROXIES", "BALANCER_PORT"} < set(documented_settings())
    assert "docker compose build" in documented("The server", "upgrading.md")[0]
    _, containers = documented("Going back", "upgrading.md")
    assert "ALTER DATABASE" in containers and f"restore {BACKUPS}/{EXAMPLE}" in containers


def test_the_commands_of_the_comments_are_valid_shell() -> None:
    for file, start in (
        ("docker-compose.yml", "mkdir -p"),
        ("docker-compose.tls.yml", "openssl"),
        ("docker-compose.tls.yml", "docker compose cp"),
    ):
        subprocess.run(["bash", "-n", "-c", command_in(file, start)], check=True)


def test_what_is_backed_up_is_what_is_restored() -> None:
    save, restore = documented("Backup")
    for archive in ("isthmus.tar", "edge.tar.gz", "device.tar.gz", "secrets"):
        assert archive in save
        assert archive in restore
