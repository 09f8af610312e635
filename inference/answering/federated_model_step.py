"""One try of a step that names a training run: its model goes to the photo, which stays where it is."""

import time

from django.conf import settings

from devices import dispatch
from devices.contract.jobs import RunLearned
from devices.contract.results import Answered
from inference.answering import execute, receipts, trained_models
from inference.answering.attempt import Attempt
from inference.answering.trained_models import TrainedModel
from inference.placement import candidates, fleet, policies, routes
from inference.placement.choose import Candidate, choose
from inference.receipt import Receipt
from webapp.live.errors import UserError

FIRST_MS = 5.0  # expected of a model that was not timed yet on this node: they are small


class ByRun(Attempt):
    def run(self) -> tuple[Receipt, execute.Outcome]:
        turn, found = self.journal.turn, trained_models.read(self.step.model or "", self.journal.turn.owner_id)
        if turn.route not in ("", routes.DEVICE.name):
            raise UserError(
                "only_on_device",
                "The model of a training run answers where the photo is.",
                "Ask again without forcing a route.",
                409,
            )
        device = fleet.device_for(self.photo, turn.node, fleet.online(without=self.tries.gone))
        running, placing = self._begun(device)
        times = candidates.timings(device.slug, device.profile)
        expected, overhead = times.corrected.get(found.part, FIRST_MS), times.overhead(routes.DEVICE.name, candidates.calls())
        option = Candidate(routes.DEVICE, None, None, None, None, 0, expected, 0.0, found.accuracy, overhead_ms=overhead)
        link, load = fleet.link_of(device.slug), fleet.load(device, [])
        policy = policies.named(turn.policy, settings.MAX_LOSS)
        choice = choose([option], link, load, policy, turn.route or None)
        self.chosen = choice.chosen
        failures = list(self.tries.failures)
        decision = receipts.DecisionInputs(
            self.photo, self.step.before, device, None, link, load, policy, choice, placing, failures
        )
        started = receipts.make(turn, self.step.task, decision)
        outcome, sent = answered(running, found)
        reason = f"The model of {found.name} came to the photo." if sent else f"The model of {found.name} was there already."
        receipt: Receipt = {**started, "reason": reason, "model": found.name, "bytes": {**started["bytes"], "model": sent}}
        return receipts.finish(receipt, outcome, self.plan_ms_hidden), outcome


def answered(step: execute.Step, found: TrainedModel) -> tuple[execute.Outcome, int]:
    """What it came to, and the bytes of the model where it had to be sent. Raises what dispatch.call raises."""
    begun, sent = time.perf_counter(), 0
    outcome = execute.Outcome(step.device, step.task)
    step.phase("device")
    try:
        done = _call(step, found)
    except dispatch.StageFailed as error:
        if error.code != "model_missing":
            raise
        sent = len(found.weights)
        dispatch.put_blob(step.device, step.blob, found.weights)
        done = _call(step, found, step.blob)
        dispatch.drop_blob(step.device, step.blob)
    outcome.answer = done.answer.stored()
    outcome.levels.append({"level": None, "bytes": 0, "confidence": done.answer.confidence})
    outcome.observed = [(step.device, found.part, done.compute_ms)]
    outcome.actual_ms |= {"queue": done.queue_ms, "device": done.compute_ms}
    total = 1000 * (time.perf_counter() - begun)
    outcome.actual_ms |= {"overhead": max(0.0, total - sum(outcome.actual_ms.values())), "total": total}
    return outcome, sent


def _call(step: execute.Step, found: TrainedModel, blob: str = "") -> Answered:
    job = RunLearned(photo=step.photo, digest=found.digest, card=found.node_card, blob=blob)
    return dispatch.call(step.device, job, execute.UNKNOWN_DEADLINE_S, step.cancelled, step.phase)
