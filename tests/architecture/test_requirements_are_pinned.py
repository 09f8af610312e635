"""What is installed today is what is installed tomorrow, and what is imported is listed."""

import ast
import re
import sys
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([A-Za-z0-9_-]+)(?:\[[a-z]+\])?==(\S+?)(?:;.*)?$")

OURS = ("webapp", "inference", "devices", "federation")  # installed for their metadata: the agent's package


def lines(name: str) -> list[str]:
    text = (ROOT / name).read_text().splitlines()
    return [line for line in text if line and not line.startswith(("#", "-r "))]


def canonical(name: str) -> str:
    return name.lower().replace("_", "-")


FILES = ("requirements.txt", "requirements-traces.txt", "requirements-dev.txt")


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_has_one_exact_version(name: str) -> None:
    assert not [line for line in lines(name) if not PIN.match(line)]


def test_torch_comes_first() -> None:
    assert lines("requirements.txt")[0].startswith("torch==")


def test_the_pins_are_what_is_installed_here() -> None:
    pinned = [match for name in FILES for line in lines(name) if (match := PIN.match(line))]
    different = {m[1]: version(m[1]) for m in pinned if ";" not in m[0] and version(m[1]).partition("+")[0] != m[2].rstrip(";")}
    assert not different


def test_the_lock_file_holds_every_pin_with_hashes() -> None:
    """`make lock` writes it anew."""
    locked = dict(
        re.findall(
            r"^([a-z0-9.-]+)(?:\[[a-z,]+\])?==(\S+)(?: ;.*)? \\\n    --hash=sha256:",
            (ROOT / "requirements.lock").read_text(),
            re.M,
        )
    )
    pins = {
        re.sub(r"[_.]", "-", match[1]).lower(): match[2] for line in lines("requirements.txt") if (match := PIN.match(line))
    }
    assert {name: locked.get(name) for name in pins} == {name: version.rstrip(";") for name, version in pins.items()}


def test_every_package_the_server_imports_is_required() -> None:
    listed = [*lines("requirements.txt"), *lines("requirements-traces.txt")]
    required = {canonical(match[1]) for line in listed if (match := PIN.match(line))}
    # asgiref is Django's own, typing_extensions pydantic's, huggingface_hub is how transformers finds models, billiard and
    # kombu come with Celery. cryptography and protobuf are what Flower itself speaks with, datasets is Flower Datasets' own,
    # annotated-types and pydantic-core pydantic's, click Celery's. tomli is what the agent needs on Python 3.10.
    required |= {"asgiref", "typing-extensions", "huggingface-hub", "tokenizers"}
    required |= {"cryptography", "protobuf", "datasets", "annotated-types", "pydantic-core", "click", "tomli"}
    owners = packages_distributions()
    missing = {
        f"{file.relative_to(ROOT)}: {name}"
        for folder in OURS
        for file in (ROOT / folder).rglob("*.py")
        if "lab" not in file.parts  # run by developers, with their requirements
        for name in imported(file)
        if name in owners and name not in OURS and not required & {canonical(owner) for owner in owners[name]}
    }
    assert not missing


def imported(file: Path) -> set[str]:
    modules: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            modules |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(str(node.module).partition(".")[0])
    return modules - set(sys.stdlib_module_names)
