"""The script that records frames in a page."""

from pathlib import Path

FRAMES = (Path(__file__).parent / "frames.js").read_text()
