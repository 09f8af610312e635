"""The exported app under Flower's own SuperLink and two SuperNodes: the same code, without anything of ours around it."""

import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import pytest

from federation.runs import flower_export
from federation.runs.spec import RunSpec

# Every message starts a fresh process that imports torch.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
BIN = Path(sys.executable).parent
SPEC = RunSpec(clients=2, rounds=2, quorum=2, round_deadline_s=300)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    with zipfile.ZipFile(BytesIO(flower_export.zip_bytes(SPEC))) as packed:
        packed.extractall(tmp_path)
    return tmp_path / flower_export.FOLDER


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    (home / ".flwr").mkdir(parents=True)
    variables = {"HOME": str(home), "FLWR_HOME": str(home / ".flwr"), "FLWR_TELEMETRY_ENABLED": "0", "OMP_NUM_THREADS": "1"}
    path = {"PATH": f"{BIN}:{os.environ['PATH']}"}
    return {**{name: os.environ[name] for name in ("LANG",) if name in os.environ}, **path, **variables}


@pytest.fixture
def superlink(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    ports = [_free() for _ in range(3)]
    address = f"127.0.0.1:{ports[0]}"
    with ExitStack() as stack:
        link = ["flower-superlink", "--insecure", "--disable-runtime-dependency-installation", "--port", str(ports[0])]
        _started(stack, link, environment, tmp_path)
        _wait(ports[0])
        for port in ports[1:]:
            _started(
                stack, ["flower-supernode", "--insecure", "--superlink", address, "--port", str(port)], environment, tmp_path
            )
        config = f'[superlink.here]\naddress = "{address}"\ninsecure = true\n'
        (Path(environment["FLWR_HOME"]) / "config.toml").write_text(config)
        yield address


def test_the_exported_app_trains_under_flowers_own_superlink(app: Path, environment: dict[str, str], superlink: str) -> None:
    result = subprocess.run(
        [str(BIN / "flwr"), "run", str(app), "here", "--stream"], env=environment, capture_output=True, text=True, timeout=800
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]
    rounds = [line for line in result.stdout.splitlines() if "accuracy" in line]
    assert "round 2" in rounds[-1], result.stdout[-3000:]


def _started(stack: ExitStack, command: list[str], environment: dict[str, str], folder: Path) -> None:
    with (folder / f"{command[0]}-{command[-1]}.log").open("wb") as log:
        process = subprocess.Popen([str(BIN / command[0]), *command[1:]], env=environment, stdout=log, stderr=log, cwd=folder)
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.3)
    raise AssertionError("The SuperLink did not start.")
