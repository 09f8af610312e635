"""A camera folder, the store of a device, and a clock that a test moves."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from devices.agent.cameras.capture import Cameras
from devices.agent.watching.camera import WatchedCamera
from devices.agent.watching.judge import NotNow, Sight
from devices.agent.watching.snapshots import Snapshots
from devices.agent.watching.store import Store
from devices.contract.watches import Watch, WatchEvent
from tests.watches.scenes import jpeg, show, with_visitor, yard


class Eye:
    """Sees what is red: a judge that needs no model, so that a scene costs a millisecond."""

    def __init__(self) -> None:
        self.looks, self.away = 0, False

    def look(self, frame: Image.Image, watch: Watch, weights: Callable[[], bytes]) -> Sight:
        if self.away:
            raise NotNow("The models are being changed.")
        self.looks += 1
        pixels = np.asarray(frame, np.int16)
        red = (pixels[..., 0] - pixels[..., 1:].max(axis=2) > 100).mean()
        return Sight(0.95 if red > 0.01 else 0.02, watch.looks_for, True)

    def describe(self, frame: Image.Image) -> str:
        return "a red ball in a yard"


class Board:
    """The camera folder, the store and a clock that a test moves."""

    def __init__(self, home: Path) -> None:
        self.home, self.folder, self.now, self.frame = home, home / "shots", 1_000_000.0, 0
        self.folder.mkdir()
        self.eye = Eye()
        self.watts: float | None = None
        self.start()

    def start(self, **settings: object) -> None:
        """Also again, as after a restart of the agent."""
        self.store = Store(self.home / "watching")
        self.camera = WatchedCamera(
            "yard",
            lambda: Cameras({"yard": f"folder:{self.folder}"}).frame("yard"),
            self.store,
            Snapshots(self.home / "snapshots"),
            lambda: self.eye,
            lambda model: b"",
            watts=lambda: self.watts,
        )
        self.watch(**settings)

    def watch(self, **settings: object) -> None:
        self.camera.use(
            [Watch.model_validate({"id": 1, "camera": "yard", "looks_for": "ball", "cool_down_s": 0, **settings})], self.now
        )

    def sees(self, picture: Image.Image | bytes | None, times: int = 1) -> None:
        for _ in range(times):
            if picture is not None:
                show(self.folder, picture if isinstance(picture, bytes) else jpeg(picture))
            self.camera.step(self.now)
            self.now += 1

    def empty(self, times: int = 1, light: float = 1.0, grain: float = 4.0) -> None:
        for _ in range(times):
            self.frame += 1
            self.sees(yard(light, grain, self.frame))

    def visited(self, times: int = 1, place: int = 150) -> None:
        for _ in range(times):
            self.frame += 1
            self.sees(with_visitor(yard(seed=self.frame), place))

    @property
    def events(self) -> list[WatchEvent]:
        return self.store.waiting(1000)

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events if event.kind not in ("described", "tally")]
