"""One try of one step: which nodes take part, what may be chosen, the choice, and carrying it out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from django.conf import settings
from django.utils import timezone

from devices import dispatch
from devices.models import Node
from devices.telemetry import links
from inference.answering import edge_cache, execute, prefetch, receipts, turns
from inference.answering.journal import Journal
from inference.engine import catalogue
from inference.models import Photo
from inference.placement import candidates, fleet, policies, routes
from inference.placement.choose import Candidate, choose
from inference.placement.link import LinkEstimate, blind
from inference.planning.plan import PlanStep
from inference.receipt import FailureRecord, Receipt
from webapp.live.errors import UserError

STALLS = 2  # of the link in one step; then nothing more is sent over it


@dataclass
class Tries:
    """What was tried for one step so far, and came to nothing."""

    gone: set[str] = field(default_factory=set)  # nodes set aside
    failures: list[FailureRecord] = field(default_factory=list)
    stalls: int = 0

    def failed(self, slug: str, why: str, running: execute.Step | None) -> None:
        """Bytes that were sent in vain are told too, and teach what the link is like."""
        transfers = running.transfers if running else []
        for size, ms in transfers:
            links.record(running.device if running else slug, size, ms / 1000, None, "transfer")
        self.failures.append({"node": slug, "why": why, "bytes": sum(size for size, _ in transfers)})


@dataclass
class Attempt:
    """`running` and `chosen` are set once they are known, for whoever catches what `run` raises."""

    journal: Journal
    step: PlanStep
    tries: Tries
    plan_ms_hidden: float  # milliseconds of planning during which the photo was placed and heads were computed
    running: execute.Step | None = None
    chosen: Candidate | None = None
    rule: Callable[[list[Candidate]], list[Candidate]] = list  # what of the options may be chosen; all, but for comparisons

    @cached_property
    def photo(self) -> Photo:
        """The one that the step looks at. Raises UserError where it was deleted meanwhile."""
        turn = self.journal.turn
        photos = [turn.photo, *(turns.photos_before(turn) if self.step.before else ())]
        photo = photos[self.step.before] if self.step.before < len(photos) else None
        if photo is None:
            raise UserError(
                "no_photo", "That photo is not in this conversation any more.", "Add it again and ask about it.", 404
            )
        return photo

    def run(self) -> tuple[Receipt, execute.Outcome]:
        """The finished receipt and what it came to. Raises UserError, NoRoute and what execute.run raises."""
        turn, task, photo = self.journal.turn, self.step.task, self.photo
        nodes = fleet.online(without=self.tries.gone)
        device = fleet.device_for(photo, turn.node, nodes)
        edges = fleet.edges(nodes)
        running, placing = self._begun(device)
        profile, link = running.profile, self._link(device, edges, running)
        now, sharing = timezone.now(), edge_cache.tasks_sharing_tower(profile, task)
        options = self.rule(
            candidates.offers(
                task,
                profile,
                candidates.timings(device.slug, device.profile),
                [
                    (candidates.timings(edge.slug, edge.profile), edge_cache.cached_levels(photo, edge.slug, now, sharing))
                    for edge in edges
                ],
                photo.bytes,
                prefetch.sizes(photo, device.slug),
                prefetch.ready(photo, device.slug, profile, task),
            )
        )
        load = fleet.load(device, edges)
        # A share of what the uncompressed model reaches: two points of BLEU are much where thirteen are all there is.
        policy = policies.named(turn.policy, settings.MAX_LOSS * (options[0].accuracy or 1.0))
        needs_edge = bool(turn.route) and routes.named(turn.route).needs_edge
        if needs_edge and not edges:
            raise UserError("no_edge", "No edge server is online.", "Start one, or ask without forcing a route.", 503)
        if needs_edge and self.tries.stalls:
            raise UserError("link_too_slow", "", "Ask without forcing a route, or when the link is better.", 503)
        choice = choose(options, link, load, policy, turn.route or None, fleet.previous(device, task))
        chosen = self.chosen = choice.chosen
        edge = next((node for node in edges if node.slug == chosen.edge), None)
        running.edge = edge.slug if edge else None
        decision = receipts.DecisionInputs(
            photo, self.step.before, device, edge, link, load, policy, choice, placing, list(self.tries.failures)
        )
        receipt = receipts.make(turn, task, decision)
        predicted = next(a.predicted_ms for a in choice.assessed if a.candidate == chosen)
        outcome = execute.run(running, chosen, predicted)
        return receipts.finish(receipt, outcome, self.plan_ms_hidden), outcome

    def _begun(self, device: Node) -> tuple[execute.Step, int]:
        """The step on its way, its photo on the device; and the bytes of that, where the question had to wait for it."""
        turn, cancelled = self.journal.turn, self.journal.cancelled
        self.running = execute.Step(
            self.step.task,
            self.step.question,
            str(self.photo.pk),
            catalogue.profile(settings.PROFILE),
            device.slug,
            None,
            cancelled,
            self._phase,
            blob=f"{turn.pk}-{self.step.id}-{len(self.tries.failures)}",
            keep_s=settings.KEEP_FEATURES_S,
        )
        placing = prefetch.place(self.photo, device, cancelled, lambda: self._phase("placing"))
        self.running.preparing = placing > 0
        return self.running, placing

    def stalled(self, error: dispatch.LinkStalled) -> None:
        """The link is slower than it was taken for: at most what did not arrive in that time. The device may still answer."""
        self.tries.stalls += 1
        if self.running and self.chosen:
            links.record(error.slug, self.chosen.uplink_bytes, error.waited_s, None, "transfer")
            if self.tries.stalls == STALLS:
                self.tries.gone |= {node.slug for node in fleet.edges(fleet.online(without=set()))}

    def _phase(self, name: str) -> None:
        if (self.journal.turn.phase or {}).get("name") != name:
            self.journal.phase(name, self.step.id)

    def _link(self, device: Node, edges: list[Node], running: execute.Step) -> LinkEstimate:
        known = fleet.link_of(device.slug)
        if not edges or not blind(known):
            return known
        self._phase("probing")
        execute.probe(device.slug, running.cancelled, running.phase)
        return fleet.link_of(device.slug)
