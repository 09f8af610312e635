"""The watches of this node: a thread for each camera that is watched, and one that delivers. Settings come with heartbeats."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable

from devices.agent import capabilities
from devices.agent.config import Config, ConfigError
from devices.agent.runtime import Runtime
from devices.agent.server import Server
from devices.agent.watching import snapshots
from devices.agent.watching.camera import WatchedCamera
from devices.agent.watching.clock import ServerClock
from devices.agent.watching.delivery import Courier
from devices.agent.watching.judge import Judge, LooksAtFrames
from devices.agent.watching.store import Store
from devices.agent.watching.weights import Weights
from devices.contract.heartbeat import MAX_SENTENCE
from devices.contract.watches import Watch, Watches

log = logging.getLogger(__name__)
STORE_RETRY_S = 5.0


class Watching:
    """Goes on with the settings that it had when the agent ended, whether or not the server can be reached."""

    def __init__(self, runtime: Runtime, server: Server, judge: Callable[[], Judge | None]) -> None:
        self._runtime, self._judge = runtime, judge
        self._store = Store(runtime.home / "watching")
        self._snapshots = snapshots.of(runtime.home)
        self._weights = Weights(runtime.home / "watching" / "models", server)
        self.clock = ServerClock()
        self._courier = Courier(self._store, server, self._sent, runtime.uplink.carry, self.clock.now)
        self._threads: dict[str, _CameraThread] = {}
        self._watches = self._store.watches

    @property
    def digest(self) -> str:
        """Of the settings that it follows; empty: none were received yet."""
        return self._watches.digest

    @property
    def unable(self) -> dict[str, str]:
        """Why watches are not evaluated now, by their ids, as a heartbeat reports it."""
        why = {number: words for thread in list(self._threads.values()) for number, words in thread.camera.unable.items()}
        return {str(number): words[:MAX_SENTENCE] for number, words in why.items()}

    def start(self) -> None:
        self._courier.start()
        self._apply()

    def offered(self, watches: Watches) -> None:
        """Follow other settings, from the next frame on."""
        try:
            self._store.use(watches)
        except sqlite3.Error as error:  # the server offers them again
            log.warning("the settings of watches cannot be stored: %s", error)
            return
        self._watches = watches
        self._apply()

    def stop(self) -> None:
        for thread in self._threads.values():
            thread.stop()
        self._courier.stop()

    def _apply(self) -> None:
        by_camera: dict[str, list[Watch]] = {}
        for watch in self._watches.watches:
            by_camera.setdefault(watch.camera, []).append(watch)
        for name in self._threads.keys() - by_camera.keys():
            self._threads[name].use([])
            self._threads.pop(name).stop()
        for name, watches in by_camera.items():
            if name not in self._threads:
                self._threads[name] = _CameraThread(self._camera(name), self.clock)
            self._threads[name].use(watches)

    def _camera(self, name: str) -> WatchedCamera:
        cameras = self._runtime.cameras
        watched = WatchedCamera(
            name,
            lambda: cameras.frame(name, watched.period_s),
            self._store,
            self._snapshots,
            self._judge,
            self._weights.of,
            self._courier.wake,
            lambda: self._runtime.power_w,
        )
        return watched

    def _sent(self, watch: int, size: int) -> None:
        for thread in list(self._threads.values()):
            thread.camera.sent(watch, size)


class _CameraThread:
    def __init__(self, camera: WatchedCamera, clock: ServerClock) -> None:
        self.camera, self._clock = camera, clock
        self._watches: list[Watch] | None = None
        self._wake = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=f"watches {camera.name}", daemon=True)
        self._thread.start()

    def use(self, watches: list[Watch]) -> None:
        self._watches = watches
        self._wake.set()

    def stop(self) -> None:
        self._stopped = True
        self._wake.set()

    def _run(self) -> None:
        self._wake.wait()
        due = time.monotonic()
        while not self._stopped:
            self._wake.clear()
            try:
                self._follow()
                self.camera.step(self._clock.now())
            except sqlite3.Error as error:
                log.warning("an event of camera %s cannot be stored: %s", self.camera.name, error)
                self._wake.wait(STORE_RETRY_S)
            # From when it was due: a model that takes a while does not shift every later frame. What was missed is left out.
            due = max(due + self.camera.period_s, time.monotonic())
            self._wake.wait(max(0.0, due - time.monotonic()))
        try:
            self._follow()
        except sqlite3.Error as error:
            log.warning("the cost of watching %s cannot be stored: %s", self.camera.name, error)

    def _follow(self) -> None:
        """Raises sqlite3.Error."""
        if self._watches is not None:
            watches, self._watches = self._watches, None
            self.camera.use(watches, self._clock.now())


def of_node(runtime: Runtime, config: Config) -> Watching | None:
    """None for a node that has nothing to watch."""
    if config.tier != "device" or not runtime.cameras.names:
        return None
    try:
        return Watching(runtime, Server(config.server, config.token, config.server_ca), answering_judge)
    except (OSError, sqlite3.Error) as error:
        log.error("watches cannot be evaluated: their folder cannot be used (%s)", error)
        return None


def answering_judge() -> Judge | None:
    """The models of this node; None until they are loaded."""
    try:
        capability = capabilities.find(capabilities.ANSWERING)
    except (ConfigError, ImportError):
        return None
    return capability.judge() if isinstance(capability, LooksAtFrames) else None
