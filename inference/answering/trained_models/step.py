"""One attempt at a step that names a training run: the run's model is sent to the device that has the photo."""

import time

from django.conf import settings

from devices import dispatch
from devices.contract.jobs import RunLearned
from devices.contract.results import Answered
from inference.answering import execute, receipts, trained_models
from inference.answering.attempt import Attempt
from inference.answering.trained_models import TrainedModel
from inference.placement import candidates, fleet, policies, routes, timing_store
from inference.placement.choose import Candidate, choose
from inference.placement.timing_store import Observation
from inference.receipt import Receipt
from inference.scheduling import patience
from webapp.live.errors import UserError

FIRST_MS = 5.0  # expected time of a model not yet observed on this node: they are small


class FederatedModelStep(Attempt):
    def run(self) -> tuple[Receipt, execute.Outcome]:
        turn = self.journal.turn
        model = trained_models.read(self.step.model or "", turn.owner_id)
        if turn.route not in ("", routes.DEVICE.name):
            raise UserError(
                "only_on_device",
                "The model of a training run answers where the photo is.",
                "Ask again without forcing a route.",
                409,
            )
        device = fleet.device_for(self.photo, turn.node, fleet.online(without=self.failed.excluded))
        running, placing = self._start(device)
        records = timing_store.Records(device.slug)
        times = records.timings(device.slug, device.profile)
        expected, overhead = times.corrected.get(model.part, FIRST_MS), times.overhead(routes.DEVICE.name, candidates.calls())
        option = Candidate(routes.DEVICE, None, None, None, None, 0, expected, 0.0, model.accuracy, overhead_ms=overhead)
        link, load = fleet.link_of(device.slug), fleet.load(device, [], records)
        policy = policies.named(turn.policy, settings.MAX_LOSS)
        choice = choose([option], link, load, policy, turn.route or None)
        self.chosen = choice.chosen
        failures = list(self.failed.failures)
        decision = receipts.DecisionInputs(
            self.photo, self.step.before, device, None, link, load, policy, choice, placing, failures
        )
        receipt = receipts.make(turn, self.step.task, decision)
        outcome, sent = answer(running, model)
        where = f"was sent to {device.slug}" if sent else f"was already on {device.slug}"
        reason = f"The model of {model.name} {where}."
        receipt = {**receipt, "reason": reason, "model": model.name, "bytes": {**receipt["bytes"], "model": sent}}
        return self._finished(receipt, outcome), outcome


def answer(step: execute.Step, model: TrainedModel) -> tuple[execute.Outcome, int]:
    """The outcome, and the bytes of the model where it had to be sent. Raises what dispatch.call raises."""
    started, sent = time.perf_counter(), 0
    outcome = execute.Outcome(step.device, step.task, jobs=step.jobs)
    try:
        done = _call(step, model)
    except dispatch.StageFailed as error:
        if error.code != "model_missing":
            raise
        sent = len(model.weights)
        dispatch.put_blob(step.device, step.blob, model.weights)
        done = _call(step, model, step.blob)
        dispatch.drop_blob(step.device, step.blob)
    outcome.answer = done.answer
    outcome.levels.append({"level": None, "bytes": 0, "confidence": done.answer.confidence})
    outcome.observed = [Observation(step.device, model.part, done.compute_ms)]
    outcome.actual_ms |= {"queue": done.queue_ms, "device": done.compute_ms}
    total = 1000 * (time.perf_counter() - started)
    outcome.actual_ms |= {"overhead": max(0.0, total - sum(outcome.actual_ms.values())), "total": total}
    return outcome, sent


def _call(step: execute.Step, model: TrainedModel, blob: str = "") -> Answered:
    job = RunLearned(photo=step.photo, digest=model.digest, card=model.node_card, blob=blob)
    return step.send(step.device, "device", job, patience.UNKNOWN_S)
