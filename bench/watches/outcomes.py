"""What became of the scenes: the events that each raised, and how long they took to the open page and to the webhook."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from bench.watches.open_page import OpenPage
from bench.watches.receiver import Receiver
from bench.watches.scenes import Scene


def of(page: OpenPage, receiver: Receiver, sequence: Sequence[Scene], began: Sequence[float]) -> dict[str, object]:
    """An event belongs to the scene that was shown when the device raised it, or to the one before where that had a dog and no
    event."""
    of_scene: Counter[int] = Counter()
    delays, shown, told, captions, false = list[float](), list[float](), list[float](), list[float](), 0
    raised = sorted((_moment(event["at"]), number) for number, event in page.events.items() if event["kind"] == "raised")
    for at, number in raised:
        place = max((n for n, start in enumerate(began) if start <= at), default=0)
        if not sequence[place].has_dog and place and sequence[place - 1].has_dog and not of_scene[place - 1]:
            place -= 1
        of_scene[place] += 1
        shown.append(1000 * (page.arrived[number] - at))
        if number in receiver.arrived:
            told.append(1000 * (receiver.arrived[number] - at))
        if number in page.captioned:
            captions.append(1000 * (page.captioned[number] - page.arrived[number]))
        if sequence[place].has_dog:
            delays.append(1000 * (page.arrived[number] - began[place]))
        else:
            false += 1
    with_dog = [place for place, scene in enumerate(sequence) if scene.has_dog]
    return {
        "scenes": len(sequence),
        "with_dog": len(with_dog),
        "events": len(raised),
        "missed": sum(not of_scene[place] for place in with_dog),
        "doubled": sum(max(0, of_scene[place] - 1) for place in with_dog),
        "false": false,
        "event_ms_p50": percentile(delays, 50),
        "event_ms_p95": percentile(delays, 95),
        "page_ms_p50": percentile(shown, 50),
        "page_ms_p95": percentile(shown, 95),
        "webhook_ms_p50": percentile(told, 50),
        "webhook_ms_p95": percentile(told, 95),
        "caption_ms_p50": percentile(captions, 50),
    }


def _moment(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


def percentile(values: Sequence[float], percent: float) -> int | None:
    return round(float(np.percentile(values, percent))) if values else None
