"""Read settings from the environment; an invalid value is an error.

Every variable may also be given as `NAME_FILE`, the path of a file that holds the value. Docker and systemd pass secrets
in this way, out of the environment that child processes inherit.
"""

import contextlib
import ipaddress
import os
import secrets
from pathlib import Path


class BadSetting(Exception):
    """An invalid environment variable; the message names it and says what is expected."""


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


def text_list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Addresses and networks, separated by commas."""
    try:
        return [ipaddress.ip_network(entry, strict=False) for entry in text_list(name)]
    except ValueError as error:
        raise BadSetting(f"{name} must be addresses or networks such as 10.0.0.0/8: {error}.") from None


def days(name: str) -> dict[str, int | None]:
    """`conversations=365,batches=forever`: numbers of days by name, None for ever."""
    periods: dict[str, int | None] = {}
    for item in text_list(name):
        key, mark, value = (part.strip() for part in item.partition("="))
        if not mark or not (value == "forever" or (value.isdigit() and int(value) > 0)):
            raise BadSetting(f"{name} must look like conversations=365,batches=forever, not {item!r}.")
        periods[key] = None if value == "forever" else int(value)
    return periods


def choice(name: str, options: tuple[str, ...]) -> str:
    """The first option is the default."""
    value = text(name, options[0])
    if value not in options:
        raise BadSetting(f"{name} must be one of {', '.join(options)}, not {value!r}.")
    return value


def secret(name: str, file: Path, length: int = 50) -> str:
    """The variable if set, else the content of `file`, which is created with a random secret (mode 0600) if missing."""
    value = text(name)
    if value:
        return value
    try:
        plain = file.read_text().strip()
    except FileNotFoundError:
        pass
    else:
        with contextlib.suppress(OSError):  # a check says so where it stays readable by others
            file.chmod(0o600)
        return plain
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Atomic: a process that starts at the same moment sees either no file or the whole secret.
    part = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(secrets.token_urlsafe(length))
    try:
        os.link(part, file)
    except FileExistsError:  # another process created it first
        pass
    finally:
        part.unlink()
    return file.read_text().strip()
