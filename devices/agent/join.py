"""Enrolment: spend the code, show the fingerprint, wait for approval, store the credentials."""

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
from devices.agent.home import addresses
from devices.agent.sensors import board
from devices.agent.server import Refused, Server, Unreachable
from devices.contract.heartbeat import RedisAddress, Simulated

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
        existing = config.load(home)
    except config.ConfigError:
        existing = None
    if existing is not None and existing.joined_with == spent:
        return existing
    server = Server(url)
    request = {
        "code": code,
        "fingerprint": config.fingerprint(home),
        "hostname": socket.gethostname()[:120],
        "hardware": board.hardware(),
        "versions": board.versions(VERSION),
        "claim": config.claim(home, code),
    }
    answer = patiently(lambda: server.post("/api/v1/nodes/join", request))
    node = Config(server.url, answer["slug"], answer["tier"], answer["token"], spent)
    config.save(home, node)
    log.info("joined %s as %s", server.url, node.slug)
    return node


def approved(home: Path, node: Config) -> Config:
    """With credentials for Redis: stored ones, or fetched as soon as an admin has approved this node."""
    if node.redis is not None:
        return node
    server = Server(node.server, node.token, node.server_ca)
    announced = False
    while True:
        try:
            answer = patiently(lambda: server.get("/api/v1/nodes/me/credentials"))
            break
        except Refused as refused:
            if refused.code != "not_approved":
                raise
        if not announced:
            log.info("%s waits for approval; its fingerprint is %s", node.slug, config.fingerprint(home))
            announced = True
        time.sleep(2 + random.random())  # noqa: S311
    simulated = Simulated.model_validate(answer["simulated"]) if answer["simulated"] else None
    offer, access = RedisAddress.model_validate(answer["redis"]), answer["redis"]
    # Where Redis does not answer at all, the address that boards are given is the best guess.
    credentials = addresses.reachable(home, node, offer, access["username"], access["password"]) or config.write_ca_file(
        home, {name: value for name, value in access.items() if name != "inner"}
    )
    node = replace(node, redis=credentials, profile=answer["profile"], choice=answer.get("choice", 0)).with_simulated(simulated)
    config.save(home, node)
    return node


def patiently(call: Callable[[], T]) -> T:
    """Try until the server answers, with growing pauses and jitter."""
    pause, logged = 0.3, ""
    while True:
        try:
            return call()
        except Unreachable as error:
            if logged != str(error):
                logged = str(error)
                log.info("%s Retrying until it works.", logged)
        except Refused as refused:
            if refused.status != 429 or refused.code == "too_many_guesses":
                raise
        time.sleep(pause * (0.5 + random.random()))  # noqa: S311
        pause = min(pause * 1.6, LONGEST_PAUSE_S)
