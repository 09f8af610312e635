"""webapp.chat → inference, federation → devices → webapp.live; and what runs on a board knows no Django."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("webapp", "inference", "devices", "federation")
# Each floor with what it may not import, because that stands beside it or above it.
ABOVE = {
    "webapp.live": ("devices", "inference", "federation", "webapp.chat", "webapp.accounts"),
    "devices": ("inference", "federation", "webapp.chat"),
    "devices.telemetry": ("devices.registry",),
    "inference": ("federation", "webapp.chat"),
    "federation": ("inference", "webapp.chat"),
}
ON_BOARDS = (
    "inference.engine",
    "inference.stages.verbs",
    "inference.stages.job",
    "inference.stages.classifier_cache",
    "inference.stages.photo_intake",
    "inference.stages.photo_folder",
    "inference.stages.lru_ttl_cache",
    "devices.agent",
    "federation.app",
    "federation.node.train_stage",
    "federation.node.packing",
)
PURE = (
    "inference.placement.choose",
    "inference.placement.prediction",
    "inference.placement.reasons",
    "inference.placement.link",
    "inference.planning",
    "inference.photos.intake",
    "federation.runs.cost",
    "federation.dataset_download",
    "federation.runs.spec",
)


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@cache
def modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            parts = file.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """Everything a module names in an import, also inside its functions; `from a import b` counts as a.b where that is a module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(modules()[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively; name the module in full"
            found |= {
                f"{node.module}.{n.name}" if f"{node.module}.{n.name}" in modules() else str(node.module) for n in node.names
            }
    return frozenset(found)


def reached(module: str) -> set[str]:
    """What importing a module brings in, through our own modules."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in modules():
            # A package's own __init__ runs before its module.
            waiting += [*imports(name), *([name.rpartition(".")[0]] if "." in name else [])]
    return seen


@pytest.mark.parametrize("floor", ABOVE)
def test_no_module_imports_what_stands_above_it(floor: str) -> None:
    wrong = [
        f"{module} → {name}"
        for module in modules()
        if within(module, floor)
        for name in imports(module)
        if any(within(name, above) for above in ABOVE[floor])
    ]
    assert not wrong


@pytest.mark.parametrize("part", (*ON_BOARDS, *PURE))
def test_what_decides_or_runs_on_a_board_reaches_no_django(part: str) -> None:
    ours = [module for module in modules() if within(module, part)]
    assert ours, f"there is no {part}"
    wrong = {module for module in ours if any(within(name, "django") for name in reached(module))}
    assert not wrong


@pytest.mark.parametrize("part", ON_BOARDS)
def test_what_a_board_gets_needs_nothing_that_stays_on_the_server(part: str) -> None:
    wrong = [
        f"{module} → {name}"
        for module in modules()
        if within(module, part)
        for name in reached(module)
        if name in modules() and name not in PACKAGES and not any(within(name, board) for board in ON_BOARDS)
    ]
    assert not wrong


def test_a_board_is_given_everything_that_it_imports() -> None:
    from devices.registry.agent_bundle import sources

    needed = {
        name
        for name in reached("inference.stages.verbs")
        | reached("devices.agent.__main__")
        | reached("federation.node.train_stage")
        if name in modules()
    }
    given = {ROOT / file for file in sources()}
    assert not [name for name in needed - {"devices"} if modules()[name] not in given]


def test_only_publish_sends_to_groups() -> None:
    callers = [
        module
        for module, file in modules().items()
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "group_send"
    ]
    assert callers == ["webapp.live.publish"]
