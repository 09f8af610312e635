"""The agents that a home holds, and which of them starts. The installer's own environment is below them all and never changed.

One file says everything and is replaced as a whole, so a board that loses power at any moment starts with a whole agent. The
launcher of an earlier version reads it too: fields may be added, not renamed. Standard library only.
"""

import json
import os
import re
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

FOLDER, FILE = "releases", "state.json"
REPORTED, READY = "reported", "ready"  # files: the server has answered this start; it has, since the models were loaded
LOCK = "lock"  # of the launcher
DIGEST = re.compile(r"[0-9a-f]{64}")
MOST_ATTEMPTS = 3


@dataclass(frozen=True)
class Releases:
    """Digests of wheels. `installed`: what the installer put into its environment; `current`: what starts, empty: that one;
    `trial`: what is tried, empty: nothing. `failed`: the last that did not work, and `why`. `request`: of the offer that the
    last update followed."""

    installed: str
    current: str = ""
    previous: str = ""
    trial: str = ""
    attempts: int = 0
    failed: str = ""
    why: str = ""
    request: int = 0

    @property
    def running(self) -> str:
        """The digest of what starts when nothing is tried."""
        return self.current or self.installed

    def tried(self, digest: str, request: int = 0) -> "Releases":
        """About to be tried."""
        return replace(self, trial=digest, attempts=0, request=request)

    def adopted(self) -> "Releases":
        """What was tried works."""
        return replace(self, current=self.trial, previous=self.current, trial="", attempts=0, failed="", why="")

    def rolled_back(self, why: str) -> "Releases":
        return replace(self, trial="", attempts=0, failed=self.trial, why=why[:300])


def read(home: Path) -> Releases | None:
    """None where the installer did not make this home, or the file is damaged: then the installer's environment starts."""
    try:
        values = json.loads((home / FOLDER / FILE).read_text())
        known = {name: value for name, value in values.items() if name in Releases.__dataclass_fields__}
        state = Releases(**known)
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    digests = (state.current, state.previous, state.trial, state.failed)
    is_whole = _is_digest(state.installed) and all(digest == "" or _is_digest(digest) for digest in digests)
    is_typed = isinstance(state.why, str) and isinstance(state.attempts, int) and isinstance(state.request, int)
    return state if is_whole and is_typed else None


def _is_digest(value: object) -> bool:
    """It becomes the name of a folder."""
    return isinstance(value, str) and DIGEST.fullmatch(value) is not None


def save(home: Path, state: Releases) -> None:
    """As a whole, on the disk when this returns. Raises OSError."""
    folder = home / FOLDER
    part = folder / f"{FILE}.part"
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
            json.dump(asdict(state), handle)
            handle.flush()
            os.fsync(handle.fileno())
        part.replace(folder / FILE)
    finally:
        part.unlink(missing_ok=True)
    sync(folder)


def sync(folder: Path) -> None:
    """Names in a folder reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def folder_of(home: Path, digest: str) -> Path:
    return home / FOLDER / digest


def path_of(home: Path, digest: str) -> str:
    """PYTHONPATH of an agent: its folder before what there is; the empty digest is the installer's environment."""
    own = str(folder_of(home, digest).resolve()) if digest else ""
    return os.pathsep.join(filter(None, [own, os.environ.get("PYTHONPATH", "")]))


def prune(home: Path, state: Releases, own: str) -> None:
    """Delete what can no longer start, and what an interrupted update left. `own`: the digest of who calls."""
    held = {state.current, state.previous, state.trial, own, FILE, REPORTED, READY, LOCK}
    for path in (home / FOLDER).iterdir():
        if path.name in held:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
