"""The Pythons of this machine, by version: pyenv's, else what PATH has."""

import os
import shutil
import subprocess
from pathlib import Path

OLDEST = "3.10"
VERSIONS = (OLDEST, "3.12", "3.13")  # of JetPack 6, of JetPack 7 and of Debian 13


def find(version: str) -> Path | None:
    """An interpreter of this version that starts. On PATH may be a shim of pyenv's that has none behind it."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    on_path = shutil.which(f"python{version}")
    candidates = [*sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True), Path(on_path or "-")]
    return next((python for python in candidates if _version(python) == version), None)


def _version(python: Path) -> str:
    try:
        words = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
