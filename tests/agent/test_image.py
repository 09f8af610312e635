"""The agent's Dockerfile, as far as that can be checked without base images: what it copies is enough for the wheel, its
arguments have defaults, and the extras that it and the installer name are those of the package."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AGENT = ROOT / "devices" / "agent"
DOCKERFILE = (AGENT / "Dockerfile").read_text()
EXTRAS = set(tomllib.loads((AGENT / "pyproject.toml").read_text())["project"]["optional-dependencies"])


def test_its_arguments_have_defaults() -> None:
    arguments = dict(re.findall(r"^ARG (\w+)(?:=(.*))?$", DOCKERFILE, re.MULTILINE))
    assert set(arguments) == {"BASE", "PYTHON", "EXTRAS"} and all(arguments.values())
    named = set(re.findall(r"--build-arg (\w+)=", DOCKERFILE))
    assert named == set(arguments), "the comment explains others"


def test_the_wheel_is_built_from_what_it_copies(tmp_path: Path) -> None:
    copied = re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE, re.MULTILINE)
    assert copied
    for source, target in copied:
        shutil.copytree(ROOT / source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path / "wheel")]
    subprocess.run(build, cwd=tmp_path / "devices/agent", check=True, capture_output=True)
    assert len(list((tmp_path / "wheel").glob("isthmus_agent-*.whl"))) == 1


def test_nothing_that_it_copies_is_kept_out_of_the_build() -> None:
    ignored = {line.strip("/") for line in (ROOT / ".dockerignore").read_text().splitlines()}
    assert not [path for path in re.findall(r"^COPY (\S+)", DOCKERFILE, re.MULTILINE) if ignored & set(Path(path).parts)]


def test_every_extra_that_is_asked_for_exists() -> None:
    script = (AGENT / "board.sh").read_text()
    named = re.findall(r"EXTRAS=([\w,]+)", DOCKERFILE) + re.findall(r"extras=(?:\$extras,)?([\w,]+)", script)
    assert {extra for names in named for extra in names.split(",")} == {"onnx", "reading", "torch", "training"}
    assert {extra for names in named for extra in names.split(",")} <= EXTRAS


def test_the_python_of_each_command_is_one_that_the_agent_supports() -> None:
    assert set(re.findall(r"PYTHON=python(3\.\d+)", DOCKERFILE)) <= {"3.10", "3.11", "3.12", "3.13"}
