"""webapp.chat, webapp.ops → inference, federation → devices → devices.contract, webapp.live; and nodes need nothing of the
server.
"""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("webapp", "inference", "devices", "federation")
TOP = ("webapp.chat", "webapp.library", "webapp.ops", "webapp.doors")
# Each floor with what it may not import, because that is beside it or above it.
ABOVE = {
    "webapp.live": ("devices", "inference", "federation", "webapp.accounts", "webapp.notices", *TOP),
    "webapp.redis_access": ("devices", "inference", "federation", "webapp.accounts", "webapp.notices", "webapp.live", *TOP),
    "webapp.notices": ("devices", "inference", "federation", "webapp.accounts", *TOP),
    "devices": ("inference", "federation", *TOP),
    "inference": ("federation", *TOP),
    "federation": ("inference", *TOP),
}
# What runs on nodes, and all of ours that each part may import. It reaches no Django.
ON_NODES = {
    "devices.contract": (),
    "devices.compute": (),
    "devices.agent": ("devices.contract", "devices.compute"),
    "inference.engine": ("devices.contract", "devices.compute"),
    "inference.stages": ("devices.contract", "devices.compute", "devices.agent", "inference.engine"),
    "federation.app": ("devices.compute",),
    "federation.node": ("devices.contract", "devices.compute", "devices.agent", "federation.app"),
}
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
MAX_FILES = 16  # of Python side by side in one folder


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@cache
def modules() -> dict[str, Path]:
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    names = [file.relative_to(ROOT).with_suffix("").parts for file in files]
    return {".".join(parts[:-1] if parts[-1] == "__init__" else parts): file for parts, file in zip(names, files, strict=True)}


def imported(module: str, statements: Iterable[ast.AST]) -> frozenset[str]:
    """`from a import b` counts as a.b where that is a module."""
    names: set[str] = set()
    for node in statements:
        if isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively; name the module in full"
            targets = [(f"{node.module}.{name.name}", str(node.module)) for name in node.names]
            names |= {full if full in modules() else package for full, package in targets}
    return frozenset(names)


@cache
def imports(module: str) -> frozenset[str]:
    """Everything a module names in an import, also inside its functions."""
    return imported(module, ast.walk(ast.parse(modules()[module].read_text())))


@cache
def imports_at_start(module: str) -> frozenset[str]:
    """What is imported while the module itself is: not inside functions, nor for type checking."""

    def statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
        for node in body:
            yield node
            if isinstance(node, ast.Try) or (isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test)):
                yield from statements([*node.body, *node.orelse, *getattr(node, "finalbody", [])])

    names = imported(module, statements(ast.parse(modules()[module].read_text()).body))
    return frozenset(name for name in names if name in modules() and name != module)


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


def circles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """What is left when, again and again, whatever imports nothing that is left is taken away; each circle is in it."""
    left = {name: set(targets) for name, targets in graph.items()}
    while free := [name for name, targets in left.items() if not targets & left.keys()]:
        for name in free:
            del left[name]
    return sorted([name, *sorted(targets & left.keys())] for name, targets in left.items())


def package_of(module: str) -> str:
    return module if modules()[module].name == "__init__.py" else module.rpartition(".")[0]


@pytest.mark.parametrize("floor", ABOVE)
def test_no_module_imports_what_is_above_it(floor: str) -> None:
    wrong = [
        f"{module} → {name}"
        for module in modules()
        if within(module, floor)
        for name in imports(module)
        if any(within(name, above) for above in ABOVE[floor])
    ]
    assert not wrong


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert not circles({module: imports_at_start(module) for module in modules()})


@pytest.mark.parametrize("app", ["inference", "federation", "devices", "webapp"])
def test_no_packages_of_an_app_import_each_other_in_a_circle(app: str) -> None:
    """An app's own modules (models, views, urls) stand on both sides of its packages: that is how Django apps are made."""
    graph: dict[str, set[str]] = {}
    for module in modules():
        if (package := package_of(module)) != app and within(package, app):
            parts = {".".join(package_of(name).split(".")[:2]) for name in imports_at_start(module) if within(name, app)}
            graph.setdefault(".".join(package.split(".")[:2]), set()).update(parts)
    assert not circles({package: targets - {package, app} for package, targets in graph.items()})


def test_a_circle_is_noticed() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == [["a", "b"], ["b", "c"], ["c", "b"]]


@pytest.mark.parametrize("part", ON_NODES)
def test_what_runs_on_nodes_imports_nothing_that_stays_on_the_server(part: str) -> None:
    wrong = [
        f"{module} → {name}"
        for module in modules()
        if within(module, part)
        for name in reached(module)
        if name in modules() and name not in PACKAGES and not any(within(name, ours) for ours in (part, *ON_NODES[part]))
    ]
    assert not wrong


@pytest.mark.parametrize("part", (*ON_NODES, *PURE))
def test_what_decides_or_runs_on_a_node_reaches_no_django(part: str) -> None:
    ours = [module for module in modules() if within(module, part)]
    assert ours, f"there is no {part}"
    wrong = {module for module in ours if any(within(name, "django") for name in reached(module))}
    assert not wrong


@pytest.mark.parametrize("part", ON_NODES)
def test_no_import_hides_in_a_string(part: str) -> None:
    """What a node cannot import by name it finds through entry points."""
    wrong = [
        f"{module}: {text.value}"
        for module, file in modules().items()
        if within(module, part)
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call) and "import" in ast.unparse(call.func)
        for text in call.args
        if isinstance(text, ast.Constant) and str(text.value).split(".")[0] in PACKAGES
    ]
    assert not wrong


def test_the_agents_wheel_holds_what_runs_on_nodes_and_nothing_else() -> None:
    from devices.agent_wheel import sources

    inside = {file for file in sources() if file.suffix == ".py"}
    ours = {file for module, file in modules().items() if any(within(module, part) for part in ON_NODES)}
    assert inside == ours


def test_no_folder_is_crowded() -> None:
    files = [file for file in modules().values() if "migrations" not in file.parts]
    counts = Counter(file.parent.relative_to(ROOT).as_posix() for file in files if file.name != "__init__.py")
    assert not {folder: count for folder, count in counts.items() if count > MAX_FILES}


def test_the_server_connects_to_redis_in_one_place() -> None:
    """Elsewhere a connection would be to a master that has gone. Nodes have their own (devices.agent.home.place)."""
    connecting = {
        module
        for module, file in modules().items()
        if not within(module, "devices.agent")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("redis.Redis.from_url", "redis.Redis", "Redis.from_url")
    }
    assert connecting == {"webapp.redis_access.connections"}


def test_only_publish_sends_to_groups() -> None:
    callers = [
        module
        for module, file in modules().items()
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "group_send"
    ]
    assert callers == ["webapp.live.publish"]
