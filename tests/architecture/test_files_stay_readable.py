"""Rules about files that no linter checks."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 250
DRAWERS = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}
FOLDERS = ("webapp", "inference", "devices", "federation", "bench", "tests", "static", "templates")


def ours(*endings: str) -> list[Path]:
    return [file for folder in FOLDERS for file in (ROOT / folder).rglob("*") if file.suffix in endings]


def test_no_file_is_longer_than_250_lines() -> None:
    long = {
        str(file.relative_to(ROOT)): n
        for file in ours(".py", ".js", ".css", ".html")
        if (n := len(file.read_text().splitlines())) > MOST_LINES
    }
    assert not long


def test_no_module_is_called_utils() -> None:
    assert not [file for file in ours(".py", ".js") if file.with_suffix(".py").name in DRAWERS]


def test_no_comment_defers_work() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    assert not [file for file in ours(".py", ".js", ".css", ".html") if marks.search(file.read_text())]


def test_no_page_loads_anything_from_another_host() -> None:
    foreign = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//|url\(["']?(?:https?:)?//|@import|from ["']https?://""")
    assert not [file for file in ours(".html", ".js", ".css", ".svg") if foreign.search(file.read_text())]


def test_no_page_runs_a_script_inline() -> None:
    inline = re.compile(r"""<script(?![^>]*\bsrc=)[^>]*>|\son[a-z]+=["']|javascript:""", re.IGNORECASE)
    assert not [file for file in ours(".html") if inline.search(file.read_text())]


def test_runtime_files_are_ignored_by_git() -> None:
    names = ["var/isthmus.sqlite3", ".venv/bin/python", "secrets/redis_password.txt", "webapp/__pycache__/env.pyc"]
    shown = subprocess.run(["git", "check-ignore", *names], cwd=ROOT, capture_output=True, text=True, check=False)
    assert shown.stdout.split() == names
