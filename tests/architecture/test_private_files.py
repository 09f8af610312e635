"""Nobody else on the machine may read what Isthmus stores, whenever and by whichever process it was written."""

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from devices.agent import config, doctor
from webapp.management.commands.doctor import _files

ROOT = Path(__file__).resolve().parents[2]
WRITE_A_PHOTO = """
import webapp.asgi
from django.conf import settings
from inference.photos import store
from webapp.accounts.models import User
from tests.conftest import draw_photo
store.store(User.objects.create(username="alice"), [draw_photo()])
"""


def run(var: Path, *command: str) -> None:
    env = {
        **os.environ,
        "ISTHMUS_VAR": str(var),
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "REDIS_URL": "redis://127.0.0.1:1",
    }
    subprocess.run([sys.executable, *command], cwd=ROOT, env=env, check=True, umask=0o022, capture_output=True)


def exposed(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in config.readable_by_others(folder))


def test_a_new_installation_is_private_from_the_first_command_on(tmp_path: Path, migrated: Path) -> None:
    var = tmp_path / "new" / "var"
    run(var, "manage.py", "migrate", "sessions", "-v", "0")  # one app of all: that makes the file
    assert (var / "isthmus.sqlite3").exists()
    assert exposed(var) == []
    (var / "isthmus.sqlite3").write_bytes(migrated.read_bytes())
    run(var, "-c", WRITE_A_PHOTO)
    assert len(list((var / "photos").rglob("*.jpg"))) == 2
    assert exposed(var) == []


def test_an_existing_installation_is_corrected_when_the_web_app_starts(tmp_path: Path, migrated: Path) -> None:
    var = tmp_path / "var"
    var.mkdir()
    shutil.copy(migrated, var / "isthmus.sqlite3")
    (var / "photos" / "deep").mkdir(parents=True)
    (var / "photos" / "deep" / "old.jpg").write_bytes(b"x")
    (var / "tool").write_text("#!/bin/sh")
    for path in (var, *var.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.name == "tool" else 0o644)
    outside = tmp_path / "outside"
    outside.write_text("x")
    outside.chmod(0o644)
    (var / "link").symlink_to(outside)
    run(var, "-c", "import webapp.asgi")
    assert exposed(var) == []
    assert (var / "tool").stat().st_mode & 0o777 == 0o700
    assert outside.stat().st_mode & 0o777 == 0o644


def test_source_files_stay_readable(tmp_path: Path) -> None:
    """A migration that only its author can read would break an image that is built from it."""
    probe = "import manage, os, sys; sys.argv = ['manage.py', *{}]\ntry:\n manage.main()\nexcept SystemExit: pass\n"
    check = "mask = os.umask(0); assert mask == {}, oct(mask)"
    run(tmp_path, "-c", probe.format(["makemigrations", "--check"]) + check.format(0o022))
    run(tmp_path, "-c", probe.format(["up", "--help"]) + check.format(0o077))


def test_the_doctor_names_what_others_can_read_and_the_remedy(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    tmp_path.chmod(0o700)
    (tmp_path / "photos").mkdir(mode=0o700)
    assert not _files().remedy
    (tmp_path / "photos").chmod(0o750)
    finding = _files()
    assert str(tmp_path / "photos") in finding.state
    subprocess.run(finding.remedy.split(), check=True)
    assert not _files().remedy


def test_the_doctor_of_a_node_names_them_too(tmp_path: Path) -> None:
    home = tmp_path / "home"
    config.save(home, config.Config("http://127.0.0.1:1", "a", "device", "t", ""))
    (home / "photo.jpg").write_bytes(b"x")
    (home / "photo.jpg").chmod(0o644)
    files = next(finding for finding in doctor.findings(home) if finding[0] == "files")
    assert "photo.jpg" in files[1] and files[2]
    assert config.make_private(home) == []
    assert not next(finding for finding in doctor.findings(home) if finding[0] == "files")[2]


@pytest.mark.django_db
def test_the_doctor_mentions_https_without_a_proxy(settings: Any) -> None:
    settings.HTTPS, settings.PROXIES = True, []
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    assert "ISTHMUS_PROXIES lists no proxy" in out.getvalue()
    settings.PROXIES = ["proxy"]
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    assert "ISTHMUS_PROXIES" not in out.getvalue()
