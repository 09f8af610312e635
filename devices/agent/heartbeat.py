"""The node's side of the heartbeat: a thread that reports its state and applies the server's answer."""

import logging
import random
import secrets
import threading
from collections.abc import Callable, Mapping

import redis
from celery.worker import state
from pydantic import ValidationError

from devices.agent import VERSION
from devices.agent.config import Config
from devices.agent.runtime import Runtime
from devices.agent.sensors import board
from devices.agent.sensors.tegrastats import Tegrastats
from devices.agent.server import Refused, Server, Unreachable
from devices.contract.heartbeat import Camera, Reply, Report, Secrets
from devices.contract.protocol import ANSWERING

log = logging.getLogger(__name__)
EVERY_S, LONGEST_S = 2.0, 15.0


class Heartbeat:
    """Starts before the models load, so that the node is seen at once, and seen to be without a profile."""

    def __init__(
        self,
        config: Config,
        runtime: Runtime,
        revoked: Callable[[str], None],
        lanes: Callable[[], dict[str, bool]] = dict,
        rotated: Callable[[Secrets], None] = lambda secrets: None,
    ) -> None:
        self.rotated = rotated
        self.config, self.runtime, self.revoked, self.lanes = config, runtime, revoked, lanes
        self.server = Server(config.server, config.token)
        self.sensors = board.Sensors(tegrastats=Tegrastats())
        self.answered = threading.Event()  # the server has answered at least once
        self._wake = threading.Event()
        self._every = EVERY_S
        self._failures = 0
        # Sent until the server has received it: facts of this start, and that no profile of an earlier one is valid.
        self._news: dict[str, object] = {
            "boot": secrets.token_hex(8),
            "hardware": {
                **board.hardware(),
                "cameras": [Camera(name=name) for name in runtime.cameras.names],
                "uploads": runtime.uploads.base or None,
            },
            "versions": board.versions(VERSION),
            "profile": None,
        }

    def start(self) -> None:
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def ready(self, profile: Mapping[str, object]) -> None:
        """The models are loaded and the worker listens: report it now."""
        self._news = {**self._news, "profile": profile}
        self._wake.set()

    def _run(self) -> None:
        while self._beat():
            self._wake.wait(self._pause())
            self._wake.clear()

    def _beat(self) -> bool:
        """False when no further heartbeat makes sense."""
        news = self._news
        try:
            reply = self._send({**news, **self._now()})
        except Unreachable as error:
            self._failed(str(error))
            return True
        except Refused as refused:
            if refused.status == 401:
                self.revoked(str(refused))
                return False
            self._failed(str(refused))
            return True
        if reply.state == "revoked":
            self.revoked("This node was revoked.")
            return False
        self._received(reply, news)
        return reply.rotate is None or not self._rotate(reply.rotate)

    def _send(self, facts: dict[str, object]) -> Reply:
        """Raises Unreachable, Refused."""
        try:
            report = Report.model_validate(facts).model_dump(mode="json", exclude_unset=True)
            return Reply.model_validate(self.server.post("/api/v1/nodes/me/heartbeat", report))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise Unreachable(f"Invalid {error.title}: {first['loc']}: {first['msg']}.") from None

    def _received(self, reply: Reply, news: dict[str, object]) -> None:
        if self._failures:
            log.info("%s answers again", self.server.url)
        self._failures = 0
        if self._news is news:
            self._news = {}
        self._every = min(max(reply.next_s, 0.5), LONGEST_S)
        self.runtime.simulate(self.config.with_simulated(reply.simulated))
        self.answered.set()

    def _rotate(self, credentials: Secrets) -> bool:
        """Whether the new secrets were saved; until they are, the server keeps offering them."""
        try:
            self.rotated(credentials)
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

    def _now(self) -> dict[str, object]:
        report: dict[str, object] = {"sample": self.sensors.read(), "lanes": self.lanes()}
        try:
            waiting = int(self.runtime.redis.llen(self.runtime.key(ANSWERING)))
        except redis.AuthenticationError:
            return {**report, "redis": "refused"}
        except redis.RedisError:
            return {**report, "redis": "away"}
        return {**report, "redis": "ok", "queue": waiting + len(state.reserved_requests)}
