"""Settings from the environment, read once, failing loudly.

Every name may also be given as `NAME_FILE`, the path of a file that holds the value: how Docker and systemd hand out
secrets without putting them into the environment of every child process.
"""

import os
import secrets
from pathlib import Path


class BadSetting(Exception):
    """An environment variable that cannot be used; the text says which, and what it should look like."""


def text(name: str, default: str = "") -> str:
    file = os.environ.get(f"{name}_FILE")
    if not file:
        return os.environ.get(name, default)
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise BadSetting(f"{name}_FILE names {file}, which cannot be read: {error.strerror}.") from error


def integer(name: str, default: int) -> int:
    raw = text(name, str(default))
    try:
        return int(raw)
    except ValueError:
        raise BadSetting(f"{name} must be a whole number, not {raw!r}.") from None


def number(name: str, default: float) -> float:
    raw = text(name, str(default))
    try:
        return float(raw)
    except ValueError:
        raise BadSetting(f"{name} must be a number, not {raw!r}.") from None


def flag(name: str, default: bool = False) -> bool:
    raw = text(name, "1" if default else "0").lower()
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off", ""}:
        return False
    raise BadSetting(f"{name} must be 1 or 0, not {raw!r}.")


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def choice(name: str, options: tuple[str, ...]) -> str:
    """The first option is the default."""
    value = text(name, options[0])
    if value not in options:
        raise BadSetting(f"{name} must be one of {', '.join(options)}, not {value!r}.")
    return value


def secret(name: str, file: Path, length: int = 50) -> str:
    """The variable if set; else the content of `file`, which is made with a random secret (mode 0600) when missing."""
    given = text(name)
    if given:
        return given
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        pass
    file.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and linked into place: whoever starts at the same moment sees either nothing or the whole secret.
    part = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(secrets.token_urlsafe(length))
    try:
        os.link(part, file)
    except FileExistsError:  # another process of the same start was quicker
        pass
    finally:
        part.unlink()
    return file.read_text().strip()
