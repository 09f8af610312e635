"""`python -m tests.boards.pythons [--quick]`: the agent's wheel and its tests under each Python that boards bring.

Each version gets an environment of its own with the wheel, its extras for answering and pytest, and neither torch, Flower nor
Django. `--quick`: the oldest version alone, with the agent's core alone. Exit 1 when something fails.
"""

import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

from tests.boards import interpreters

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")  # comes with Flower
EXTRAS = "onnx,reading"
PACKAGES = ("pytest", "pytest-timeout")
# What a board runs and needs neither Django, torch nor a Redis. They run from a copy, so that `devices` is the wheel's.
CORE_TESTS = (
    "agent/test_a_node_with_the_core_alone.py",
    "agent/test_a_part_that_is_absent.py",
    "agent/test_calling_the_server.py",
    "agent/test_cameras.py",
    "agent/test_config.py",
    "agent/test_homes.py",
    "agent/test_imports.py",
    "agent/test_sensors.py",
    "agent/test_shaping.py",
    "agent/test_taking_turns.py",
    "agent/test_uploads.py",
    "questions",
    "reading/test_what_is_looked_for.py",
)
NEEDS_REDIS = "not test_a_job_knows_for_whom_it_is_done"
EXTRA_TESTS = ("boards/test_the_extras_of_a_board.py", "engine/test_wire.py")
SUPPORT = ("__init__.py", "boards/__init__.py", "agent/__init__.py", "agent/light_board.py", "reading/__init__.py")


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.boards.pythons", description="The agent's tests under other Pythons.")
    parser.add_argument("--quick", action="store_true", help="the oldest version alone, with the agent's core alone")
    quick: bool = parser.parse_args().quick
    pythons = {version: interpreters.find(version) for version in interpreters.VERSIONS[: 1 if quick else None]}
    results: dict[str, bool] = {}
    with tempfile.TemporaryDirectory(prefix="isthmus-boards-") as scratch:
        wheel = None
        for version, python in pythons.items():
            if python is None:
                print(f"There is no Python {version} here, so the agent was not tried with it; pyenv can install it.")
                continue
            print(f"== Python {version}", flush=True)
            wheel = wheel or build(Path(scratch))
            results[version] = tried(Path(scratch) / version, python, wheel, quick)
    if results:
        print(", ".join(f"Python {version}: {'passed' if passed else 'FAILED'}" for version, passed in results.items()))
    return 0 if all(results.values()) else 1


def build(folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT / "devices" / "agent", check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return next(folder.glob("*.whl"))


def tried(folder: Path, python: Path, wheel: Path, quick: bool) -> bool:
    """Whether the agent installs and its tests pass."""
    board = folder / "venv" / "bin" / "python"
    tests = CORE_TESTS if quick else CORE_TESTS + EXTRA_TESTS
    for name in (*tests, *SUPPORT):
        source, target = ROOT / "tests" / name, folder / "tests" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    requirements = [*PACKAGES, str(wheel) if quick else f"{wheel}[{EXTRAS}]"]
    commands = (
        [UV, "venv", "--quiet", "--python", python, folder / "venv"],
        [UV, "pip", "install", "--quiet", "--python", board, "--only-binary", ":all:", *requirements],
        [
            board,
            "-m",
            "pytest",
            "-q",
            "--import-mode=importlib",
            "-p",
            "no:cacheprovider",
            "-W",
            "ignore",
            "-k",
            NEEDS_REDIS,
            "--durations=5",
            *paths(tests),
        ],
    )
    return all(subprocess.run(list(map(str, command)), cwd=folder, check=False).returncode == 0 for command in commands)


def paths(tests: tuple[str, ...]) -> list[str]:
    return [f"tests/{name}" for name in tests]


if __name__ == "__main__":
    sys.exit(main())
