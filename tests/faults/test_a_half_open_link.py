"""A cut link leaves connections half open: nothing arrives, and nothing fails. The heartbeat may still get through."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.harness import relay
from bench.harness.processes import wait_for
from bench.harness.stack import ROOT, Stack
from devices.agent import config

pytestmark = pytest.mark.slow
NAME, ADDRESS = "far-device", "127.0.0.2"  # also loopback, so that the relay can listen on Redis's own port
LIMIT_S = 60
# The server offers its nodes the address of its Redis; this one stays behind its relay.
STAYING = """import sys
from devices.agent import __main__ as agent
from devices.agent.home import addresses
addresses.adopt = lambda home, offer: None
sys.exit(agent.main(sys.argv[1:]))"""


@pytest.fixture
def link(healthy: Stack, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The only relay through which `far-device` reaches Redis; stopped, it keeps every connection open and carries nothing."""
    home, env = tmp_path / NAME, {**healthy.env, "OMP_NUM_THREADS": "1"}
    program = [sys.executable, "-m", "devices.agent"]
    create = (
        f"from devices.registry import enrolment; print(enrolment.create_code(name='{NAME}', tier='device', preapproved=True))"
    )
    code = healthy.shell(create)
    join = [*program, "join", "--home", str(home), "--server", healthy.url, "--code", code]
    subprocess.run(join, check=True, capture_output=True, cwd=ROOT, env=env, timeout=60)
    settings = config.load(home)
    assert settings is not None and settings.redis is not None
    config.save(home, replace(settings, redis={**settings.redis, "host": ADDRESS}))
    relay_process = subprocess.Popen(
        relay.command(ADDRESS, int(settings.redis["port"])), stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert relay_process.stdout is not None and relay_process.stdout.readline().strip() == relay.READY
    with (tmp_path / "agent.log").open("wb") as log:
        agent = subprocess.Popen(
            [sys.executable, "-c", STAYING, "run", "--home", str(home)], stdout=log, stderr=log, cwd=ROOT, env=env
        )
    try:
        yield relay_process
    finally:
        os.kill(relay_process.pid, signal.SIGCONT)
        healthy.shell(f"from devices.registry import enrolment; enrolment.revoke('{NAME}')")
        agent.wait(60)
        relay_process.terminate()
        relay_process.wait(5)


@pytest.mark.long  # with an agent of its own; test_killed_workers.py freezes an edge, to which connections stay open too
def test_a_question_over_a_half_open_link_fails_with_a_reason_and_the_next_is_answered(
    healthy: Stack, link: subprocess.Popen[str], photo_bytes: bytes
) -> None:
    wait_for(lambda: _answered(healthy, photo_bytes), 120, "the far device did not answer", every=1)

    os.kill(link.pid, signal.SIGSTOP)
    started = time.monotonic()
    failed = healthy.finished(
        healthy.put("What is in this photo?", photo=healthy.upload(photo_bytes), node=NAME)["id"], LIMIT_S
    )
    assert time.monotonic() - started < LIMIT_S
    assert failed["state"] == "failed" and NAME in failed["error"]["message"], failed["error"]

    os.kill(link.pid, signal.SIGCONT)
    wait_for(lambda: _answered(healthy, photo_bytes), 150, "no question was answered after the link came back", every=1)
    assert healthy.turn(failed["id"])["seq"] == failed["seq"], "the lost question was answered after all"


def _answered(stack: Stack, photo: bytes) -> bool:
    turn = stack.finished(stack.put("Describe this photo.", photo=stack.upload(photo), node=NAME)["id"], LIMIT_S)
    return bool(turn["state"] == "answered")
