"""The files a bench writes: the figures of a full run in bench/results, and plots in var."""

import json
from collections.abc import Mapping
from pathlib import Path


def save(figures: Mapping[str, object], file: Path) -> None:
    """Atomically, so that the page that reads the file never sees half of it."""
    file.parent.mkdir(exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(figures, indent=1) + "\n")
    part.replace(file)


def save_page(page: str, file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(page)
