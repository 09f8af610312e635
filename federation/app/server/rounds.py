"""A run on the server: its model, what clients have of it, and one round after the other."""

import time
from collections.abc import Mapping

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, RecordDict
from flwr.serverapp import Grid

from federation.app import task
from federation.app.client_state import digest
from federation.app.codes import codes_of, quantiser_of
from federation.app.compression import scales
from federation.app.compression.downlink import CodedUpdate, Downlink
from federation.app.compression.flat_parameters import Layout, Vector
from federation.app.data import Partitioning
from federation.app.errors import Refused
from federation.app.messaging import Exchange
from federation.app.privacy import differential
from federation.app.privacy.masking import Cohort
from federation.app.reports import ClientReport
from federation.app.run_settings import RunSettings
from federation.app.server import aggregation, guards, replies
from federation.app.server.guards import Update
from federation.app.strategies import registry
from federation.app.train_config import ModelDelta, TrainConfig

ATTEMPTS = 3  # messages to a client that lacks earlier rounds, the whole model at last
WHOLE_MODEL = None  # instead of the updates that a client lacks


class NotCounted(Exception):
    """The round leaves the model as it was; the text says why."""


class RoundRunner:
    """`step` is the number of the next round that counts: rounds that miss their quorum repeat it."""

    def __init__(self, settings: RunSettings, classes: int, reference: float, labels: tuple[str, ...] = ()) -> None:
        """`reference`: examples of a typical client, or 0 where all clients weigh the same. `labels`: of the classes, where
        each device names its own.
        """
        self.settings, self.classes, self.reference, self.labels = settings, classes, reference, labels
        initial = task.arrays_of(task.build(settings["model"], settings["dataset"], classes, settings["seed"]))
        self.layout = Layout.of(initial)
        self.model: Vector = self.layout.flat(initial)
        self.step, self.exchange_id = 1, 0
        self.last_round: dict[int, int] = {}  # by client: the last round that it certainly has
        chosen = registry.by_name(settings["strategy"])
        values = chosen.values(settings)
        self.strategy, self.client_terms = chosen.build(values), chosen.client_terms(values)
        config = self.config()
        self.codes, self.quantiser = codes_of(config, self.layout), quantiser_of(config, self.layout)
        self.downlink = None if self.codes is None else Downlink(self.codes.down, self.model.copy())
        self.accountant = differential.Accountant()
        self.cohort = None if self.quantiser is None else Cohort(self.quantiser.bits)
        layers = len(self.layout.shapes)
        self.scales = None if self.cohort is None else scales.initial_scales(layers, config.learning_rate)

    @property
    def client_model(self) -> Vector:
        """What clients train from."""
        return self.model if self.downlink is None else self.downlink.client_model

    def config(self) -> TrainConfig:
        settings, privacy = self.settings, self.settings["privacy"]
        return TrainConfig(
            round=self.step,
            dataset=settings["dataset"],
            model=settings["model"],
            classes=self.classes,
            partitioning=Partitioning(settings["partition"], settings["clients"], settings["alpha"], settings["seed"]),
            epochs=settings["local_epochs"],
            batch_size=settings["batch_size"],
            learning_rate=task.rate_at(settings["learning_rate"], self.step, settings["rounds"]),
            proximal_mu=self.client_terms.proximal_mu,
            control_variates=self.client_terms.control_variates,
            compression=settings["compression"],
            bits=settings["bits"],
            share=settings["share"],
            masks=settings["secure_aggregation"],
            reference=self.reference,
            clip=privacy["clip"] if privacy else None,
            noise_multiplier=privacy["noise_multiplier"] if privacy else 0.0,
            labels=self.labels,
        )

    # -- one round -----------------------------------------------------------------------------------------------------

    def round(self, grid: Grid, number: int, nodes: Mapping[int, int]) -> tuple[Exchange, dict[int, ClientReport], str]:
        """The exchange, a report for each client, and why the round did not count (empty when it did)."""
        exchange = self.exchange(grid, number, nodes)
        if self.cohort is not None:
            self.exchange_id = max(self.exchange_id + 1, int(time.time() * 1000))
            self.cohort.gather(exchange)
        trained = self._trained(exchange, self.config())
        self.last_round |= dict.fromkeys(trained, self.step - 1)
        reports = {client: replies.report(client, nodes[client], reply) for client, reply in trained.items()}
        why = ""
        try:
            model = self._from_sum(exchange, trained) if self.cohort is not None else self._merged(exchange, number, trained)
        except (NotCounted, Refused) as error:
            why = str(error)
        else:
            self._advance(model)
        for client, (state, reason) in exchange.failures.items():
            reports.setdefault(client, ClientReport(nodes[client], client, state))
            reports[client].state, reports[client].reason = state, reason
            if self.cohort is not None:
                self.cohort.forget(client)
        for client, report in reports.items():
            report.bytes_up, report.bytes_down = exchange.up.get(client, 0), exchange.down.get(client, 0)
        return exchange, reports, why

    def exchange(self, grid: Grid, number: int, nodes: Mapping[int, int]) -> Exchange:
        """It ends at the round's deadline, or a grace period after a quorum has replied."""
        settings, enough = self.settings, self.settings["quorum"] or 1
        if self.cohort is not None:  # more than two thirds must reveal their shares
            enough = max(enough, 2 * len(nodes) // 3 + 1)
        until = time.monotonic() + settings["round_deadline_s"]
        return Exchange(grid, nodes, number, until, enough, settings.get("grace_s"))

    def _trained(self, exchange: Exchange, config: TrainConfig) -> dict[int, Message]:
        """A client that has missed rounds says so and gets another message with what it lacks, the whole model at last."""
        waiting = {client: self.missed(client) for client in exchange.nodes}
        trained: dict[int, Message] = {}
        for _ in range(ATTEMPTS):
            contents = {client: self._masked_content(client, config, missed) for client, missed in waiting.items()}
            stale: dict[int, list[CodedUpdate] | None] = {}
            for client, reply in exchange.send("train", contents, len(trained)).items():
                behind = replies.metric(reply, "behind")
                if not behind:
                    trained[client] = reply
                    continue
                missed = waiting[client]
                from_initial = missed is not WHOLE_MODEL and len(missed) == self.step - 1
                again = behind == 1 and self.downlink is not None and not from_initial
                stale[client] = self._all_updates() if again else WHOLE_MODEL
            waiting = stale
            if not waiting:
                break
        if self.cohort is not None:
            for client in trained:
                self.cohort.acknowledge(client)
        return trained

    def missed(self, client: int) -> list[CodedUpdate] | None:
        if self.step == 1:
            return []  # the initial model follows from the seed
        return WHOLE_MODEL if self.downlink is None else self.downlink.since(self.last_round.get(client, 0))

    def _all_updates(self) -> list[CodedUpdate] | None:
        return [] if self.step == 1 or self.downlink is None else self.downlink.since(0)

    def _masked_content(self, client: int, config: TrainConfig, missed: list[CodedUpdate] | None) -> RecordDict:
        content = self.content(client, config, missed)
        if self.cohort is not None and self.scales is not None:
            masks = {**self.cohort.config(client, self.exchange_id).entries(), "scales-up": self.scales.tobytes()}
            content["config"] = ConfigRecord({**content.config_records["config"], **masks})
        return content

    def content(self, client: int, config: TrainConfig, missed: list[CodedUpdate] | None) -> RecordDict:
        """The model that a client lacks, and what it needs to know."""
        entries = {**config.entries(), "partition-id": client, "heard": self.step - 1}
        content = RecordDict()
        if missed is WHOLE_MODEL:
            arrays = self.layout.arrays(self.client_model)
            content["model"] = ArrayRecord({name: Array(np.ascontiguousarray(array)) for name, array in arrays.items()})
        else:
            entries |= ModelDelta(self.step - 1 - len(missed), digest(self.client_model), missed).entries()
        content["config"] = ConfigRecord(entries)
        return content

    # -- from replies to a model ---------------------------------------------------------------------------------------

    def _merged(self, exchange: Exchange, number: int, trained: dict[int, Message]) -> Vector:
        updates = []
        for client, reply in trained.items():
            try:
                delta = replies.update(reply, self.layout, self.codes, self.client_model)
                updates.append(Update(client, int(replies.metric(reply, "num-examples")), delta))
            except (ValueError, KeyError, TypeError) as error:
                exchange.refuse(client, f"Its update cannot be read: {error}"[:300])
        for client, reason in guards.refusals(updates, self.layout.size).items():
            exchange.refuse(client, reason)
        accepted = [update for update in updates if update.client not in exchange.failures]
        if not self.reference:
            accepted = [Update(update.client, 1, update.delta) for update in accepted]
        self._check_quorum(len(accepted))
        self._spend(len(accepted))
        return aggregation.merge(self.strategy, self.layout, number, self.model, trained, accepted)

    def _from_sum(self, exchange: Exchange, trained: dict[int, Message]) -> Vector:
        assert self.cohort is not None and self.quantiser is not None and self.scales is not None
        examples = {client: int(replies.metric(reply, "num-examples")) for client, reply in trained.items()}
        for client, reason in guards.weight_refusals(examples).items():
            exchange.refuse(client, reason)
        accepted = {client: reply for client, reply in trained.items() if client not in exchange.failures}
        self._check_quorum(len(accepted))
        rows, layers = self.quantiser.rows(self.step), len(self.layout.shapes)
        total = self.cohort.open(exchange, accepted, self.exchange_id, len(rows) + layers * scales.DIGITS)
        accepted = {client: reply for client, reply in accepted.items() if client in self.cohort.summed}
        weight = sum(examples[client] for client in accepted) / self.reference if self.reference else len(accepted)
        delta = np.zeros(self.layout.size, np.float32)
        delta[rows] = self.quantiser.decode(total[: len(rows)], rows, self.scales, len(accepted)) / weight
        self.scales = scales.decode_mean_scale(total[len(rows) :], len(accepted))
        self._spend(len(accepted))
        carrier = next(iter(accepted))  # any client's reply carries the mean
        return aggregation.merge(self.strategy, self.layout, self.step, self.model, accepted, [Update(carrier, 1, delta)])

    def _check_quorum(self, count: int) -> None:
        quorum = self.settings["quorum"] or 1
        if count < quorum:
            raise NotCounted(f"{count} of {self.settings['clients']} updates could be used; the quorum is {quorum}.")

    def _spend(self, summed: int) -> None:
        if self.settings["privacy"]:
            self.accountant.spend(differential.round_multiplier(self.settings, summed))

    def _advance(self, model: Vector) -> None:
        self.model = model
        if self.downlink is not None:
            self.downlink.advance(model, self.step)
        self.step += 1
