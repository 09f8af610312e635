"""A link that was cut leaves connections half open: nothing comes, and nothing fails. The heartbeat may still get through."""

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
NAME, ADDRESS = "far-device", "127.0.0.2"  # of loopback too, so that the relay may listen at Redis's own port
LIMIT_S = 40


@pytest.fixture
def link(whole: Stack, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The relay through which alone `far-device` reaches Redis; stopped, it keeps every connection open and carries nothing."""
    home, env = tmp_path / NAME, {**whole.env, "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "devices.agent"]
    create = f"from devices import enrol; print(enrol.create_code(name='{NAME}', tier='device', preapproved=True))"
    code = whole.manage("shell", "--no-imports", "-c", create).stdout.split()[-1]
    joining = [*words, "join", "--home", str(home), "--server", whole.url, "--code", code]
    subprocess.run(joining, check=True, capture_output=True, cwd=ROOT, env=env, timeout=60)
    kept = config.load(home)
    assert kept is not None and kept.redis is not None
    config.save(home, replace(kept, redis={**kept.redis, "host": ADDRESS}))
    carrying = subprocess.Popen(relay.command(ADDRESS, int(kept.redis["port"])), stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert carrying.stdout is not None and carrying.stdout.readline().strip() == relay.READY
    with (tmp_path / "agent.log").open("wb") as log:
        agent = subprocess.Popen([*words, "run", "--home", str(home)], stdout=log, stderr=log, cwd=ROOT, env=env)
    try:
        yield carrying
    finally:
        os.kill(carrying.pid, signal.SIGCONT)
        whole.manage("shell", "--no-imports", "-c", f"from devices import enrol; enrol.revoke('{NAME}')")
        agent.wait(20)
        carrying.terminate()
        carrying.wait(5)


def test_a_question_over_a_half_open_link_ends_with_its_reason_and_the_next_one_after_it_is_answered(
    whole: Stack, link: subprocess.Popen[str], photo_bytes: bytes
) -> None:
    wait_for(lambda: _answered(whole, photo_bytes), 60, "the far device did not answer", every=1)

    os.kill(link.pid, signal.SIGSTOP)
    begun = time.monotonic()
    cut = whole.finished(whole.put("What is in this photo?", photo=whole.upload(photo_bytes), node=NAME)["id"], LIMIT_S)
    assert time.monotonic() - begun < LIMIT_S
    assert cut["state"] == "failed" and NAME in cut["error"]["message"], cut["error"]

    os.kill(link.pid, signal.SIGCONT)
    wait_for(lambda: _answered(whole, photo_bytes), 90, "no question was answered after the link came back", every=1)
    assert whole.turn(cut["id"])["seq"] == cut["seq"], "the lost question was answered after all"


def _answered(stack: Stack, photo: bytes) -> bool:
    turn = stack.finished(stack.put("Describe this photo.", photo=stack.upload(photo), node=NAME)["id"], LIMIT_S)
    return bool(turn["state"] == "answered")
