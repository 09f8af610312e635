"""A device and an edge in this process, whose queues are function calls; everything that crosses between them is real."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from devices import dispatch
from devices.contract.jobs import Job
from devices.contract.protocol import ABILITIES, PROTOCOL
from devices.contract.values import Received
from devices.models import Node as NodeRow
from devices.models import Sample
from inference.answering import orchestrate, system_questions
from inference.answering.execute import Step
from inference.answering.journal import claim
from inference.engine import catalogue, runner
from inference.engine.catalogue import Profile
from inference.engine.runner import Vision
from inference.models import Turn
from tests.answering.system_world import CONVERSATION
from tests.bundled import SPLIT_AT
from tests.conftest import draw_photo
from tests.node import Node

PHOTO = "5d3a"
K, LOW, HIGH = SPLIT_AT, 1, 4


@dataclass
class Pair:
    device: Node
    edge: Node
    profile: Profile
    gone: Callable[[str, str], bool] = lambda slug, verb: False  # whether a node does not answer this call
    tamper: Callable[[str, str, Any], Any] = lambda slug, verb, reply: reply  # what arrives instead of a node's reply
    calls: list[str] = field(default_factory=list)

    def call(self, slug: str, job: Job[Any], *rest: Any) -> Received:
        verb, (*_, sent) = job.verb, (lambda: None, *rest[4:])
        self.calls.append(f"{slug}.{verb}")
        if self.gone(slug, verb):
            raise dispatch.NodeGone(slug, f"{slug} is offline.")
        sent()
        node = self.device if slug == self.device.runtime.slug else self.edge
        reply = self.tamper(slug, verb, node.call(verb, **job.model_dump(mode="json")))
        return dispatch.parse_reply(slug, job, reply)

    def step(self, task: str = "classify", **more: Any) -> Step:
        ours = self.device.runtime.slug, self.edge.runtime.slug
        fields = {"keep_s": 60.0, "blob": "turn-1-0", **more}
        return Step(task, "what is it?", PHOTO, self.profile, *ours, lambda: False, lambda phase: None, **fields)

    def restart_edge(self) -> None:
        self.edge.load(self.edge.vision)


@pytest.fixture(scope="session")
def vision() -> Vision:
    """Nobody changes it; what a node remembers of its answers is in its stages."""
    return runner.load(catalogue.profile("compact"), threads=1)


@pytest.fixture
def pair(store: Any, redis_url: str, tmp_path: Path, vision: Vision, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """With one photo placed on the device."""
    device, edge = (Node(name, redis_url, tmp_path / name, vision) for name in ("jetson-t", "edge-t"))
    both = Pair(device, edge, vision.profile)
    monkeypatch.setattr(dispatch, "call", both.call)
    device.lay(PHOTO, draw_photo(4))
    device.call("place", photo=PHOTO)
    yield both


@pytest.fixture
def online(pair: Pair, transactional_db: None) -> None:
    """Both nodes are online; the device is slow at everything, so that features are sent."""
    digest = pair.device.vision.digest
    points = {str(k): 5.0 for k in pair.profile.split_points("classify")}
    for slug, tier, whole_ms in (("jetson-t", "device", 3000.0), ("edge-t", "edge", 20.0)):
        times = {"whole_ms": whole_ms, "head_ms": points, "encode_ms": points, "tail_ms": points, "send_ms": {}}
        profile = {"name": "compact", "digest": digest, "protocol": PROTOCOL, "tasks": dict.fromkeys(pair.profile.tasks, times)}
        NodeRow.objects.create(
            slug=slug,
            tier=tier,
            approved=True,
            token_sha256=slug,
            profile=profile,
            abilities=list(ABILITIES),
            last_seen=timezone.now(),
            queue=0,
        )
    for size, ms in ((256, 6.0), (16384, 70.0)):
        Sample.objects.create(node="jetson-t", at=timezone.now(), bytes=size, ms=ms, source="probe")


def carry_out(turn: Turn) -> None:
    """As a worker that takes this turn does."""
    if journal := claim(str(turn.pk)):
        orchestrate.answer(journal)


def refining(profile: Profile, sure_above: float) -> Profile:
    """The same models, with one way of answering first and refining when less sure than that."""
    mode = {"split_at": K, "level": LOW, "refine_to": HIGH, "sure_above": sure_above, "expected_bytes": 200.0,
            "refined_share": 0.4}  # fmt: skip
    modes = {task: [{**mode, "accuracy": profile.accuracy(task)}] for task in profile.tasks}
    code = {**profile.card.get("code", {}), "refine": modes}
    return replace(profile, card={**profile.card, "code": code})


Ask = Callable[..., str]


@pytest.fixture
def ask(owner: Any, settings: Any, tmp_path: Path) -> Ask:
    """Ask a question about the system, as the owner unless another person is given."""
    settings.VAR_DIR = tmp_path

    def by(message: str, person: Any = owner, conversation: uuid.UUID = CONVERSATION) -> str:
        return system_questions.answer(message, person.pk, conversation)

    return by
