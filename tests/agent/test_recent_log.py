"""The agent's last lines: bounded, without secrets, handed over when the server asks, and a restart once."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from devices.agent import config
from devices.agent.home import recent_log
from devices.agent.home.recent_log import HIDDEN, Ring
from devices.agent.runtime import Runtime
from devices.contract.protocol import ABILITIES, MAX_LOG
from tests.agent.test_runtime import beat_with, run_for


@pytest.fixture
def ring() -> Any:
    ring = Ring()
    logger = logging.getLogger("tests.recent_log")
    logger.setLevel(logging.INFO)
    logger.addHandler(ring)
    yield ring
    logger.removeHandler(ring)


log = logging.getLogger("tests.recent_log")


@pytest.fixture
def kept() -> config.Config:
    access = {"scheme": "redis", "host": "127.0.0.1", "port": 1, "db": 0, "username": "node-a", "password": "pw-of-redis"}
    return config.Config("http://cloud", "jetson-a", "device", "bearer-token-of-a", "", access)


def test_lines_have_a_time_a_level_and_a_name(ring: Ring) -> None:
    log.warning("heartbeat: %s", "no route")
    assert ring.text().endswith("Z W tests.recent_log: heartbeat: no route")


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("token bearer-token-of-a refused", "bearer-token-of-a"),
        ("redis://node-a:pw-of-redis@10.0.0.1:6379/0 is away", "pw-of-redis"),
        ("rtsp://admin:hunter22@192.168.0.7/stream gives no frame", "hunter22"),
        ("Authorization: Bearer abcdef123456789", "abcdef123456789"),
        ("sent isthmus_QWERTYUIOPasdf to the server", "QWERTYUIOPasdf"),
        ("started with --code ABCDEFGH", "ABCDEFGH"),
        ('{"redis_password": "s3cr3t-value", "port": 1}', "s3cr3t-value"),
        ("ISTHMUS_API_KEY=sk-12345 is set", "sk-12345"),
        ("password=open,sesame", "open"),
    ],
)
def test_secrets_are_left_out(ring: Ring, line: str, secret: str) -> None:
    ring.conceal("bearer-token-of-a", "pw-of-redis")
    log.info("%s", line)
    assert secret not in ring.text() and HIDDEN in ring.text()


@pytest.mark.parametrize(
    "line", ["the token was refused", "password of redis is missing", "http://10.0.0.1:8000/devices/ is away"]
)
def test_what_only_speaks_of_secrets_stays_readable(ring: Ring, line: str) -> None:
    log.info("%s", line)
    assert ring.text().endswith(line)


def test_a_traceback_is_logged_without_the_secret_in_its_message(ring: Ring) -> None:
    ring.conceal("bearer-token-of-a")
    try:
        raise ValueError("bad bearer-token-of-a")
    except ValueError:
        log.exception("failed")
    assert "Traceback" in ring.text() and f"ValueError: bad {HIDDEN}" in ring.text()


@pytest.mark.parametrize("letter", ["x", "é", "\x01", '"', "漢"])
def test_it_is_bounded_as_json_whatever_is_logged(ring: Ring, letter: str) -> None:
    for number in range(300):
        log.info("%s %s", number, letter * 700)
    text = ring.text()
    assert len(json.dumps(text)) <= MAX_LOG
    assert "299 " in text and "\n" in text, "the newest lines stay"


def test_an_endless_line_is_cut(ring: Ring) -> None:
    log.info("a" * 10_000_000)
    assert len(ring.text()) == recent_log.LINE_CHARS


def test_the_log_is_sent_when_the_server_asks(tmp_path: Path, kept: config.Config, monkeypatch: Any, ring: Ring) -> None:
    monkeypatch.setattr(recent_log, "RING", ring)
    log.info("ready")
    beat, said, _ = beat_with(
        Runtime(tmp_path, kept), kept, lambda times: {"state": "online", "next_s": 0.5, **({"log": "r1"} if times == 1 else {})}
    )
    run_for(beat, lambda: any("request" in body for body in said))
    (sent,) = [body for body in said if "request" in body]
    assert sent["request"] == "r1" and sent["text"].endswith("ready")


def test_only_the_start_that_is_meant_ends(tmp_path: Path, kept: config.Config) -> None:
    restarts: list[int] = []
    beat, said, _ = beat_with(
        Runtime(tmp_path, kept),
        kept,
        lambda times: {"state": "online", "next_s": 0.5, "restart": "another" if times < 3 else beat.boot},
    )
    beat.restart = lambda: restarts.append(len(said))
    run_for(beat, lambda: bool(restarts))
    assert restarts[0] == 3 and said[0]["abilities"] == list(ABILITIES)
