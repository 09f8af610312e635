"""Whether the packages of this environment are enough for another wheel: an update installs none."""

import platform
from email.message import Message
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from devices.agent.update.wheel_file import PACKAGE


def missing(headers: Message) -> list[str]:
    """What a wheel with this metadata needs and this environment lacks, as `name>=1`: of its core, and of each extra that works
    here now. Raises ValueError where it cannot be read."""
    try:
        python = SpecifierSet(headers.get("Requires-Python") or "")
        wanted = [Requirement(line) for line in headers.get_all("Requires-Dist") or []]
    except (InvalidRequirement, InvalidSpecifier) as error:
        raise ValueError(str(error)) from error
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
