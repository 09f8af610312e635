"""One question, one way: everything runs as in the product; a fixed way only takes the choice away. Needs Django."""

import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from bench.routes.world import DEVICE
from devices import dispatch
from devices.models import Node
from inference.answering import execute, prefetch
from inference.answering.attempt import Attempt, FailedAttempts
from inference.answering.journal import claim
from inference.engine import catalogue
from inference.models import Photo, Turn
from inference.photos import store
from inference.placement import candidates, fleet, records, routes
from inference.placement.link import LinkEstimate
from inference.placement.prediction import Candidate, Key, Load, predict
from inference.planning.plan import PlanStep
from inference.receipt import CandidateRecord, Receipt
from webapp.accounts.models import User

POINT = 0.01  # of accuracy, which a fixed way may give up
OURS, AHEAD = "ours", "ours_ahead"
FIXED = ("device", "upload", "photo_codec", "split")
Answered = tuple[Receipt, execute.Outcome]
Rule = Callable[[list[Candidate]], list[Candidate]]


@dataclass(frozen=True)
class Asked:
    file: Path
    task: str
    question: str


@dataclass(frozen=True)
class Told:
    """What one question came to. `ms` from the question until its answer, choosing included; bytes over the link."""

    way: str
    task: str
    ms: float
    bytes: int
    route: str
    used: Key
    predicted_ms: float | None
    executed_ms: float  # what the prediction is about: without choosing
    up_bytes_per_s: float | None
    source: str
    options: list[CandidateRecord]  # as the receipt has them


class Asker:
    def __init__(self) -> None:
        self.owner, self.profile = User.objects.humans().get(), catalogue.profile(settings.PROFILE)
        self.stored: dict[Path, Photo] = {}

    def photo(self, file: Path, prepared: bool = False, node: str = DEVICE) -> Photo:
        """A photo nobody has asked about, on the device; with `prepared` its heads are computed there too."""
        if file not in self.stored:
            self.stored[file] = store.store(self.owner, [file.read_bytes()])
        known = self.stored[file]
        copy = Photo.objects.get(pk=known.pk)
        copy.pk, copy.placed, copy._state.adding = uuid.uuid4(), {}, True
        copy.save()
        shutil.copy(known.path, copy.path)
        device, edge = self.node(node), fleet.edge_for(fleet.online(set()))
        prefetch.place(copy, device)
        if prepared and edge is not None:
            prefetch.compute_heads(copy, device, edge)
        return copy

    def node(self, slug: str) -> Node:
        return Node.objects.get(slug=slug)

    def ask(self, way: str, asked: Asked, photo: Photo, rule: Rule = list, node: str = DEVICE) -> Told:
        """Only what `ours` does is remembered: a fixed rule neither learns nor teaches."""
        turn = Turn.objects.create(
            conversation=uuid.uuid4(), owner=self.owner, photo=photo, question=asked.question, policy="fastest", node=node
        )
        journal = claim(str(turn.pk))
        assert journal is not None, "somebody else took the question"
        with journal:
            step = PlanStep.model_validate({"id": 1, "task": asked.task, "question": asked.question})
            journal.planned({"steps": [step.model_dump()], "why": "bench"})
            begun = time.perf_counter()
            receipt, outcome = _patiently(lambda: Attempt(journal, step, FailedAttempts(), 0.0, rule=rule).run())
            ms = (time.perf_counter() - begun) * 1000
            if way in (OURS, AHEAD):
                journal.receipt(1, receipt)
            journal.answered(str(receipt["answer"]))
        if way in (OURS, AHEAD):
            execute.learn(outcome)
        else:
            turn.delete()
        return _told(way, asked.task, ms, receipt)

    def fixed(self, rates: list[int]) -> dict[str, Key]:
        """The fixed ways: the photo codec of fewest bytes, and the split that is fastest over all rates and tasks, of those
        that give up at most a point of accuracy in every task."""
        options = {task: self.options(task) for task in self.profile.tasks}
        near = set.intersection(*({c.key for c in found if _near(c, found[0])} for found in options.values()))
        photos = {c.key: c.uplink_bytes for c in options["classify"] if c.codec and c.key in near}
        splits = {c.key for found in options.values() for c in found if c.route == routes.SPLIT and not c.refine_to} & near
        if not photos or not splits:
            raise SystemExit("The card has no photo codec or no split within a point in every task; train the code anew.")
        first = options["classify"]
        whole = next(c.key for c in first if c.route == routes.EDGE and c.exact)
        return {
            "device": first[0].key,
            "upload": whole,
            "photo_codec": min(photos, key=lambda key: photos[key]),
            "split": min(splits, key=lambda key: (_sum(key, options, rates), str(key))),
        }

    def options(self, task: str) -> list[Candidate]:
        device, edge = self.node(DEVICE), fleet.edge_for(fleet.online(set()))
        assert edge is not None
        sizes = {
            f"{one['codec']}:{one['quality']}:{self.profile.image_size(task)}": one["bytes"]
            for one in self.profile.card["photo"]
        }
        each = [candidates.timings(node.slug, node.profile) for node in (device, edge)]
        return candidates.build(task, self.profile, each[0], each[1], 0, sizes)


def _patiently(attempt: Callable[[], Answered]) -> Answered:
    """A node that was too late is asked once more; the clock runs on."""
    try:
        return attempt()
    except dispatch.NodeGone:
        return attempt()


def only(key: Key) -> Rule:
    return lambda options: [one for one in options if one.key == key]


def _near(candidate: Candidate, full: Candidate) -> bool:
    return None not in (candidate.accuracy, full.accuracy) and (full.accuracy or 0) - (candidate.accuracy or 0) <= POINT


def _sum(key: Key, options: dict[str, list[Candidate]], rates: list[int]) -> float:
    links = [LinkEstimate(rate, 0.0, 0.0, "transfers") for rate in rates]
    times = [predict(c, link, Load()) for found in options.values() for c in found if c.key == key for link in links]
    return sum(ms for ms in times if ms is not None)


def _told(way: str, task: str, ms: float, receipt: Receipt) -> Told:
    used = records.from_receipt(receipt).key
    link, actual = receipt["link"], receipt["actual_ms"]
    assert actual is not None, "the attempt has finished"
    return Told(
        way, task, ms, receipt["bytes"]["uplink"], receipt["route"], used, receipt["predicted_ms"],
        actual["total"], link["up_bytes_per_s"], link["source"], receipt["candidates"],
    )  # fmt: skip
