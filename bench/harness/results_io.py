"""What a bench leaves behind: the figures of a full run in bench/results, and drawings in var."""

import json
from pathlib import Path
from typing import Any


def keep(figures: dict[str, Any], file: Path) -> None:
    """In one rename, so that the page that reads it never finds half a file."""
    file.parent.mkdir(exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(figures, indent=1) + "\n")
    part.replace(file)


def draw(page: str, file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(page)
