"""`python -m tests.boards.resolve`: which versions a board gets for each extra of the agent, for each Python.

Nothing is installed: uv resolves for 64-bit ARM Linux, taking wheels alone, since a board has no compiler. Exit 1 when an
extra does not resolve.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parents[2] / "devices" / "agent" / "pyproject.toml"
UV = Path(sys.executable).with_name("uv")  # comes with Flower
PLATFORM = "aarch64-manylinux_2_35"  # glibc of Ubuntu 22.04, which JetPack 6 is; later ones have a newer one
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
CORE = "core"


def main() -> int:
    project = tomllib.loads(PROJECT.read_text())["project"]
    failures = 0
    for extra, requirements in {CORE: project["dependencies"], **project["optional-dependencies"]}.items():
        versions = {python: resolved(extra, python) for python in PYTHONS}
        failures += sum(isinstance(found, str) for found in versions.values())
        show(extra, sorted({Requirement(line).name for line in requirements}), versions)
    print(f"{failures} of {len(PYTHONS) * (1 + len(project['optional-dependencies']))} resolutions failed")
    return 1 if failures else 0


def resolved(extra: str, python: str) -> dict[str, str] | str:
    """Every package with its version, or what uv says why there is none."""
    command = [str(UV), "pip", "compile", str(PROJECT), "--quiet", "--no-header", "--no-annotate"]
    command += ["--only-binary", ":all:", "--python-platform", PLATFORM, "--python-version", python]
    done = subprocess.run(
        [*command, *([] if extra == CORE else ["--extra", extra])], capture_output=True, text=True, check=False
    )
    return done.stderr.strip() if done.returncode else dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", done.stdout, re.MULTILINE))


def show(extra: str, names: list[str], versions: dict[str, dict[str, str] | str]) -> None:
    """The packages that the extra names, and how many come with them."""
    row("", extra, *(f"Python {python}" for python in versions))
    for name in names:
        row("  ", name, *("failed" if isinstance(found, str) else found.get(name, "-") for found in versions.values()))
    row("  ", "packages in all", *("failed" if isinstance(found, str) else str(len(found)) for found in versions.values()))
    for python, found in versions.items():
        if isinstance(found, str):
            print(f"  Python {python}: {found}")
    print(flush=True)


def row(indent: str, name: str, *cells: str) -> None:
    print(f"{indent + name:36}" + "".join(f"{cell:14}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
