"""One attempt at one step: find the nodes, list the candidates, choose one, carry it out."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.conf import settings
from django.utils import timezone

from devices import dispatch, model_choice
from devices.contract.values import Crop
from devices.models import Node
from devices.telemetry import links
from inference.agreement import store
from inference.answering import edge_cache, execute, link_probe, prefetch, receipts
from inference.answering.journal import Journal
from inference.engine import tasks
from inference.engine.catalogue import Profile
from inference.models import Photo
from inference.photos import earlier
from inference.placement import candidates, fleet, policies, routes, timing_store
from inference.placement.choose import Candidate, Choice, Load, NoRoute, choose
from inference.placement.link import LinkEstimate, blind
from inference.placement.policies import Policy
from inference.planning.plan import PlanStep
from inference.receipt import FailureRecord, Receipt
from webapp.live import spans
from webapp.live.errors import UserError

STALLS = 2  # of the link in one step; then nothing more is sent over it


@dataclass
class FailedAttempts:
    """The failed attempts at one step so far."""

    excluded: set[str] = field(default_factory=set)  # slugs of nodes not to be used again
    failures: list[FailureRecord] = field(default_factory=list)
    stalls: int = 0
    counted: int = 0  # of them, those that a node or its link is to blame for

    def add(self, slug: str, why: str, attempt: "Attempt") -> None:
        """Bytes sent in vain are recorded too: they are evidence about the link."""
        running = attempt.running
        transfers = running.transfers if running else []
        for size, ms in transfers:
            links.record(running.device if running else slug, size, ms / 1000, None, "transfer")
        sent = sum(size for size, _ in transfers)
        failure: FailureRecord = {"node": slug, "why": why, "bytes": sent, "ms": attempt.elapsed_ms()}
        self.failures.append({**failure, "jobs": running.jobs} if running else failure)


@dataclass
class Attempt:
    """`running` and `chosen` are set as soon as they are known, for the caller that catches what `run` raises."""

    journal: Journal
    step: PlanStep
    failed: FailedAttempts
    plan_ms_hidden: float  # milliseconds of planning during which the photo was placed and heads were computed
    crop: Crop | None = None  # the part of the photo that the step looks at
    running: execute.Step | None = None
    chosen: Candidate | None = None
    rule: Callable[[list[Candidate]], list[Candidate]] = list  # restricts the candidates, for comparisons
    started: float = field(default_factory=time.perf_counter)

    def elapsed_ms(self) -> float:
        return round(1000 * (time.perf_counter() - self.started), 1)

    @cached_property
    def photo(self) -> Photo:
        """The photo of the step. Raises UserError where it has been deleted."""
        turn = self.journal.turn
        photos = [turn.photo, *(earlier.photos_before(turn) if self.step.before else ())]
        photo = photos[self.step.before] if self.step.before < len(photos) else None
        if photo is None:
            raise UserError("no_photo", "That photo is no longer in this conversation.", "Add it again and ask about it.", 404)
        return photo

    @cached_property
    def models(self) -> model_choice.Choice:
        """Those that nodes answer with, or are on their way to."""
        return model_choice.current()

    def run(self) -> tuple[Receipt, execute.Outcome]:
        """The finished receipt and the outcome. Raises UserError, NoRoute and what execute.run raises."""
        turn, task, photo = self.journal.turn, self.step.task, self.photo
        nodes = fleet.online(without=self.failed.excluded)
        device = fleet.device_for(photo, turn.node, nodes, self.models)
        edges = fleet.edges_for(device, nodes, self.models)
        running, placing = self._start(device)
        profile, link = running.profile, self._link(device, edges, running)
        with spans.span("choose route", {"isthmus.policy": turn.policy}) as span:
            choice, load, policy = self._choose(device, edges, profile, link)
            span.attributes |= _facts(choice)
        chosen = self.chosen = choice.chosen
        edge = next((node for node in edges if node.slug == chosen.edge), None)
        running.edge = edge.slug if edge else None
        decision = receipts.DecisionInputs(
            photo,
            self.step.before,
            device,
            edge,
            link,
            load,
            policy,
            choice,
            placing,
            list(self.failed.failures),
            profile,
            self.crop,
        )
        receipt = receipts.make(turn, task, decision)
        predicted = next(a.predicted_ms for a in choice.assessed if a.candidate == chosen)
        outcome = execute.run(running, chosen, predicted)
        return self._finished(receipt, outcome), outcome

    def _choose(self, device: Node, edges: list[Node], profile: Profile, link: LinkEstimate) -> tuple[Choice, Load, Policy]:
        """Raises UserError, NoRoute."""
        turn, task, photo = self.journal.turn, self.step.task, self.photo
        now, sharing = timezone.now(), edge_cache.tasks_sharing_tower(profile, task)
        is_new = turn.fresh or self.crop is not None  # what was computed before is of the whole photo
        records = timing_store.Records(device.slug, *(edge.slug for edge in edges))
        cached = {} if is_new or not edges else edge_cache.cached_levels(photo, now, sharing)
        options = self.rule(
            candidates.offers(
                task,
                profile,
                records.timings(device.slug, device.profile),
                [(records.timings(edge.slug, edge.profile), cached.get(edge.slug, {})) for edge in edges],
                photo.bytes,
                prefetch.sizes(photo, device.slug),
                [] if is_new else prefetch.ready(photo, device.slug, profile, task),
            )
        )
        load = fleet.load(device, edges, records)
        # Relative to the uncompressed model: two points of BLEU are much where the model reaches thirteen.
        policy = policies.named(turn.policy, settings.MAX_LOSS * ((options[0].accuracy if options else None) or 1.0))
        needs_edge = bool(turn.route) and routes.named(turn.route).needs_edge
        if needs_edge and not edges:
            raise UserError("no_edge", "No edge server is online.", "Start one, or ask without forcing a route.", 503)
        if needs_edge and self.failed.stalls:
            raise UserError("link_too_slow", "", "Ask without forcing a route, or when the link is better.", 503)
        left_out = fleet.left_out(task, [device, *edges], profile)
        try:
            previous = None if turn.route else fleet.previous(device, task)
            choice = choose(options, link, load, policy, turn.route or None, previous)
        except NoRoute as error:
            raise NoRoute(f"{error} {left_out}".strip()) from None
        return replace(choice, reason=f"{choice.reason} {left_out}".strip()), load, policy

    def _finished(self, receipt: Receipt, outcome: execute.Outcome) -> Receipt:
        """However sure the model is: where there is hardly anything to see, or where it says "yes" to "day or night?", its
        answer is a guess."""
        answer = outcome.answer
        if answer is not None:
            doubted = any(note.doubt for note in self.photo.remarkable)
            if doubted or not tasks.get(self.step.task).fits(self.step.question, answer.text):
                outcome.answer = answer.model_copy(update={"sure": False})
        return receipts.finish(receipt, outcome, self.step.question, self.plan_ms_hidden)

    def _start(self, device: Node) -> tuple[execute.Step, int]:
        """Places the photo on the device. Returns the step, and the bytes placed where the question had to wait for them."""
        turn, cancelled = self.journal.turn, self.journal.cancelled
        self.running = execute.Step(
            self.step.task,
            self.step.question,
            str(self.photo.pk),
            store.profile(fleet.models_of(device)),
            device.slug,
            None,
            cancelled,
            self._phase,
            blob=f"{self.photo.pk}-{turn.pk}-{self.step.id}-{len(self.failed.failures)}",
            keep_s=0.0 if self.crop else settings.KEEP_FEATURES_S,
            fresh=turn.fresh,
            crop=self.crop,
        )
        placing = prefetch.place(self.photo, device, self.step.task, cancelled, lambda: self._phase("placing"))
        self.running.preparing = placing > 0
        return self.running, placing

    def stalled(self, error: dispatch.LinkStalled) -> None:
        """Record a transfer that timed out as an upper bound of the bandwidth. The device may still answer by itself."""
        self.failed.stalls += 1
        if self.running and self.chosen:
            links.record(error.slug, self.chosen.uplink_bytes, error.waited_s, None, "transfer")
            if self.failed.stalls == STALLS:
                self.failed.excluded |= {node.slug for node in fleet.edges(fleet.online(without=set()))}

    def _phase(self, name: str) -> None:
        if (self.journal.turn.phase or {}).get("name") != name:
            self.journal.phase(name, self.step.id)

    def _link(self, device: Node, edges: list[Node], running: execute.Step) -> LinkEstimate:
        link = fleet.link_of(device.slug)
        if not edges or not blind(link):
            return link
        self._phase("probing")
        link_probe.probe(device.slug, running.cancelled, running.phase)
        return fleet.link_of(device.slug)


def _facts(choice: Choice) -> spans.Attributes:
    """A choice as a trace has it."""
    chosen = choice.chosen
    predicted = next(a.predicted_ms for a in choice.assessed if a.candidate == chosen)
    facts: dict[str, str | int | float | None] = {
        "isthmus.candidates": len(choice.assessed),
        "isthmus.route": chosen.route.name,
        "isthmus.split_at": chosen.split_at,
        "isthmus.level": chosen.level,
        "isthmus.edge": chosen.edge,
        "isthmus.bytes": chosen.uplink_bytes,
        "isthmus.predicted_ms": predicted,
        "isthmus.reason": choice.reason,
    }
    return {name: value for name, value in facts.items() if value is not None}
