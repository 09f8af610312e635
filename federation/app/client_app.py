"""The client: trains the model that a message brings on its own part of the data, and sends the difference.

Its Context holds the model it has, what its updates have lost so far (error feedback), SCAFFOLD's last update, and its keys.
"""

import time
from collections.abc import Callable

import numpy as np
import torch
from flwr.app import ConfigRecord, Context, Error, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.common.constant import ErrorCode

from devices.compute import torch_device
from federation.app import client_reply, data, task
from federation.app.client_state import ClientState, PreviousRound, StaleModel
from federation.app.codes import Codes, codes_of, quantiser_of
from federation.app.compression.flat_parameters import Layout, Vector
from federation.app.compression.modular_quantiser import ModularQuantiser
from federation.app.errors import Refused, RunError
from federation.app.privacy import differential
from federation.app.records import MetricValue, list_of, pairs_of, record_of, value_of
from federation.app.train_config import MaskConfig, ModelDelta, TrainConfig

app = ClientApp()
Handler = Callable[[Message, Context], RecordDict]
Metrics = dict[str, MetricValue]


def _reporting_errors(handler: Handler) -> Callable[[Message, Context], Message]:
    """Expected failures on a client reach the server as a sentence."""

    def reply(message: Message, context: Context) -> Message:
        try:
            return Message(handler(message, context), reply_to=message)
        except (RunError, Refused, ValueError, KeyError) as error:
            return Message(Error(ErrorCode.CLIENT_APP_RAISED_EXCEPTION, str(error)[:300]), reply_to=message)

    return reply


@app.query("classes")
@_reporting_errors
def classes(message: Message, context: Context) -> RecordDict:
    """The class labels of this device's photos."""
    dataset = value_of(record_of(message, "config"), "dataset", str)
    _, labels = data.load(dataset, False, data.root())
    return RecordDict({"classes": ConfigRecord({"words": list(labels)})})


@app.query("ready")
@_reporting_errors
def ready(message: Message, context: Context) -> RecordDict:
    """Sent before a round: whatever takes long the first time happens outside its deadline."""
    data.load(value_of(record_of(message, "config"), "dataset", str), False, data.root())
    torch_device.chosen()
    return RecordDict()


@app.query("keys")
@_reporting_errors
def keys(message: Message, context: Context) -> RecordDict:
    """This client's key for the run, signed by its node."""
    participant = ClientState(context).participant()
    return RecordDict({"keys": ConfigRecord(dict(vars(participant)))})


@app.query("agree")
@_reporting_errors
def agree(message: Message, context: Context) -> RecordDict:
    """Sign the server's account of which clients are left."""
    record, state = record_of(message, "config"), ClientState(context)
    member = state.member()
    exchange, me, alive = value_of(record, "exchange", int), value_of(record, "me", int), list_of(record, "alive", int)
    signature = member.agree(exchange, me, state.roster(), alive, state.identity())
    state.put_member(member)
    return RecordDict({"agreed": ConfigRecord({"signature": signature})})


@app.query("open")
@_reporting_errors
def open_masks(message: Message, context: Context) -> RecordDict:
    """Reveal what removes the masks from the sum of the clients that are left, once enough of them agree on who that is."""
    record, state = record_of(message, "config"), ClientState(context)
    member = state.member()
    opened = member.open(
        value_of(record, "exchange", int),
        value_of(record, "me", int),
        state.roster(),
        pairs_of(record, "signers", "signatures"),
        pairs_of(record, "owners", "shares"),
    )
    state.put_member(member)
    reply = ConfigRecord(
        {
            "owners": list(opened.shares),
            "shares": list(opened.shares.values()),
            "lost": list(opened.seeds),
            "seeds": list(opened.seeds.values()),
        }
    )
    return RecordDict({"opened": reply})


@app.train()
@_reporting_errors
def train(message: Message, context: Context) -> RecordDict:
    started = time.process_time()
    record = record_of(message, "config")
    config, state = TrainConfig.read(record), ClientState(context)
    part = data.client_part(config.dataset, config.partitioning, config.client, config.labels)
    examples = part.examples
    model = task.build(config.model, config.dataset, config.classes, config.partitioning.seed)
    initial = task.arrays_of(model)
    layout = Layout.of(initial)
    codes, quantiser = codes_of(config, layout), quantiser_of(config, layout)
    try:
        start = _start(message, record, state, layout.flat(initial), codes)
    except StaleModel as stale:
        return RecordDict({"metrics": MetricRecord({"behind": 2 if stale.whole else 1})})
    task.put_arrays(model, layout.arrays(start))
    trainable = _trainable(quantiser, config.round)
    work = _local_training(config, state, layout, start, trainable)

    def training(device: torch.device) -> tuple[task.TrainingResult, task.Arrays]:
        own = task.copy_on(model, device)
        return task.train(own, examples, work), task.arrays_of(own)

    (result, trained), note = torch_device.compute(training)
    update = layout.flat(trained) - start
    if trainable is not None:
        update *= trainable  # weight decay changes the other values all the same
    if not np.isfinite(update).all():
        raise ValueError("Its training diverged; try a smaller learning rate.")
    if config.control_variates:
        state.put_previous_round(PreviousRound(start, update, result.steps, config.learning_rate))
    metrics: Metrics = {"num-examples": len(examples), "loss": result.loss, "compute_s": time.process_time() - started}
    if config.clip is not None:
        update = differential.privatise(update, config.clip, config.noise_multiplier, config.partitioning.clients)
    if quantiser is not None:
        content = client_reply.masked(config, MaskConfig.read(record), state, quantiser, update, len(examples))
    else:
        content = client_reply.plain(layout, codes, start, update)
    return RecordDict(
        {**content, **client_reply.left_out(part), **client_reply.computing(note), "metrics": MetricRecord(metrics)}
    )


@app.evaluate()
@_reporting_errors
def evaluate(message: Message, context: Context) -> RecordDict:
    """Test the model that the message brings on this device's held-out examples: the server has none."""
    record = record_of(message, "config")
    config, state = TrainConfig.read(record), ClientState(context)
    examples = data.tested_part(config.dataset, config.labels)
    model = task.build(config.model, config.dataset, config.classes, config.partitioning.seed)
    initial = task.arrays_of(model)
    layout = Layout.of(initial)
    try:
        start = _start(message, record, state, layout.flat(initial), codes_of(config, layout))
    except StaleModel as stale:
        return RecordDict({"metrics": MetricRecord({"behind": 2 if stale.whole else 1})})
    task.put_arrays(model, layout.arrays(start))
    (loss, accuracy), _ = torch_device.compute(lambda device: task.evaluate(task.copy_on(model, device), examples))
    metrics: Metrics = {"num-examples": len(examples), "test-loss": loss, "test-accuracy": accuracy}
    return RecordDict({"metrics": MetricRecord(metrics)})


def _start(message: Message, record: ConfigRecord, state: ClientState, initial: Vector, codes: Codes | None) -> Vector:
    """The model to train: as sent, or the stored one with the rounds that the message brings. Stores it. Raises StaleModel."""
    newest, arrays = value_of(record, "heard", int), message.content.array_records.get("model")
    if arrays is not None:
        model = state.received_model(arrays)
    else:
        model = state.updated_model(ModelDelta.read(record), newest, initial, codes and codes.down)
    if codes is not None:
        state.put_model(model, newest)
    return model


def _trainable(quantiser: ModularQuantiser | None, round_number: int) -> Vector | None:
    """1 where this round's masked update has a value, 0 elsewhere, float32 [layout.size]; None where it has all.

    Only values that are sent in this round are trained. Trained in every round and sent later, a value's change would add up
    over the rounds it waits, each starting from the same point, and overshoot: on the digits that costs eight points of
    accuracy at a quarter of the values.
    """
    if quantiser is None or quantiser.share >= 1:
        return None
    trainable = np.zeros(quantiser.layout.size, np.float32)
    trainable[quantiser.rows(round_number)] = 1
    return trainable


def _local_training(
    config: TrainConfig, state: ClientState, layout: Layout, start: Vector, trainable: Vector | None
) -> task.LocalTraining:
    correction = None
    previous = state.previous_round() if config.control_variates else None
    if previous is not None and previous.steps:
        # Karimireddy et al. 2020, option II. With every client in every round the control variates are the last changes of the
        # model and of this client, divided by the number of steps: nothing beyond the model itself has to travel.
        scale = (1 - task.MOMENTUM) / (previous.steps * previous.learning_rate)
        drift = previous.update - (start - previous.start)
        correction = layout.arrays((drift * scale).astype(np.float32))
    return task.LocalTraining(
        epochs=config.epochs,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        seed=(config.partitioning.seed * 7919 + config.round) * 1009 + config.client,
        proximal_mu=config.proximal_mu,
        correction=correction,
        trainable=None if trainable is None else layout.arrays(trainable),
    )
