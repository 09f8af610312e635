"""A copy of this checkout in a folder of its own, under a project name of its own, so that no other deployment is touched."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.transcript import Failed

ROOT = Path(__file__).resolve().parents[2]
PROJECT = IMAGE = "isthmus-containers-test"
NAME = "isthmus.test"  # how a board outside reaches the server
PORT, REDIS_PORT = 18000, 16379
# A board that reaches the server as one in another network does: by its name and its published ports.
OVERRIDE: dict[str, Any] = {
    "services": {
        "redis": {"ports": [f"${{BIND}}:{REDIS_PORT}:6379"]},
        "board": {
            "image": IMAGE,
            "pull_policy": "never",
            "init": True,
            "restart": "unless-stopped",
            "entrypoint": ["python", "-m", "devices.agent"],
            "command": ["run", "--homes", "/node"],
            "environment": {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
            "networks": ["outside"],
            "extra_hosts": [f"{NAME}:host-gateway"],
            "volumes": ["board:/node"],
            "healthcheck": {"test": ["CMD", "python", "-m", "devices.agent", "health", "--homes", "/node"]},
        },
    },
    "networks": {"outside": {}},
    "volumes": {"board": {}},
}
FILES = ("docker-compose.yml", "docker-compose.override.yml")


class Project:
    """`docker compose` in that folder. Everything is said through its command line."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address
        self.settings = {
            "COMPOSE_PROJECT_NAME": PROJECT,
            "COMPOSE_FILE": ":".join(FILES),
            "ISTHMUS_IMAGE": IMAGE,
            "BIND": address,
            "PORT": str(PORT),
            "ISTHMUS_HOSTS": f"{NAME},{address}",
            "ISTHMUS_PUBLIC_URL": f"http://{NAME}:{PORT}",
            "ISTHMUS_NODE_REDIS_HOST": f"{NAME}:{REDIS_PORT}",
            "ISTHMUS_PHOTO_MAX_MB": "3",
            "ISTHMUS_KEEP_FEATURES_MB": "32",
            "OMP_NUM_THREADS": "1",
        }

    def prepare(self) -> None:
        """The files that git knows, the secrets as the comment in docker-compose.yml makes them, and what a person adds."""
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.folder / name)
        self.shell(command_in("docker-compose.yml", "mkdir -p"))
        (self.folder / FILES[1]).write_text(yaml.safe_dump(OVERRIDE))
        self.configure()

    def reopen(self) -> None:
        """The folder of an earlier run, with its settings."""
        lines = (self.folder / ".env").read_text().splitlines()
        self.settings = dict(line.split("=", 1) for line in lines)

    def configure(self, **changes: str | None) -> None:
        """Write `.env`; None takes a setting out."""
        self.settings.update({name: value for name, value in changes.items() if value is not None})
        for name in [name for name, value in changes.items() if value is None]:
            self.settings.pop(name, None)
        (self.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in self.settings.items()))

    def compose(self, *words: str, seconds: float = 300, data: bytes | None = None) -> str:
        """What the command printed. Raises Failed."""
        return self.run(["docker", "compose", *words], seconds, data).decode(errors="replace")

    def run(self, command: list[str], seconds: float = 300, data: bytes | None = None) -> bytes:
        try:
            done = subprocess.run(
                command, cwd=self.folder, env=_plain(), input=data, capture_output=True, timeout=seconds, check=False,
                **({"stdin": subprocess.DEVNULL} if data is None else {}),
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Failed(f"`{' '.join(command)}` took more than {seconds:.0f} s") from None
        if done.returncode:
            tail = (done.stderr or done.stdout).decode(errors="replace").strip()[-600:]
            raise Failed(f"`{' '.join(command)}` exited with {done.returncode}: {tail}")
        return done.stdout

    def shell(self, script: str, seconds: float = 600) -> str:
        return self.run(["bash", "-euo", "pipefail", "-c", script], seconds).decode(errors="replace")

    def inside(self, service: str, *words: str, index: int = 1) -> str:
        return self.compose("exec", "-T", "--index", str(index), service, *words)

    def containers(self, service: str = "") -> dict[str, dict[str, Any]]:
        """Container id → what `ps` says of it."""
        text = self.compose("ps", "--all", "--no-trunc", "--format", "json", *filter(None, [service]))
        rows = [row for line in text.splitlines() for row in _rows(line)]
        return {row["ID"]: row for row in rows}

    def health(self, service: str) -> list[str]:
        return [row["Health"] or row["State"] for row in self.containers(service).values()]

    def secret(self, name: str) -> str:
        return (self.folder / "secrets" / f"{name}.txt").read_text().strip()

    def remove(self) -> None:
        self.compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")


def command_in(file: str, start: str) -> str:
    """The command in the first comment of a Compose file that begins with `start`, as a person pastes it."""
    lines: list[str] = []
    for line in (ROOT / file).read_text().splitlines():
        text = line.removeprefix("#   ") if line.startswith("#   ") else ""
        if lines and not text:
            break
        if lines or text.startswith(start):
            lines.append(text)
    return "\n".join(lines)


def _rows(line: str) -> list[dict[str, Any]]:
    """Compose prints one object per line, or, in some versions, one list."""
    parsed = json.loads(line) if line.strip() else []
    return parsed if isinstance(parsed, list) else [parsed]


def _plain() -> dict[str, str]:
    """The environment without what would come before `.env`."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("ISTHMUS_", "COMPOSE_"))}
