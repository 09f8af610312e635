"""The agent's wheel works by itself: from a folder that holds nothing of the server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devices import agent_wheel

CAPABILITIES = """
import sys
from importlib.metadata import entry_points
from devices.agent import capabilities

for entry in entry_points(group=capabilities.GROUP):
    assert capabilities.find(entry.name).queue, entry
loaded = [name for name in ("django.conf", "django.db", "webapp") if name in sys.modules]  # kombu imports django itself
print(sorted(entry_points(group=capabilities.GROUP).names), loaded, devices.agent.__file__.startswith(sys.argv[1]))
"""
NONE_INSTALLED = """
from devices.agent import capabilities
capabilities.entry_points = lambda **_: ()
capabilities.find("answering")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    wheel = agent_wheel.build(tmp_path_factory.mktemp("wheel"))
    target = tmp_path_factory.mktemp("board")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run(pip, check=True)
    return target


def python(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Without the environment's own .pth files, which name this checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DJANGO"))}
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    environment["PYTHONPATH"] = f"{folder}{os.pathsep}{packages}"
    command = [sys.executable, "-S", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_it_holds_nothing_of_the_server(installed: Path) -> None:
    assert not (installed / "webapp").exists() and not (installed / "devices" / "models.py").exists()
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} <= {"devices", "inference", "federation"}


def test_the_program_starts_from_it(installed: Path) -> None:
    done = python(installed, "-m", "devices.agent", "--help")
    assert done.returncode == 0 and "The Isthmus agent" in done.stdout, done.stderr


def test_its_capabilities_are_found_without_the_server(installed: Path) -> None:
    done = python(installed, "-c", f"import devices.agent{CAPABILITIES}", str(installed))
    assert done.stdout.strip() == "['answering', 'training'] [] True", done.stderr


def test_without_its_metadata_the_agent_says_what_to_do(installed: Path) -> None:
    done = python(installed, "-c", NONE_INSTALLED)
    assert "pip install --no-deps --no-build-isolation -e devices/agent" in done.stderr
