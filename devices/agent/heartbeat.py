"""The node's side of the heartbeat: a thread that reports its state and applies the server's answer."""

import logging
import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping

import redis
from celery.worker import state
from pydantic import ValidationError

from devices.agent import VERSION, memory
from devices.agent.config import Config, ConfigError
from devices.agent.home import recent_log
from devices.agent.home.health import Recorder
from devices.agent.home.model_change import ModelChange
from devices.agent.runtime import Runtime
from devices.agent.sensors import board
from devices.agent.sensors.tegrastats import Tegrastats
from devices.agent.server import Refused, Server, Unreachable
from devices.agent.update.agent_update import AgentUpdate
from devices.agent.watching.watching import Watching
from devices.contract.heartbeat import MAX_SENTENCE, Access, Camera, Reply, Report, Secrets
from devices.contract.protocol import ABILITIES, ANSWERING, UPDATE

log = logging.getLogger(__name__)
EVERY_S, LONGEST_S = 2.0, 15.0
LONGEST_PACE_S = 60.0  # that a server may ask for
FEW_FAILURES = 4  # after this many the server's public address is tried, where the node knows another than that
OFFER_EVERY_S = 30.0


class Heartbeat:
    """Starts before the models load, so that the node is seen at once, and seen to be without a profile."""

    def __init__(
        self,
        config: Config,
        runtime: Runtime,
        revoked: Callable[[str], None],
        obstacles: Callable[[], dict[str, str]] = dict,
        rotated: Callable[[Secrets], None] = lambda secrets: None,
        offered: Callable[[Access | None], bool] = lambda access: False,
        labelled: Callable[[], dict[str, int]] = dict,
        models: ModelChange | None = None,
        watching: Watching | None = None,
        restart: Callable[[], None] = lambda: None,
        updates: AgentUpdate | None = None,
    ) -> None:
        """`obstacles`: by queue, why this node does not serve it, empty where it does. `offered`: other addresses of the
        server, None when it has not answered for a while. It answers whether this process starts over with them. `restart`:
        an administrator asked for it."""
        self.restart = restart
        self.updates = updates or AgentUpdate(runtime.home)
        self.updates.wake = self.wake
        self.rotated, self.offered, self.labelled, self.models = rotated, offered, labelled, models or ModelChange(runtime)
        self.watching = watching  # None: this node evaluates no watches
        self._reported: dict[str, object] = {}  # what is sent when it changes, as the server has it
        self.config, self.runtime, self.revoked, self.obstacles = config, runtime, revoked, obstacles
        self.server = Server(config.server, config.token, config.server_ca)
        self.health = Recorder(runtime.home)
        self._profile, self._redis, self._is_ready = "", "away", False
        self._next_offer = 0.0
        self.sensors = board.Sensors(tegrastats=Tegrastats())
        self.answered = threading.Event()  # the server has answered at least once
        self._wake = threading.Event()
        self._every = EVERY_S
        self._failures = 0
        # Sent until the server has received it: facts of this start, and that no profile of an earlier one is valid.
        self.boot = secrets.token_hex(8)
        self._news: dict[str, object] = {
            "boot": self.boot,
            "abilities": [*ABILITIES, *([] if self.updates.obstacle else [UPDATE])],
            "hardware": {
                **board.hardware(),
                "cameras": [Camera(name=name, folder=runtime.cameras.is_folder(name)) for name in runtime.cameras.names],
                "uploads": runtime.uploads.base or None,
            },
            "versions": {**board.versions(VERSION), "wheel": self.updates.wheel or None},
            "profile": None,
            "update": self.updates.state,
        }

    def start(self) -> None:
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def ready(self, profile: Mapping[str, object] | None) -> None:
        """The models are loaded, or this node loads none, and the worker listens: report it now."""
        self._news, self._is_ready = {**self._news, "profile": profile}, True
        self._profile = str(profile.get("name", "")) if profile else ""
        self.wake()

    def wake(self) -> None:
        """Have the next report sent now."""
        self._wake.set()

    def _run(self) -> None:
        while self._beat():
            self.health.record(not self._failures, self._redis, self._profile, self.obstacles().get(ANSWERING, ""))
            memory.give_back_when_idle(self.runtime)
            self._wake.wait(self._pause())
            self._wake.clear()

    def _beat(self) -> bool:
        """False when no further heartbeat makes sense."""
        self._settle()
        news, is_ready = self._news, self._is_ready
        seldom: dict[str, object] = {"labelled": self.labelled()}
        if self.watching is not None:
            seldom["unable"] = self.watching.unable
        changed = {name: facts for name, facts in seldom.items() if self._reported.get(name) != facts}
        try:
            reply = self._send({**news, **changed, **self._now()})
        except Unreachable as error:
            self._failed(str(error))
            return self._failures < FEW_FAILURES or not self._move(None)
        except Refused as refused:
            if refused.status == 401:
                self.revoked(str(refused))
                return False
            self._failed(str(refused))
            return True
        if reply.state == "revoked":
            self.revoked("This node was revoked.")
            return False
        self._reported = seldom
        self._received(reply, news)
        self.updates.reported(is_ready)
        self._do_wishes(reply)
        if reply.rotate is not None and self._rotate(reply.rotate):
            return False
        if reply.models is not None:
            self.models.offered(reply.models)
        if self.watching is not None:
            if reply.now is not None:
                self.watching.clock.set(reply.now)
            if reply.watches is not None:
                self.watching.offered(reply.watches)
        return reply.access is None or not self._move(reply.access)

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
        self._every = min(max(reply.next_s, 0.5), LONGEST_PACE_S)
        self.runtime.simulate(self.config.with_simulated(reply.simulated))
        self.answered.set()

    def _do_wishes(self, reply: Reply) -> None:
        """What an administrator asked for. The end of a process is asked for by its name, so that it happens once."""
        if reply.log:
            recent_log.send(self.server, reply.log)
        if reply.restart == self.boot:
            self.restart()
        if reply.agent is not None:
            self.updates.offered(reply.agent, self.server)

    def _rotate(self, credentials: Secrets) -> bool:
        """Whether the new secrets were saved; until they are, the server keeps offering them."""
        try:
            self.rotated(credentials)
        except OSError as error:
            self._failed(f"new credentials could not be written ({error.strerror}).")
            return False
        return True

    def _settle(self) -> None:
        """Report the models that were changed to. What cannot be stored now is stored with the next heartbeat."""
        try:
            settled = self.models.settle()
        except (OSError, ConfigError) as error:
            self._failed(f"the change of models could not be written ({error}).")
            return
        if settled is not None:
            self.config, profile = settled
            if profile is not None:
                self.runtime.report(profile)

    def _move(self, access: Access | None) -> bool:
        """Whether this process starts over with other addresses. What did not work is not tried at every heartbeat."""
        now = time.monotonic()
        if now < self._next_offer:
            return False
        self._next_offer = now + OFFER_EVERY_S
        try:
            return self.offered(access)
        except (OSError, ConfigError) as error:
            self._failed(f"the server's address could not be written ({error}).")
            return False

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
        obstacles = self.obstacles()
        sample = self.sensors.read()
        self.runtime.power_w = sample.get("power_w")
        report: dict[str, object] = {"sample": sample, "access": self.config.access}
        report["lanes"] = {queue: not why for queue, why in obstacles.items()}
        report["obstacles"] = {queue: why[:MAX_SENTENCE] for queue, why in obstacles.items() if why}
        refused = self.models.refused
        report |= {"choice": self.config.choice, "changing": self.models.note, **({"refused": refused} if refused else {})}
        if self.watching is not None:
            report["watches"] = self.watching.digest
        if self.updates.has_news:
            report["update"] = self.updates.state
        try:
            waiting = int(self.runtime.redis.llen(self.runtime.key(ANSWERING)))
            self._redis = "ok"
        except redis.AuthenticationError:
            self._redis = "refused"
        except redis.RedisError:
            self._redis = "away"
        report["redis"] = self._redis
        if self._redis != "ok":
            return report
        return {**report, "queue": waiting + len(state.reserved_requests)}
