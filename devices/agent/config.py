"""The home folder of an agent: its identity and its credentials. Readable by its own account only."""

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode

from devices.contract.heartbeat import Secrets, Simulated

FILE, LOCK = "agent.json", "lock"
IDENTITY = "identity"  # the secret that a node joined with
OTHERS = 0o077  # the part of a mode that is about other accounts


class ConfigError(Exception):
    """The home folder cannot be used; one sentence says why and what to do."""


@dataclass(frozen=True)
class Config:
    server: str
    slug: str
    tier: str
    token: str
    joined_with: str  # digest of the code that was spent: the same command started again must not spend it twice
    redis: dict[str, Any] | None = None  # None until an admin has approved the node
    profile: str = "compact"
    simulated_uplink_bytes_per_s: float | None = None
    simulated_slowdown: float = 1.0
    simulated_downlink_bytes_per_s: float | None = None
    server_ca: str = ""  # file with the authority of the server's certificate, where the system does not trust it
    public_url: str = ""  # the address that the server names to nodes; this one may have joined at another
    follows: bool = False  # it joined at that address, and moves with it
    access: str = ""  # digest of the addresses that the server offered last
    choice: int = 0  # number of the server's choice of models that `profile` follows

    @property
    def redis_password(self) -> str:
        return str(self.redis["password"]) if self.redis else ""

    @property
    def redis_url(self) -> str:
        if self.redis is None:
            raise ConfigError("This node has no credentials for Redis yet; it waits for approval.")
        at = self.redis
        host = f"[{at['host']}]" if ":" in at["host"] else at["host"]
        url = f"{at['scheme']}://{at['username']}:{at['password']}@{host}:{at['port']}/{at['db']}"
        if at["scheme"] != "rediss":
            return url
        # Celery requires the certificate check to be stated explicitly.
        trusted = {"ssl_ca_certs": at["ca_file"]} if at.get("ca_file") else {}
        return f"{url}?{urlencode({'ssl_cert_reqs': 'required', **trusted})}"

    def with_secrets(self, secrets: Secrets) -> "Config":
        """After a rotation: another token and another password, everything else as before."""
        return replace(self, token=secrets.token, redis={**(self.redis or {}), "password": secrets.redis_password})

    def with_simulated(self, simulated: Simulated | None) -> "Config":
        """As the server sets it now; a real node has neither a shaped link nor a slowdown."""
        simulated = simulated or Simulated()
        return replace(
            self,
            simulated_uplink_bytes_per_s=simulated.uplink_bytes_per_s,
            simulated_slowdown=simulated.slowdown or 1.0,
            simulated_downlink_bytes_per_s=simulated.downlink_bytes_per_s,
        )


def load(home: Path) -> Config:
    """Raises ConfigError."""
    try:
        return Config(**json.loads((home / FILE).read_text()))
    except FileNotFoundError:
        raise ConfigError(f"{home} holds no node yet; start with --server and --code.") from None
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{home / FILE} cannot be read ({error}); join again with a new code.") from error


def save(home: Path, config: Config) -> None:
    _private_folder(home)
    replace_private(home / FILE, json.dumps(asdict(config), indent=1))


def replace_private(file: Path, text: str) -> None:
    """Atomic: a board may lose power at any moment. Raises OSError."""
    part = file.with_name(f"{file.name}.part")
    try:
        _write_private(part, text)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)  # a full disk keeps no half file


def write_ca_file(home: Path, credentials: dict[str, Any]) -> dict[str, Any]:
    """The server's credentials with its authority for Redis moved into a file, where the libraries look for it."""
    plain = {key: value for key, value in credentials.items() if key != "ca"}
    if not credentials.get("ca"):
        return plain  # the authorities that the system trusts
    return {**plain, "ca_file": write_authority(home, "redis", credentials["ca"])}


def write_authority(home: Path, kind: str, pem: str) -> str:
    """The path of a file with this certificate authority. Another authority is another file, and the old one stays valid."""
    file = home.resolve() / f"{kind}-ca-{digest_of(pem)}.pem"
    _write_private(file, pem)
    return str(file)


def fingerprint(home: Path) -> str:
    """What a person compares on the node and on the devices page. Made once; joining again does not change it."""
    digest = hashlib.sha256(_identity(home)).hexdigest()[:16]
    return ":".join(digest[i : i + 4] for i in range(0, 16, 4))


def claim(home: Path, code: str) -> str:
    """A secret of this node for one code, 64 hexadecimal digits: only who knows it may ask for a lost answer again."""
    return hmac.digest(_identity(home), code.encode(), "sha256").hex()


def _identity(home: Path) -> bytes:
    _private_folder(home)
    file = home / IDENTITY
    if not file.exists():
        _write_private(file, secrets.token_hex(32))
    return file.read_bytes()


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def lock(home: Path) -> IO[str]:
    """Two agents with one identity would take each other's jobs. Locked as long as the handle lives. Raises ConfigError."""
    _private_folder(home)
    handle = (home / LOCK).open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise ConfigError(f"Another agent already runs in {home}; stop it first.") from None
    handle.truncate(0)
    handle.write(f"{_container()} {os.getpid()}")
    handle.flush()
    return handle


def runs_here(home: Path) -> bool:
    """Whether an agent of this machine, or of this container, runs in that home. Looks without touching the lock."""
    try:
        container, _, pid = (home / LOCK).read_text().rpartition(" ")
        return container == _container() and b"devices.agent" in Path(f"/proc/{int(pid)}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False


def _container() -> str:
    """Tells this container's processes from another's: replicas share a folder, and process numbers repeat."""
    return str(Path("/proc/self/ns/pid").readlink())


def readable_by_others(folder: Path) -> Iterator[Path]:
    """The folder itself and what is in it, as far as other accounts of this machine may look at it. Links are not followed."""
    for path in chain((folder,), _below(folder)):
        try:
            mode = path.lstat().st_mode
        except OSError:
            continue  # deleted meanwhile
        if mode & OTHERS and not stat.S_ISLNK(mode):
            yield path


def make_private(folder: Path) -> list[Path]:
    """Take everything in a folder from other accounts; what stays readable, because another account owns it."""
    left = []
    for path in readable_by_others(folder):
        try:
            path.chmod(path.stat().st_mode & ~OTHERS & 0o7777)
        except FileNotFoundError:
            continue
        except OSError:
            left.append(path)
    return left


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield Path(parent, name)


def _private_folder(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"{home} cannot be created ({error.strerror}); choose another --home.") from error


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        os.fchmod(handle.fileno(), 0o600)  # the file may have been there before, with another mode
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())  # power lost after the rename would otherwise leave an empty file
