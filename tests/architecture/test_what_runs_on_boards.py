"""What runs on nodes runs on the Pythons that boards bring, and on the versions that the server is pinned to. `make lint`
checks its types for the oldest of them; `make boards` runs it there.
"""

import ast
import json
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.boards import interpreters

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "devices" / "agent" / "pyproject.toml").read_text())
FOLDERS = [
    (ROOT / "devices" / "agent" / folder).resolve().relative_to(ROOT)
    for folder in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
]
FILES = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]
# Of each file: whether it compiles, and what it imports from the standard library that is not there.
CHECK = """
import importlib, json, sys

files, imports = json.load(sys.stdin)
for file in files:
    try:
        compile(open(file, encoding="utf-8").read(), file, "exec")
    except SyntaxError as error:
        print(f"{file}:{error.lineno}: {error.msg}")
for file, module, name in imports:
    try:
        there = importlib.import_module(module)
        if name and not hasattr(there, name):
            importlib.import_module(f"{module}.{name}")
    except ImportError:
        print(f"{file}: {module} has no {name}" if name else f"{file}: there is no {module}")
"""


def standard_imports(file: Path) -> list[tuple[str, str, str]]:
    """(file, module, name); without what a file imports for some versions of Python only."""
    tree = ast.parse(file.read_text())
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "version_info" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    imports: list[tuple[str, str, str]] = []
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            imports += [(str(file), alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imports += [(str(file), node.module, alias.name) for alias in node.names]
    return [entry for entry in imports if entry[1].partition(".")[0] in sys.stdlib_module_names]


def test_it_compiles_under_the_oldest_python_and_finds_what_it_imports() -> None:
    python = interpreters.find(interpreters.OLDEST)
    if python is None:
        pytest.skip(f"There is no Python {interpreters.OLDEST} here; pyenv can install it.")
    assert len(FILES) > 150
    given = json.dumps([[str(file) for file in FILES], [entry for file in FILES for entry in standard_imports(file)]])
    done = subprocess.run([python, "-c", CHECK], input=given, capture_output=True, text=True, check=True)
    assert not done.stdout, done.stdout


def test_linters_check_it_for_the_oldest_python() -> None:
    oldest = "py" + interpreters.OLDEST.replace(".", "")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["per-file-target-version"]
    assert settings == {f"{folder}/**": oldest for folder in FOLDERS}
    lint = next(line for line in (ROOT / "Makefile").read_text().splitlines() if "--python-version" in line and "mypy" in line)
    assert f"--python-version {interpreters.OLDEST} {' '.join(map(str, FOLDERS))}" in lint
    assert PROJECT["project"]["requires-python"] == f">={interpreters.OLDEST}"


def test_what_a_board_installs_is_compatible_with_what_the_server_is_pinned_to() -> None:
    """Nodes of `make run` use the server's environment."""
    lists = [PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"].values()]
    needed = [Requirement(line) for lines in lists for line in lines]
    here = [needs for needs in needed if needs.marker is None or needs.marker.evaluate()]
    assert not [str(needs) for needs in here if version(needs.name).partition("+")[0] not in needs.specifier]


def test_the_core_is_light() -> None:
    names = {Requirement(line).name for line in PROJECT["project"]["dependencies"]}
    assert names == {"numpy", "pillow", "pydantic", "celery", "kombu", "packaging", "redis", "tomli"}
