"""One question by one method. Everything runs as in the product; a fixed method only removes the choice. Needs Django."""

import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.routes.testbed import DEVICE
from devices import dispatch, model_choice
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

POINT = 0.01  # accuracy that a fixed method may lose
OURS, AHEAD = "ours", "ours_ahead"
FIXED = ("device", "upload", "photo_codec", "split")
Result = tuple[Receipt, execute.Outcome]
Rule = Callable[[list[Candidate]], list[Candidate]]  # restricts the candidates


@dataclass(frozen=True)
class Query:
    file: Path
    task: str
    question: str


@dataclass(frozen=True)
class Measurement:
    """One question by one method. `ms`: from the question to its answer, placement included; `bytes`: over the link."""

    method: str
    task: str
    ms: float
    bytes: int
    route: str
    key: Key
    predicted_ms: float | None
    executed_ms: float  # what the prediction is for: without placement
    up_bytes_per_s: float | None
    source: str  # of the bandwidth estimate
    options: list[CandidateRecord]  # the receipt's candidates


class QueryRunner:
    def __init__(self) -> None:
        self.owner, self.profile = User.objects.humans().get(), catalogue.profile(model_choice.active())
        self.stored: dict[Path, Photo] = {}

    def photo(self, file: Path, prepared: bool = False, node: str = DEVICE) -> Photo:
        """A new copy of the photo on the device; with `prepared` its heads are computed there as well."""
        if file not in self.stored:
            self.stored[file] = store.store(self.owner, [file.read_bytes()])
        original = self.stored[file]
        copy = Photo.objects.get(pk=original.pk)
        copy.pk, copy.placed, copy._state.adding = uuid.uuid4(), {}, True
        copy.save()
        shutil.copy(original.path, copy.path)
        device, edge = self.node(node), fleet.edge_for(fleet.online(set()))
        prefetch.place(copy, device)
        if prepared and edge is not None:
            prefetch.compute_heads(copy, device, edge)
        return copy

    def node(self, slug: str) -> Node:
        return Node.objects.get(slug=slug)

    def ask(self, method: str, query: Query, photo: Photo, rule: Rule = list, node: str = DEVICE) -> Measurement:
        """Only `ours` updates the product's estimates: a fixed method neither uses nor changes what placement learns."""
        turn = Turn.objects.create(
            conversation=uuid.uuid4(), owner=self.owner, photo=photo, question=query.question, policy="fastest", node=node
        )
        journal = claim(str(turn.pk))
        assert journal is not None, "another worker claimed the question"
        with journal:
            step = PlanStep.model_validate({"id": 1, "task": query.task, "question": query.question})
            journal.planned({"steps": [step.model_dump()], "why": "bench"})
            started = time.perf_counter()
            receipt, outcome = _with_one_retry(lambda: Attempt(journal, step, FailedAttempts(), 0.0, rule=rule).run())
            ms = (time.perf_counter() - started) * 1000
            if method in (OURS, AHEAD):
                journal.receipt(1, receipt)
            journal.answered(str(receipt["answer"]))
        if method in (OURS, AHEAD):
            execute.learn(outcome)
        else:
            turn.delete()
        return _measurement(method, query.task, ms, receipt)

    def fixed(self, rates: list[int]) -> dict[str, Key]:
        """The fixed methods: the photo codec of fewest bytes, and the split that is fastest over all rates and tasks, of those
        that lose at most a point of accuracy in every task."""
        options = {task: self.options(task) for task in self.profile.on_towers}
        near = set.intersection(*({c.key for c in task if _near(c, task[0])} for task in options.values()))
        photos = {c.key: c.uplink_bytes for c in options["classify"] if c.codec and c.key in near}
        splits = {c.key for task in options.values() for c in task if c.route == routes.SPLIT and not c.refine_to} & near
        if not photos or not splits:
            raise SystemExit(
                "No photo codec or no split of the card is within a point of accuracy in every task; train the "
                "feature code again."
            )
        first = options["classify"]
        whole = next(c.key for c in first if c.route == routes.EDGE and c.exact)
        return {
            "device": first[0].key,
            "upload": whole,
            "photo_codec": min(photos, key=lambda key: photos[key]),
            "split": min(splits, key=lambda key: (_total_ms(key, options, rates), str(key))),
        }

    def options(self, task: str) -> list[Candidate]:
        device, edge = self.node(DEVICE), fleet.edge_for(fleet.online(set()))
        assert edge is not None
        sizes = {
            f"{entry['codec']}:{entry['quality']}:{self.profile.image_size(task)}": entry["bytes"]
            for entry in self.profile.card["photo"]
        }
        device_times, edge_times = (candidates.timings(node.slug, node.profile) for node in (device, edge))
        return candidates.build(task, self.profile, device_times, edge_times, 0, sizes)


def _with_one_retry(attempt: Callable[[], Result]) -> Result:
    """After a timeout the node is asked once more; the clock keeps running."""
    try:
        return attempt()
    except dispatch.NodeGone:
        return attempt()


def only(key: Key) -> Rule:
    return lambda options: [candidate for candidate in options if candidate.key == key]


def _near(candidate: Candidate, full: Candidate) -> bool:
    return None not in (candidate.accuracy, full.accuracy) and (full.accuracy or 0) - (candidate.accuracy or 0) <= POINT


def _total_ms(key: Key, options: dict[str, list[Candidate]], rates: list[int]) -> float:
    links = [LinkEstimate(rate, 0.0, 0.0, "transfers") for rate in rates]
    times = [predict(c, link, Load()) for task in options.values() for c in task if c.key == key for link in links]
    return sum(ms for ms in times if ms is not None)


def _measurement(method: str, task: str, ms: float, receipt: Receipt) -> Measurement:
    key = records.from_receipt(receipt).key
    link, actual = receipt["link"], receipt["actual_ms"]
    assert actual is not None, "the attempt has finished"
    return Measurement(
        method, task, ms, receipt["bytes"]["uplink"], receipt["route"], key, receipt["predicted_ms"],
        actual["total"], link["up_bytes_per_s"], link["source"], receipt["candidates"],
    )  # fmt: skip
