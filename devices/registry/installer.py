"""The installer as boards fetch it: one script, so that a board runs all of it or nothing."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "agent"
SOURCE = '. "$(dirname "$0")/board.sh"\n'


def script() -> str:
    """`install.sh` with the text of `board.sh` in the place of the line that reads it."""
    return (FOLDER / "install.sh").read_text().replace(SOURCE, (FOLDER / "board.sh").read_text(), 1)
