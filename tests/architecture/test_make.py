"""`make` says in one sentence what it lacks, and tells what it can do."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def make(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["make", *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def python(tmp_path: Path) -> Path:
    file = tmp_path / "python"
    file.touch(mode=0o755)
    return file


def test_make_alone_lists_every_target() -> None:
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets is not None
    listing = make().stdout
    assert not [target for target in targets[1].split() if f"make {target} " not in listing]


def test_without_python_it_says_so(tmp_path: Path) -> None:
    done = make("run", f"VENV={tmp_path}/venv", "PYTHON=python-that-is-not-there")
    assert done.returncode != 0
    assert "There is no python-that-is-not-there; install Python 3.11 or newer" in done.stdout


def test_a_python_that_is_too_old_is_refused(tmp_path: Path, python: Path) -> None:
    python.write_text("#!/bin/sh\nexit 1\n")
    done = make("run", f"VENV={tmp_path}/venv", f"PYTHON={python}")
    assert "is too old; Isthmus needs Python 3.11 or newer" in done.stdout


def test_without_the_venv_module_it_says_what_to_install(tmp_path: Path, python: Path) -> None:
    python.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n')
    done = make("run", f"VENV={tmp_path}/venv", f"PYTHON={python}")
    assert "apt install python3-venv" in done.stdout


def test_run_becomes_the_program_so_that_signals_reach_it(tmp_path: Path) -> None:
    shown = make("--dry-run", "run", "PORT=8123", f"VENV={tmp_path}/venv").stdout
    assert f"exec {tmp_path}/venv/bin/python manage.py up --port 8123" in shown


def test_run_installs_nothing_that_only_tests_need(tmp_path: Path) -> None:
    assert "requirements-dev" not in make("--dry-run", "run", f"VENV={tmp_path}/venv").stdout
    assert "requirements-dev" in make("--dry-run", "test", f"VENV={tmp_path}/venv").stdout
