"""What takes seconds to make and is the same in all test processes of a run: made by the first that needs it."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def made_once(place: Path, make: Callable[[Path], None]) -> Path:
    """The file or folder, made by `make` under another name: nobody sees half of it."""
    with place.with_name(f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            part = place.with_name(f"{place.name}.part")
            make(part)
            part.rename(place)
    return place


def migrate(file: Path) -> None:
    """Apply every migration to an empty SQLite database."""
    var = file.with_name(f"{file.name}.var")
    var.mkdir(mode=0o700, exist_ok=True)
    unset = ("DJANGO_SETTINGS_MODULE", "REDIS_URL", "TESTS_POSTGRES")
    env = {name: value for name, value in os.environ.items() if name not in unset and not name.startswith("POSTGRES_")}
    command = [sys.executable, "manage.py", "migrate", "--no-input", "-v", "0"]
    subprocess.run(command, cwd=ROOT, env={**env, "ISTHMUS_VAR": str(var)}, check=True)
    (var / "isthmus.sqlite3").rename(file)
