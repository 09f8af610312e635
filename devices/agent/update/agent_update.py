"""Following the server's offer of another agent, in the background; the heartbeat reports what comes of it."""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from devices.agent.home.model_change import lower_priority
from devices.agent.server import Server
from devices.agent.update import releases, staging
from devices.agent.update.launcher import ENVIRONMENT
from devices.agent.update.releases import Releases
from devices.agent.update.staging import Stays
from devices.contract.updates import AgentWheel, UpdateState, is_signed

log = logging.getLogger(__name__)
RETRY_S = 600.0  # after a failure that may pass
MOST_TRIES = 3  # of such failures, before it counts as one that does not
BY_HAND = "It was not installed by the one-line installer: update the container or the checkout that it runs from."
NO_LAUNCHER = "It was not started by its service, so nothing could take an update back: restart the service isthmus-agent."

UNSIGNED = "It was offered an agent that its server has not signed: check the proxies between this node and the server."


class AgentUpdate:
    """One update at a time. `restart`: end this process, soon; the launcher starts what is to be tried."""

    def __init__(self, home: Path, restart: Callable[[], None] = lambda: None, wake: Callable[[], None] = lambda: None) -> None:
        self.home, self.restart, self.wake = home, restart, wake
        self.obstacle = obstacle(home)
        self._own = os.environ.get(ENVIRONMENT, "")
        self._digest, self._request, self._note, self._failed = "", 0, "", ""
        if (state := None if self.obstacle else releases.read(home)) is not None:
            self._digest, self._request, self._failed = state.failed, state.request, state.why
        self._tries, self._again_at = 0, 0.0
        self._thread: threading.Thread | None = None

    @property
    def wheel(self) -> str:
        """SHA-256 of the wheel that this agent was installed from; empty where nobody knows."""
        return "" if self.obstacle else self._own

    @property
    def state(self) -> UpdateState | None:
        """None: there is nothing to say."""
        if not (self._note or self._failed or self.obstacle):
            return None
        return UpdateState(
            digest=self._digest, request=self._request, note=self._note, failed=self._failed, obstacle=self.obstacle
        )

    @property
    def has_news(self) -> bool:
        """Whether `state` says more than it did when this agent started."""
        return bool(self._note or self._failed)

    def reported(self, is_ready: bool) -> None:
        """The server has answered this agent, which the launcher looks for. `is_ready`: its models are loaded."""
        if self.obstacle:
            return
        for name in (releases.REPORTED, releases.READY)[: 1 + is_ready]:
            file = self.home / releases.FOLDER / name
            if file.exists():
                continue
            try:
                file.touch(mode=0o600)
            except OSError as error:
                log.warning("%s cannot be written: %s", file, error)

    def offered(self, offer: AgentWheel, server: Server) -> None:
        """Returns at once. What runs already, what has failed and what is under way is not begun again; what this node's server
        has not signed is not even remembered."""
        if self.obstacle or offer.digest == self._own or (self._thread is not None and self._thread.is_alive()):
            return
        if not is_signed(offer, server.token):
            if self._note != UNSIGNED:
                self._say(UNSIGNED)
            return
        if (offer.digest, offer.request) != (self._digest, self._request):
            self._digest, self._request = offer.digest, offer.request
            self._failed, self._tries, self._again_at = "", 0, 0.0
        if self._failed or time.monotonic() < self._again_at:
            return
        self._thread = threading.Thread(target=self._follow, args=(offer, server), name="agent update", daemon=True)
        self._thread.start()

    def _follow(self, offer: AgentWheel, server: Server) -> None:
        lower_priority()
        try:
            self._prepare()
            staging.stage(self.home, server, offer, self._say)
            self._try(offer)
        except Stays as why:
            self._stay(str(why), why.passes)
        except OSError as error:
            self._stay(f"Its folder could not be written ({error.strerror or error}).", passes=True)
        finally:
            self.wake()

    def _prepare(self) -> None:
        """Only between updates, so that nothing that may start is deleted. Raises Stays."""
        releases.prune(self.home, self._between_updates(), self._own)

    def _between_updates(self) -> Releases:
        """Raises Stays."""
        state = releases.read(self.home)
        if state is None:
            raise Stays("Its list of agents cannot be read: run the installer on this node again.")
        if state.trial:
            raise Stays("Another agent is being tried.", passes=True)
        return state

    def _try(self, offer: AgentWheel) -> None:
        releases.save(self.home, self._between_updates().tried(offer.digest, offer.request))
        self._again_at = float("inf")  # it ends in a moment, and goes on reporting until then
        self._say("It restarts with the new agent, and goes back to this one if that does not work.")
        self.restart()

    def _stay(self, why: str, passes: bool) -> None:
        self._note, self._tries = "", self._tries + 1
        log.warning("this agent stays: %s", why)
        if passes and self._tries < MOST_TRIES:
            self._again_at = time.monotonic() + RETRY_S
            self._note = f"{why} It tries again in {RETRY_S / 60:.0f} minutes."[:300]
            return
        self._failed = why[:300]
        try:  # a restart must not forget it; while another is tried, the file is the launcher's
            if (state := releases.read(self.home)) is not None and not state.trial:
                releases.save(self.home, state.tried(self._digest, self._request).rolled_back(why))
        except OSError as error:
            log.warning("the failure of the update could not be written: %s", error)

    def _say(self, sentence: str) -> None:
        log.info("update of the agent: %s", sentence)
        self._note = sentence
        self.wake()


def obstacle(home: Path) -> str:
    """Why this node does not update itself, in one sentence; empty where it does."""
    if releases.read(home) is None:
        return BY_HAND
    return "" if os.environ.get(ENVIRONMENT) else NO_LAUNCHER
