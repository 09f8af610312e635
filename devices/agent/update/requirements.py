"""Whether the packages of this environment are enough for another wheel: an update installs none."""

import email
import platform
import zipfile
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

PACKAGE = "isthmus-agent"


def missing(wheel: Path) -> list[str]:
    """What the wheel needs and this environment lacks, as `name>=1`: of its core, and of each extra that works here now. Raises
    ValueError for what is no wheel of the agent."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA") and name.count("/") == 1]
            headers = email.message_from_bytes(archive.read(names[0]))
        python = SpecifierSet(headers.get("Requires-Python") or "")
        wanted = [Requirement(line) for line in headers.get_all("Requires-Dist") or []]
    except (zipfile.BadZipFile, IndexError, KeyError, InvalidRequirement, InvalidSpecifier) as error:
        raise ValueError(str(error)) from error
    if headers.get("Name") != PACKAGE:
        raise ValueError(f"a package named {headers.get('Name')}")
    lacking = [] if python.contains(platform.python_version(), prereleases=True) else [f"Python {python}"]
    extras = {"", *(extra for extra in headers.get_all("Provides-Extra") or [] if _works(extra))}
    lacking += [f"{need.name}{need.specifier}" for need in wanted if _applies(need, extras) and not _is_here(need)]
    return list(dict.fromkeys(lacking))


def _works(extra: str) -> bool:
    """Whether everything that the present agent needs for an extra is here."""
    try:
        needs = [Requirement(line) for line in metadata.requires(PACKAGE) or []]
    except metadata.PackageNotFoundError:
        return False
    own = [need for need in needs if need.marker and _applies(need, {extra}) and not _applies(need, {""})]
    return bool(own) and all(map(_is_here, own))


def _applies(need: Requirement, extras: set[str]) -> bool:
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras)


def _is_here(need: Requirement) -> bool:
    try:
        return need.specifier.contains(metadata.version(need.name), prereleases=True)
    except metadata.PackageNotFoundError:
        return False
