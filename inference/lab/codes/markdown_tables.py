"""A table of figures in a page: its rows, each kept once it is made, and the page where it stands between markers of its name."""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def rows(file: Path, recipe: object, to_make: Iterable[tuple[str, Callable[[], Row]]]) -> list[Row]:
    """A row for each (name, how to make it), from `file` where an earlier run of the same recipe left it: a stopped run goes on."""
    version = hashlib.sha256(repr(recipe).encode()).hexdigest()
    state = json.loads(file.read_text()) if file.exists() else {}
    state = state if isinstance(state, dict) and state.get("version") == version else {"version": version, "rows": {}}
    file.parent.mkdir(parents=True, exist_ok=True)
    found = []
    for name, make in to_make:
        if name not in state["rows"]:
            state["rows"][name] = make()
            file.write_text(json.dumps(state))
        found.append(state["rows"][name])
    return found


def write(file: Path, name: str, table: str) -> None:
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, _, rest = file.read_text().partition(begin)
    file.write_text(f"{before}{begin}\n\n{table}\n\n{end}{rest.partition(end)[2]}")
