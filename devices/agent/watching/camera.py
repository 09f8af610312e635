"""One camera that is watched: a frame at a time goes through the motion test and, where something changed, to the model."""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from devices.agent.cameras.source import CameraError
from devices.agent.watching import camera_health, frames, hysteresis, motion
from devices.agent.watching.camera_health import Blank, Health
from devices.agent.watching.frames import FrameError, Grey
from devices.agent.watching.hysteresis import State
from devices.agent.watching.judge import Judge, NotNow, Sight
from devices.agent.watching.quiet import is_quiet
from devices.agent.watching.snapshots import Snapshots
from devices.agent.watching.spending import Spending, Watts
from devices.agent.watching.store import Store
from devices.contract.watches import MAX_SEEN, Kind, TrainedWatcher, Watch, WatchEvent

log = logging.getLogger(__name__)
SLACK = 0.5  # of a period: a frame that comes so much early still counts as this period's
LOST_EVERY_S = 5.0  # between two attempts to get a picture from a camera that is lost


@dataclass
class _Watched:
    """A watch with its state and what it has cost since its last event."""

    watch: Watch
    state: State
    spending: Spending
    due: float = 0.0
    moved: bool = False
    sight: Sight | None = None  # of the newest frame that was looked at
    unable: str = ""  # why the model could not look at it

    @property
    def fact(self) -> str:
        return f"watch {self.watch.id}"


class WatchedCamera:
    """Not thread-safe: one thread calls `use` and `step`."""

    def __init__(
        self,
        name: str,
        frame: Callable[[], bytes],
        store: Store,
        snapshots: Snapshots,
        judge: Callable[[], Judge | None],
        weights: Callable[[TrainedWatcher], bytes],
        recorded: Callable[[], None] = lambda: None,
        watts: Watts = lambda: None,
    ) -> None:
        """`frame` raises CameraError. `recorded` is called when events wait to be delivered."""
        self.name, self._frame, self._store, self._snapshots = name, frame, store, snapshots
        self._judge, self._weights, self._recorded, self._watts = judge, weights, recorded, watts
        self._watched: dict[int, _Watched] = {}
        self._stepped = 0.0  # when the newest frame was taken, as `step` was told
        self._motion, self._last = motion.Motion(), b""
        said = store.fact(self._fact)
        self._health = Health(said=said if isinstance(said, str) else "")

    @property
    def _fact(self) -> str:
        return f"camera {self.name}"

    @property
    def period_s(self) -> float:
        """Until the next frame is wanted."""
        rate = max((entry.watch.per_second for entry in self._watched.values()), default=1.0)
        return 1 / rate if self._health.is_fine else max(1 / rate, LOST_EVERY_S / max(1.0, rate))

    def use(self, watches: Sequence[Watch], now: float) -> None:
        """Other settings, from the next frame on. What stands raised stays so; what is watched no more is forgotten, after its
        cost was reported. Raises sqlite3.Error."""
        before, self._watched = self._watched, {}
        for watch in watches:
            entry = before.pop(watch.id, None)
            if entry is None:
                stored = self._store.fact(f"watch {watch.id}")
                state = State(**stored) if isinstance(stored, dict) else State()
                entry = _Watched(watch, state, Spending(self._watts))
            elif entry.watch != watch:
                entry = replace(entry, watch=watch, state=replace(entry.state, recent=(), misses=0), due=0.0, sight=None)
            self._watched[watch.id] = entry
        for entry in before.values():
            self._tally(entry, now, {entry.fact: None})

    @property
    def unable(self) -> dict[int, str]:
        """Why watches are not evaluated now, by their ids. Any thread may ask."""
        return {number: entry.unable for number, entry in list(self._watched.items()) if entry.unable}

    def sent(self, watch: int, size: int) -> None:
        """So many bytes of an event of that watch."""
        if entry := self._watched.get(watch):
            entry.spending.sent(size)

    def step(self, now: float) -> None:
        """Take a frame and do with it what the watches ask. Raises sqlite3.Error where nothing can be stored."""
        started = time.perf_counter()
        try:
            data = self._frame()
            same = data == self._last
            small = None if same else frames.grey(data)
        except (CameraError, FrameError) as error:
            log.debug("%s: %s", self.name, error)
            self._camera(camera_health.failed(self._health, now), now, str(error))
            return
        blank = None if small is None else _blank(small)
        if blank is not None:
            self._camera(camera_health.showed_nothing(self._health, now, blank), now, "")
            return
        self._camera(camera_health.worked(self._health, now), now, "")
        if not self._health.is_fine:
            return
        mask = None if small is None else self._motion.changed(small, now)
        self._last = data
        for entry in self._watched.values():
            entry.moved |= mask is not None and motion.share(mask, entry.watch.zone) >= entry.watch.motion
            entry.sight = entry.sight if same else None
        shared_ms = (time.perf_counter() - started) * 1000 / max(1, len(self._watched))
        seconds, self._stepped = now - self._stepped if self._stepped else 0.0, now
        for entry in self._watched.values():
            entry.spending.frame(shared_ms, seconds)
            self._consider(entry, data, now)
            if entry.spending.is_due:
                self._tally(entry, now)

    def _consider(self, entry: _Watched, data: bytes, now: float) -> None:
        watch, state = entry.watch, entry.state
        period = 1 / watch.per_second
        if now < entry.due - SLACK * period and entry.due - now <= period:
            return
        entry.due = now + period
        if is_quiet(watch.quiet, now) and not state.raised:
            entry.state, entry.moved = replace(state, recent=(), misses=0), False
            return
        if not entry.moved and not hysteresis.is_undecided(state, watch, now):
            return
        started = time.perf_counter()
        try:
            fresh = entry.sight is None
            sight = entry.sight or self._look(data, watch)
        except FrameError as error:  # its small copy could be read: the end is missing
            self._camera(camera_health.failed(self._health, now), now, str(error))
            return
        except NotNow as why:
            log.debug("%s: %s", self.name, why)
            entry.unable = str(why)
            return
        entry.moved, entry.sight, entry.unable = False, sight, ""
        entry.spending.computed((time.perf_counter() - started) * 1000, looks=1 if fresh else 0)
        self._decide(entry, sight, data, now)

    def _look(self, data: bytes, watch: Watch) -> Sight:
        judge = self._judge()
        if judge is None:
            raise NotNow("The node's models are not loaded yet.")
        model = watch.model
        return judge.look(frames.zone_of(data, watch.zone), watch, lambda: self._weights(model) if model else b"")

    def _decide(self, entry: _Watched, sight: Sight, data: bytes, now: float) -> None:
        watch, before = entry.watch, entry.state
        state, change = hysteresis.after(before, sight.confidence >= watch.least, watch, now, secrets.token_hex(16))
        if change is None:
            entry.state = state
            return
        kept = change == "raised" and watch.keeps_snapshot
        kept = kept and self._snapshots.keep(state.raised, frames.zone_of(data, watch.zone))
        event = WatchEvent(
            id=state.raised or secrets.token_hex(16), number=1, kind=change, camera=self.name, watch=watch.id, at=now,
            confidence=min(1.0, max(0.0, sight.confidence)), sure=sight.sure, seen=sight.seen[:MAX_SEEN],
            about=before.raised, has_snapshot=kept, cost=entry.spending.cost, run=watch.model.run if watch.model else 0,
        )  # fmt: skip
        self._record({entry.fact: {**asdict(state), "recent": ()}}, event)
        entry.state = state
        entry.spending.reported()
        if kept:
            self._describe(event, data, entry)

    def _describe(self, event: WatchEvent, data: bytes, entry: _Watched) -> None:
        """The caption follows: the event must not wait for it."""
        judge, watch, started = self._judge(), entry.watch, time.perf_counter()
        try:
            caption = judge.describe(frames.zone_of(data, watch.zone)) if judge else ""
        except NotNow:
            return
        entry.spending.computed((time.perf_counter() - started) * 1000)
        if caption:
            described = WatchEvent(
                id=secrets.token_hex(16), number=1, kind="described", camera=self.name, watch=watch.id, at=event.at,
                about=event.id, seen=caption[:MAX_SEEN],
            )  # fmt: skip
            self._record({}, described)

    def _tally(self, entry: _Watched, now: float, facts: dict[str, object] | None = None) -> None:
        """Report what it has cost without an event."""
        event = WatchEvent(
            id=secrets.token_hex(16), number=1, kind="tally", camera=self.name, watch=entry.watch.id, at=now,
            cost=entry.spending.cost,
        )  # fmt: skip
        self._record(facts or {}, event)
        entry.spending.reported()

    def _camera(self, outcome: tuple[Health, Kind | None], now: float, why: str) -> None:
        health, kind = outcome
        if kind is not None:
            event = WatchEvent(id=secrets.token_hex(16), number=1, kind=kind, camera=self.name, at=now, seen=why[:MAX_SEEN])
            self._record({self._fact: health.said}, event)
            self._motion = motion.Motion() if health.is_fine else self._motion
        self._health = health

    def _record(self, facts: dict[str, object], event: WatchEvent) -> None:
        self._store.record(facts, [event])
        self._recorded()


def _blank(frame: Grey) -> Blank | None:
    """Why a frame shows nothing; None where it shows something."""
    if frames.is_noise(frame):
        return "camera_noise"
    return "camera_dark" if frames.is_dark(frame) else None
