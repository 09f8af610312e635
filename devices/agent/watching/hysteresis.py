"""When a watch raises its event and when it clears it: so many of the last looks saw it, so many in a row did not. Pure."""

from dataclasses import dataclass, replace
from typing import Literal

from devices.contract.watches import WatchSettings


@dataclass(frozen=True)
class State:
    """`raised`: the id of the event that stands; empty: none. `recent`: what the last looks saw, the newest last. Moments are
    seconds since 1970 by the node's clock."""

    raised: str = ""
    recent: tuple[bool, ...] = ()
    misses: int = 0
    cool_until: float = 0.0


Change = Literal["raised", "cleared"]


def after(state: State, seen: bool, settings: WatchSettings, now: float, event_id: str) -> tuple[State, Change | None]:
    """The state after a look. `event_id` becomes that of an event which is raised now."""
    recent = (*state.recent, seen)[-settings.window :]
    state = replace(state, recent=recent, misses=0 if seen else state.misses + 1)
    if state.raised:
        if state.misses < settings.clear_after:
            return state, None
        return replace(state, raised="", recent=(), misses=0), "cleared"
    if sum(recent) < settings.hits or cools(state, settings, now):
        return state, None
    return replace(state, raised=event_id, misses=0, cool_until=now + settings.cool_down_s), "raised"


def cools(state: State, settings: WatchSettings, now: float) -> bool:
    """Whether the cool-down lasts. A clock that was set back does not make it longer."""
    return 0 < state.cool_until - now <= settings.cool_down_s


def is_undecided(state: State, settings: WatchSettings, now: float) -> bool:
    """Whether another look is needed although nothing moves: it was never looked, or the last looks do not settle it."""
    if not state.recent and not state.raised:
        return True
    if state.raised:
        return not state.recent or state.misses > 0
    return any(state.recent) and not cools(state, settings, now)
