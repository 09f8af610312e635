"""Which of a device's own photos test the model. Photos of one scene are much alike: tested on the neighbours of what it was
trained on, a model looks better than it is. So whole groups are held out, never single photos of one.

A group is what was taken without a pause of a minute, what lies in one subfolder of a class, or what has equal pixels. What a
person said about an event of a watch is for the model to learn: it is held out last.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import pairwise

PAUSE_S = 60.0  # longer than this without a photo, and another group begins
HELD_OUT = 5  # one photo in so many
_EVENT = re.compile(r"[0-9a-f]{32}\.jpg")  # as devices.agent.watching.snapshots names the pictures of events
_STAMP = re.compile(
    r"(?<!\d)(20\d{2})[-_.]?(\d{2})[-_.]?(\d{2})[-_ T.]{0,3}(\d{2})[-_.h]?(\d{2})[-_.m]?(\d{2})(?:[-_.]?\d{1,3})?(?!\d)"
)


@dataclass(frozen=True)
class Shot:
    """One photo: its class, the subfolder it lies in ("" directly in the class), when it was taken (seconds since 1970, if it
    or its name says so), when its file was written, and what its pixels are."""

    label: int
    name: str
    folder: str
    taken: float | None
    written: float
    digest: bytes

    @property
    def is_of_event(self) -> bool:
        return _EVENT.fullmatch(self.name) is not None


def time_of(words: str) -> float | None:
    """The moment that a file's name or an EXIF date states, without a time zone."""
    if (match := _STAMP.search(words.replace(":", ""))) is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(part) for part in match.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc).timestamp()
    except ValueError:
        return None


def held_out(shots: Sequence[Shot]) -> list[bool]:
    """Whether each photo tests the model. About a fifth of each class, of the newest groups, those with pictures of events
    last; never more than half of a class, and none of a class whose photos are all of one group."""
    groups = _groups(shots)
    total = Counter(shot.label for shot in shots)
    tested: Counter[int] = Counter()
    chosen: set[int] = set()
    for group in sorted(groups, key=lambda group: _rank([shots[row] for row in group]), reverse=True):
        sizes = Counter(shots[row].label for row in group)
        wanted = any(tested[label] < max(1, round(total[label] / HELD_OUT)) for label in sizes)
        if wanted and all(2 * (tested[label] + size) <= total[label] for label, size in sizes.items()):
            tested += sizes
            chosen.update(group)
    return [row in chosen for row in range(len(shots))]


def _rank(group: Sequence[Shot]) -> tuple[bool, tuple[bool, float, list[tuple[int, str]]]]:
    """The greatest is held out first."""
    return not any(shot.is_of_event for shot in group), max(map(_order, group))


def _order(shot: Shot) -> tuple[bool, float, list[tuple[int, str]]]:
    """Newest last; what has no time, by name: numbers in it count as numbers."""
    parts = [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", shot.name) if part]
    return (shot.taken is not None, shot.taken or 0.0, parts)


def _groups(shots: Sequence[Shot]) -> list[list[int]]:
    parents = list(range(len(shots)))

    def root(row: int) -> int:
        while parents[row] != row:
            parents[row] = row = parents[parents[row]]
        return row

    for links in (_by_time(shots), _by_key(shots)):
        for left, right in links:
            parents[root(left)] = root(right)
    groups: dict[int, list[int]] = {}
    for row in range(len(shots)):
        groups.setdefault(root(row), []).append(row)
    return list(groups.values())


def _by_time(shots: Sequence[Shot]) -> list[tuple[int, int]]:
    dated = {row: shot.taken for row, shot in enumerate(shots) if shot.taken is not None}
    return _neighbours(dated) + _written_together(shots)


def _written_together(shots: Sequence[Shot]) -> list[tuple[int, int]]:
    """By the files' own times, where these tell the photos of a class apart: copied in one go, they say nothing. That pictures
    of events came later tells nothing about the others."""
    undated: dict[tuple[int, bool], dict[int, float]] = {}
    for row, shot in enumerate(shots):
        if shot.taken is None and not shot.folder:
            undated.setdefault((shot.label, shot.is_of_event), {})[row] = shot.written
    links = [(times, _neighbours(times)) for times in undated.values()]
    return [link for times, pairs in links if len(times) - len(pairs) > 1 for link in pairs]


def _neighbours(times: dict[int, float]) -> list[tuple[int, int]]:
    rows = sorted(times, key=lambda row: times[row])
    return [(left, right) for left, right in pairwise(rows) if times[right] - times[left] <= PAUSE_S]


def _by_key(shots: Sequence[Shot]) -> list[tuple[int, int]]:
    """Of one subfolder, or with equal pixels."""
    first: dict[tuple[str, str | bytes], int] = {}
    links = []
    for row, shot in enumerate(shots):
        keys: list[tuple[str, str | bytes]] = [("pixels", shot.digest)]
        keys += [("folder", shot.folder)] if shot.folder else []
        links += [(first.setdefault(key, row), row) for key in keys]
    return links
