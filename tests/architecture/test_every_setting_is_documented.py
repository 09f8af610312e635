"""The table in docs/settings.md and what the code reads from the environment are the same list."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READERS = {"text", "integer", "number", "flag", "text_list", "choice", "networks", "secret", "days"}


def read_by_the_code(*folders: str) -> set[str]:
    """The names that the code in these folders reads, or all of it."""
    names = set()
    for folder in folders or ("webapp", "inference", "devices", "federation", "bench"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and (name := name_read_by(node)):
                    names.add(name)
    return names


def name_read_by(call: ast.Call) -> str:
    """The variable that `env.text("NAME")` or `os.environ.get("ISTHMUS_NAME")` reads."""
    if not (isinstance(call.func, ast.Attribute) and call.args and isinstance(call.args[0], ast.Constant)):
        return ""
    name, owner = call.args[0].value, ast.unparse(call.func.value)
    if owner == "env" and call.func.attr in READERS:
        return str(name)
    return str(name) if owner == "os.environ" and str(name).startswith("ISTHMUS_") else ""


def documented() -> dict[str, str]:
    """Name → the default as it is written."""
    return dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))


def test_every_setting_is_documented() -> None:
    assert read_by_the_code() - set(documented()) == set()


def test_no_documented_setting_is_missing_from_the_code() -> None:
    assert set(documented()) - read_by_the_code() == set()


def test_a_documented_default_is_the_default() -> None:
    code = "".join(file.read_text() for file in sorted((ROOT / "webapp" / "settings").glob("*.py")))
    defaults = dict(re.findall(r'env\.(?:text|integer|number|words)\("([A-Z_]+)", "?([^")]+)"?\)', code))
    assert len(defaults) > 8
    written = documented()
    assert {name: written[name] for name in defaults if name != "ISTHMUS_VAR"} == {
        name: f"`{default}`" for name, default in defaults.items() if name != "ISTHMUS_VAR"
    }
