"""Becoming a node: spend the code, show the fingerprint, wait for approval, keep the credentials."""

import logging
import random
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from devices.agent import VERSION, config
from devices.agent.config import Config
from devices.agent.sensors import board
from devices.agent.server import Refused, Server, Unreachable

log = logging.getLogger(__name__)
LONGEST_PAUSE_S = 5.0
T = TypeVar("T")


def ready(home: Path, url: str = "", code: str = "") -> Config:
    """The node's configuration with its credentials, joining and waiting as long as it takes.

    Raises ConfigError, or Refused when the server does not want this node.
    """
    return approved(home, joined(home, url, code))


def joined(home: Path, url: str = "", code: str = "") -> Config:
    """Known to the server, approved or not. A code that was spent from here before is not spent again."""
    if not code:
        return config.load(home)
    spent = config.digest_of(code)
    try:
        kept = config.load(home)
    except config.ConfigError:
        kept = None
    if kept is not None and kept.joined_with == spent:
        return kept
    server = Server(url)
    told = {
        "code": code,
        "fingerprint": config.fingerprint(home),
        "hostname": socket.gethostname()[:120],
        "hardware": board.hardware(),
        "versions": board.versions(VERSION),
    }
    answer = patiently(lambda: server.post("/api/v1/nodes/join", told))
    made = Config(server.url, answer["slug"], answer["tier"], answer["token"], spent)
    config.save(home, made)
    log.info("joined %s as %s", server.url, made.slug)
    return made


def approved(home: Path, kept: Config) -> Config:
    """With credentials for Redis: kept ones, or fetched as soon as an admin has approved this node."""
    if kept.redis is not None:
        return kept
    server = Server(kept.server, kept.token)
    told = False
    while True:
        try:
            given = patiently(lambda: server.get("/api/v1/nodes/me/credentials"))
            break
        except Refused as refused:
            if refused.code != "not_approved":
                raise
        if not told:
            log.info("%s waits for approval; its fingerprint is %s", kept.slug, config.fingerprint(home))
            told = True
        time.sleep(2 + random.random())  # noqa: S311
    made = replace(kept, redis=config.write_ca_file(home, given["redis"]), profile=given["profile"]).with_simulated(
        given["simulated"]
    )
    config.save(home, made)
    return made


def patiently(call: Callable[[], T]) -> T:
    """Try until the server answers, a little later each time and never all boards at once."""
    pause, told = 0.3, ""
    while True:
        try:
            return call()
        except Unreachable as error:
            if told != str(error):
                told = str(error)
                log.info("%s Trying again until it works.", told)
        except Refused as refused:
            if refused.status != 429 or refused.code == "too_many_guesses":
                raise
        time.sleep(pause * (0.5 + random.random()))  # noqa: S311
        pause = min(pause * 1.6, LONGEST_PAUSE_S)
