"""The node's side of the heartbeat: a thread that says how it goes and hears what is wanted."""

import logging
import random
import secrets
import threading
from collections.abc import Callable
from typing import Any

import redis
from celery.worker import state

from devices.agent import VERSION
from devices.agent.config import Config
from devices.agent.runtime import Runtime
from devices.agent.sensors import board
from devices.agent.sensors.tegrastats import Tegrastats
from devices.agent.server import Refused, Server, Unreachable

log = logging.getLogger(__name__)
EVERY_S, LONGEST_S = 2.0, 15.0
QUEUE = "stages"


class Heartbeat:
    """Starts before the models load, so that the node is seen at once, and seen to be without a profile."""

    def __init__(
        self,
        config: Config,
        runtime: Runtime,
        revoked: Callable[[str], None],
        lanes: Callable[[], dict[str, bool]] = dict,
        rotated: Callable[[dict[str, str]], None] = lambda told: None,
    ) -> None:
        self.rotated = rotated
        self.config, self.runtime, self.revoked, self.lanes = config, runtime, revoked, lanes
        self.server = Server(config.server, config.token)
        self.sensors = board.Sensors(tegrastats=Tegrastats())
        self.heard = threading.Event()  # the server has answered at least once
        self._wake = threading.Event()
        self._every = EVERY_S
        self._failures = 0
        # Said until the server has heard it: facts of this start, and that no profile of an earlier one counts.
        self._news: dict[str, Any] = {
            "boot": secrets.token_hex(8),
            "hardware": {
                **board.hardware(),
                "cameras": " ".join(runtime.cameras.names) or None,
                "uploads": runtime.uploads.base or None,
            },
            "versions": board.versions(VERSION),
            "profile": None,
        }

    def start(self) -> None:
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def ready(self, profile: dict[str, Any]) -> None:
        """The models are loaded and the worker listens: say so now."""
        self._news = {**self._news, "profile": profile}
        self._wake.set()

    def _run(self) -> None:
        while self._beat():
            self._wake.wait(self._pause())
            self._wake.clear()

    def _beat(self) -> bool:
        """False when there is no point in another one."""
        news = self._news
        try:
            answer = self.server.post("/api/v1/nodes/me/heartbeat", {**news, **self._now()})
        except Unreachable as error:
            self._failed(str(error))
            return True
        except Refused as refused:
            if refused.status == 401:
                self.revoked(str(refused))
                return False
            self._failed(str(refused))
            return True
        if answer.get("state") == "revoked":
            self.revoked("This node was revoked.")
            return False
        self._heard(answer, news)
        if told := answer.get("rotate"):
            return not self._rotate(told)
        return True

    def _heard(self, answer: dict[str, Any], news: dict[str, Any]) -> None:
        if self._failures:
            log.info("%s answers again", self.server.url)
        self._failures = 0
        if self._news is news:
            self._news = {}
        self._every = min(max(float(answer.get("next_s", EVERY_S)), 0.5), LONGEST_S)
        self.runtime.simulate(self.config.with_simulated(answer.get("simulated")))
        self.heard.set()

    def _rotate(self, told: dict[str, str]) -> bool:
        """Whether the new secrets are kept; as long as they are not, the server goes on offering them."""
        try:
            self.rotated(told)
        except OSError as error:
            self._failed(f"new credentials could not be written ({error.strerror}).")
            return False
        return True

    def _failed(self, why: str) -> None:
        self._failures += 1
        if self._failures in (1, 10) or self._failures % 100 == 0:  # a night without network is not a full log
            log.warning("heartbeat: %s", why)

    def _pause(self) -> float:
        if not self._failures:
            return self._every
        # With jitter: a fleet that lost its server must not come back as one wave.
        return min(0.5 * 2 ** min(self._failures, 5), LONGEST_S) * (0.5 + random.random())  # noqa: S311

    def _now(self) -> dict[str, Any]:
        told: dict[str, Any] = {"sample": self.sensors.read(), "lanes": self.lanes()}
        try:
            waiting = int(self.runtime.redis.llen(self.runtime.key(QUEUE)))
        except redis.AuthenticationError:
            return {**told, "redis": "refused"}
        except redis.RedisError:
            return {**told, "redis": "away"}
        return {**told, "redis": "ok", "queue": waiting + len(state.reserved_requests)}
