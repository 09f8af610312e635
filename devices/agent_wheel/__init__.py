"""The agent's wheel, which boards fetch from here: built from the same sources that run here, without Django."""

import functools
import hashlib
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from packaging.version import InvalidVersion, Version

PROJECT = Path(settings.BASE_DIR) / "devices" / "agent"
PATTERN = "isthmus_agent-*.whl"


@dataclass(frozen=True)
class Wheel:
    """`digest`: SHA-256 of the file, of `size` bytes."""

    name: str
    version: str
    digest: str
    size: int


@functools.cache
def identity() -> Wheel:
    """Of the wheel that belongs to this process: its sources do not change while it runs."""
    file = wheel()
    data = file.read_bytes()
    return Wheel(file.name, file.name.split("-")[1], hashlib.sha256(data).hexdigest(), len(data))


def known() -> Wheel | None:
    """The same for pages, which do not wait while the clock has it built: None until then."""
    return identity() if identity.cache_info().currsize or built() else None


def with_digest(digest: str) -> Path | None:
    """The file, if it has this digest: another process of a later version may have built another."""
    file = wheel()
    stat = file.stat()
    return file if _digest(file, stat.st_mtime_ns, stat.st_size) == digest else None


@functools.lru_cache(maxsize=2)
def _digest(file: Path, mtime_ns: int, size: int) -> str:
    """Of a file as it is since then: all nodes of a wave fetch it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def is_earlier(wheel: Wheel, version: object) -> bool:
    """Whether an agent of that version would step back with it."""
    try:
        return Version(wheel.version) < Version(str(version))
    except InvalidVersion:
        return False


def wheel() -> Path:
    """The file, built again when a source is newer."""
    return built() or build(_folder())


def built() -> Path | None:
    """The file, if it is newer than its sources."""
    newest = max(file.stat().st_mtime for file in sources())
    file = next(iter(sorted(_folder().glob(PATTERN), key=lambda file: file.stat().st_mtime, reverse=True)), None)
    return file if file is not None and file.stat().st_mtime > newest else None


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "agent"


def build(folder: Path) -> Path:
    """Two processes may build at once: each replaces the file as a whole."""
    from hatchling.builders.wheel import WheelBuilder  # only here, and seldom

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        made = Path(next(iter(WheelBuilder(str(PROJECT)).build(directory=scratch, versions=["standard"]))))
        made.chmod(0o600)
        target = folder / made.name
        made.replace(target)
    for old in folder.glob(PATTERN):
        if old != target:
            old.unlink(missing_ok=True)
    return target


def sources() -> list[Path]:
    """Every file that goes into the wheel, as its own pyproject.toml names the folders."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    folders = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    files = (file for folder in folders for file in (PROJECT / folder).resolve().rglob("*") if file.is_file())
    return sorted(file for file in files if "__pycache__" not in file.parts)
