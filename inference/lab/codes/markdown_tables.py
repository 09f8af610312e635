"""A table of figures in a Markdown page: its rows, stored as they are computed, and its place between markers of its name."""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def rows(file: Path, recipe: object, jobs: Iterable[tuple[str, Callable[[], Row]]]) -> list[Row]:
    """A row for each (name, function). Rows that an earlier run of the same recipe left in `file` are reused, so a stopped
    run resumes.
    """
    version = hashlib.sha256(repr(recipe).encode()).hexdigest()
    state = json.loads(file.read_text()) if file.exists() else {}
    state = state if isinstance(state, dict) and state.get("version") == version else {"version": version, "rows": {}}
    file.parent.mkdir(parents=True, exist_ok=True)
    result = []
    for name, compute in jobs:
        if name not in state["rows"]:
            state["rows"][name] = compute()
            file.write_text(json.dumps(state))
        result.append(state["rows"][name])
    return result


def write(file: Path, name: str, table: str) -> None:
    """Replaces what stands between `<!-- name -->` and `<!-- /name -->` in a page. Raises SystemExit if the markers are
    missing.
    """
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, _, rest = (text := file.read_text()).partition(begin)
    if begin not in text or end not in rest:
        raise SystemExit(f"{file} has no markers {begin} and {end}; add both where the table belongs.")
    file.write_text(f"{before}{begin}\n\n{table}\n\n{end}{rest.partition(end)[2]}")
