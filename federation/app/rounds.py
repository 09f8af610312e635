"""A run on the server: its model, what the clients hold of it, and one round after the other."""

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, RecordDict
from flwr.serverapp import Grid

from federation.app import strategy, task
from federation.app.client_app import codes_of, ring_of
from federation.app.client_state import digest
from federation.app.compression import scales
from federation.app.compression.downlink import Coded, Downlink
from federation.app.compression.flat_parameters import Layout, Vector
from federation.app.messaging import Exchange, words_of
from federation.app.privacy import differential, secure_aggregation
from federation.app.privacy.masking import Cohort
from federation.app.reports import ClientReport
from federation.app.strategy import Update

SENT = ("dataset", "model", "partition", "alpha", "seed", "compression", "bits", "share")


class Uncounted(Exception):
    """The round leaves the model as it was; the text says why."""


class RoundRunner:
    """`step` is the number of the next round that counts: rounds that miss their quorum repeat it."""

    def __init__(self, spec: Mapping[str, Any], classes: int, reference: float) -> None:
        """`reference`: examples of a usual client, or 0 where every client weighs the same."""
        self.spec, self.classes, self.reference = spec, classes, reference
        first = task.arrays_of(task.build(spec["model"], spec["dataset"], classes, spec["seed"]))
        self.layout = Layout.of(first)
        self.model: Vector = self.layout.flat(first)
        self.step, self.exchange_id = 1, 0
        self.heard: dict[int, int] = {}  # by client: the last round that it surely knows of
        told = self.common()
        self.codes, self.ring = codes_of(told, self.layout), ring_of(told, self.layout)
        self.downlink = None if self.codes is None else Downlink(self.codes.down, self.model.copy())
        self.strategy = strategy.make(spec)
        self.accountant = differential.Accountant()
        self.cohort = None if self.ring is None else Cohort(self.ring.bits)
        self.scales = scales.first(len(self.layout.shapes), float(told["rate"])) if self.cohort is not None else None

    @property
    def held(self) -> Vector:
        """What clients train from."""
        return self.model if self.downlink is None else self.downlink.held

    def common(self) -> dict[str, Any]:
        """What every message of a step says."""
        spec = self.spec
        told = {name: spec[name] for name in SENT}
        told |= {
            "round": self.step,
            "classes": self.classes,
            "num-partitions": spec["clients"],
            "clients": spec["clients"],
            "epochs": spec["local_epochs"],
            "batch": spec["batch_size"],
            "rate": task.rate_at(spec["learning_rate"], self.step, spec["rounds"]),
            "mu": spec["proximal_mu"] if spec["strategy"] == "fedprox" else 0.0,
            "scaffold": spec["strategy"] == "scaffold",
            "masks": bool(self.spec["secure_aggregation"]),
        }
        if told["masks"]:
            told["reference"] = self.reference
        if spec["privacy"]:
            told |= {"clip": spec["privacy"]["clip"], "noise": spec["privacy"]["noise_multiplier"]}
        return told

    # -- one round -----------------------------------------------------------------------------------------------------

    def round(self, grid: Grid, number: int, nodes: Mapping[int, int]) -> tuple[Exchange, dict[int, ClientReport], str]:
        """-> the exchange, a report for each client, and why the round did not count (empty when it did)."""
        exchange = Exchange(grid, nodes, number, time.monotonic() + float(self.spec["round_deadline_s"]))
        told = self.common()
        if self.cohort is not None:
            self.exchange_id = max(self.exchange_id + 1, int(time.time() * 1000))
            self.cohort.gather(exchange)
        replies = self._trained(exchange, told)
        self.heard |= dict.fromkeys(replies, self.step - 1)
        reports = {client: _report(client, nodes[client], reply) for client, reply in replies.items()}
        why = ""
        try:
            model = self._masked(exchange, replies) if self.cohort is not None else self._plain(exchange, number, replies)
        except (Uncounted, secure_aggregation.Refused) as error:
            why = str(error)
        else:
            self._advance(model)
        for client, (state, reason) in exchange.trouble.items():
            reports.setdefault(client, ClientReport(nodes[client], client, state))
            reports[client].state, reports[client].reason = state, reason
            if self.cohort is not None:
                self.cohort.forget(client)
        for client, report in reports.items():
            report.bytes_up, report.bytes_down = exchange.up.get(client, 0), exchange.down.get(client, 0)
        return exchange, reports, why

    def _trained(self, exchange: Exchange, told: dict[str, Any]) -> dict[int, Message]:
        """A client that has missed rounds says so, and is asked again with what it lacks, the whole model at last."""
        waiting = {client: self._since(client) for client in exchange.nodes}
        done: dict[int, Message] = {}
        for _ in range(3):
            contents = {client: self._content(client, told, missed) for client, missed in waiting.items()}
            replies = exchange.exchange("train", contents)
            waiting = {}
            for client, reply in replies.items():
                behind = _metric(reply, "behind")
                if not behind:
                    done[client] = reply
                elif behind == 1 and self.downlink is not None and contents[client]["config"]["after"] != 0:  # type: ignore[index,call-overload]
                    waiting[client] = self.downlink.since(0) if self.step > 1 else []
                else:
                    waiting[client] = None
            if not waiting:
                break
        if self.cohort is not None:
            for client in done:
                self.cohort.heard(client)
        return done

    def _since(self, client: int) -> list[Coded] | None:
        if self.downlink is None:
            return [] if self.step == 1 else None  # the first model is made from the seed
        return [] if self.step == 1 else self.downlink.since(self.heard.get(client, 0))

    def _content(self, client: int, told: dict[str, Any], missed: list[Coded] | None) -> RecordDict:
        words = {**told, "partition-id": client, "heard": self.step - 1}
        content = RecordDict()
        if missed is None:
            arrays = self.layout.arrays(self.held)
            content["model"] = ArrayRecord({name: Array(np.ascontiguousarray(one)) for name, one in arrays.items()})
        else:
            words |= {
                "after": self.step - 1 - len(missed),
                "digest": digest(self.held),
                "rounds": [one.round for one in missed],
                "codes": [one.codes for one in missed],
                "scales": [one.scales.tobytes() for one in missed],
            }
        if self.cohort is not None and self.scales is not None:
            words |= {**self.cohort.words(client, self.exchange_id), "scales-up": self.scales.tobytes()}
        content["config"] = ConfigRecord(words)
        return content

    # -- from replies to a model ---------------------------------------------------------------------------------------

    def _plain(self, exchange: Exchange, number: int, replies: dict[int, Message]) -> Vector:
        updates = []
        for client, reply in replies.items():
            try:
                updates.append(Update(client, int(_metric(reply, "num-examples")), self._gained(reply)))
            except (ValueError, KeyError, TypeError) as error:
                exchange.trouble[client] = ("refused", f"Its update cannot be read: {error}"[:300])
        for client, reason in strategy.refusals(updates, self.layout.size).items():
            exchange.trouble[client] = ("refused", reason)
        sound = [one for one in updates if one.client not in exchange.trouble]
        if not self.reference:
            sound = [Update(one.client, 1, one.gained) for one in sound]
        self._quorum(len(sound))
        self._spend(len(sound))
        return strategy.merge(self.strategy, self.layout, number, self.model, replies, sound)

    def _gained(self, reply: Message) -> Vector:
        if self.codes is None:
            arrays = {name: array.numpy() for name, array in reply.content.array_records["arrays"].items()}
            if {name: one.shape for name, one in arrays.items()} != dict(self.layout.shapes):
                raise ValueError("its arrays have not the model's names and shapes.")
            return self.layout.flat(arrays) - self.held
        told = words_of(reply, "update")
        own = np.frombuffer(told["scales"], np.float32)
        if own.shape != (2 * len(self.layout.shapes),) or not np.isfinite(own).all():
            raise ValueError("its scales are no finite numbers, two for each layer.")
        return self.codes.up.decode(told["codes"], own.reshape(2, -1), self.held)

    def _masked(self, exchange: Exchange, replies: dict[int, Message]) -> Vector:
        assert self.cohort is not None and self.ring is not None and self.scales is not None
        examples = {client: int(_metric(reply, "num-examples")) for client, reply in replies.items()}
        for client, reason in strategy.weight_refusals(examples).items():
            exchange.trouble[client] = ("refused", reason)
        sound = {client: reply for client, reply in replies.items() if client not in exchange.trouble}
        self._quorum(len(sound))
        rows, layers = self.ring.rows(self.step), len(self.layout.shapes)
        total = self.cohort.open(exchange, sound, self.exchange_id, len(rows) + layers * scales.DIGITS)
        sound = {client: reply for client, reply in sound.items() if client in self.cohort.summed}
        weight = sum(examples[client] for client in sound) / self.reference if self.reference else len(sound)
        gained = np.zeros(self.layout.size, np.float32)
        gained[rows] = self.ring.decode(total[: len(rows)], rows, self.scales, len(sound)) / weight
        self.scales = scales.heard(total[len(rows) :], len(sound))
        self._spend(len(sound))
        one = next(iter(sound))
        return strategy.merge(self.strategy, self.layout, self.step, self.model, sound, [Update(one, 1, gained)])

    def _quorum(self, count: int) -> None:
        needed = int(self.spec["quorum"] or 1)
        if count < needed:
            raise Uncounted(f"{count} of {self.spec['clients']} updates could be used; the quorum is {needed}.")

    def _spend(self, summed: int) -> None:
        if self.spec["privacy"]:
            noise, linear = float(self.spec["privacy"]["noise_multiplier"]), self.spec["compression"] == "none"
            self.accountant.spend(differential.multiplier(noise, int(self.spec["clients"]), summed, linear))

    def _advance(self, model: Vector) -> None:
        self.model = model
        if self.downlink is not None:
            self.downlink.advance(model, self.step)
        self.step += 1


def _metric(reply: Message, name: str) -> float:
    found = reply.content.metric_records["metrics"].get(name, 0) if "metrics" in reply.content.metric_records else 0
    return float(found) if isinstance(found, int | float) and math.isfinite(found) else 0.0


def _report(client: int, node: int, reply: Message) -> ClientReport:
    return ClientReport(
        node,
        client,
        "ok",
        examples=int(_metric(reply, "num-examples")),
        compute_s=_metric(reply, "compute_s"),
        loss=_metric(reply, "test-loss") or _metric(reply, "loss"),
        accuracy=_metric(reply, "test-accuracy") or None,
    )
