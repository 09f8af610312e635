"""What the command lines of all benches share."""

import argparse
import json
from collections.abc import Mapping


def parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """A parser for `python -m bench.NAME` with the `--json` option; `description` is the bench's docstring."""
    arguments = argparse.ArgumentParser(
        prog=f"python -m bench.{name}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--json", action="store_true", help="print the figures as one JSON object on the last line")
    return arguments


def print_figures(figures: Mapping[str, object], as_json: bool, width: int = 18) -> None:
    """One figure a line, then the JSON object if requested."""
    for name, value in figures.items():
        print(f"{name:{width}} {value}")
    if as_json:
        print_json(figures)


def print_json(figures: Mapping[str, object]) -> None:
    """Not through rich's console, which would wrap the line."""
    print(json.dumps(figures))
