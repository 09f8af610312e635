"""The agent as a file a board can fetch: the same sources that run here, without Django and without training."""

import tarfile
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
STAGES = tuple(f"inference/{name}.py" for name in ("__init__", "stages", "job", "learned", "looking", "photo_folder", "shelf"))
TRAINING = ("federation/__init__.py", "federation/node/train_stage.py", "federation/node/packing.py", "federation/app")
PARTS = ("devices/agent", *STAGES, "inference/engine", *TRAINING)
LEFT_OUT = frozenset({"training", "__pycache__"})  # that "training" makes the bundled models


def sources() -> list[Path]:
    """Every file of the package, relative to the root of the project."""
    found: list[Path] = []
    for part in PARTS:
        path = ROOT / part
        found.extend([path] if path.is_file() else (file for file in path.rglob("*") if file.is_file()))
    named = [file.relative_to(ROOT) for file in found]
    return sorted(file for file in named if not LEFT_OUT & set(file.parts))


def archive() -> Path:
    """The package, made anew when a source is younger than it."""
    target = Path(settings.VAR_DIR) / "agent" / "agent.tar.gz"
    files = sources()
    newest = max((ROOT / file).stat().st_mtime for file in files)
    if target.exists() and target.stat().st_mtime > newest:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    with tarfile.open(part, "w:gz", compresslevel=1) as tar:  # weights do not get smaller
        # `devices/__init__.py` of the server stays here; on a board the folder holds the agent alone.
        for file in files:
            tar.add(ROOT / file, arcname=str(file), recursive=False, filter=_anonymous)
    part.replace(target)
    return target


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    return info
