"""Which watches a device is to evaluate: those that are on, of people who may use their cameras. Heartbeats carry them."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from devices.camera_access import rules
from devices.contract.watches import MAX_WATCHES, TrainedWatcher, Watches
from devices.contract.watches import Watch as NodeWatch
from devices.models import Node
from inference.answering import trained_models
from inference.watches import live
from inference.watches.models import ON, Watch
from webapp.live.errors import UserError

log = logging.getLogger(__name__)


def for_nodes(reported: Mapping[Node, str]) -> dict[str, Watches]:
    """By slug. `reported`: the digest of those that each node evaluates now."""
    of_nodes: dict[str, list[Watch]] = {}
    for row in Watch.objects.filter(node__in=[node.slug for node in reported], state=ON):
        of_nodes.setdefault(row.node, []).append(row)
    access = rules.read() if of_nodes else None
    return {
        node.slug: NONE if access is None else _of_node(node, of_nodes.get(node.slug, [])[:MAX_WATCHES], access, digest)
        for node, digest in reported.items()
    }


def _of_node(node: Node, rows: Sequence[Watch], access: rules.Access, reported: str) -> Watches:
    own = [row for row in rows if access.may_use(row.owner_id, row.node, row.camera)]
    watches = listed([each for row in own if (each := as_sent(row, node)) is not None])
    if watches.digest == reported and any(not row.applied for row in own):
        for row in own:  # only the version that the node has: it may have changed since
            if Watch.objects.filter(pk=row.pk, version=row.version, applied=False).update(applied=True):
                row.applied = True
                live.announce(row)
    return watches


def listed(watches: list[NodeWatch]) -> Watches:
    text = json.dumps([watch.model_dump(mode="json") for watch in watches], sort_keys=True)
    return Watches(digest=hashlib.sha256(text.encode()).hexdigest()[:16], watches=watches)


NONE = listed([])


def reported_unable(node: Node, why: Mapping[str, str]) -> None:
    """What the node says of watches that it has and cannot evaluate, by their numbers; of the others it says nothing."""
    for row in Watch.objects.filter(node=node.slug):
        sentence = why.get(str(row.pk), "")
        if row.unable != sentence and Watch.objects.filter(pk=row.pk).update(unable=sentence):
            row.unable = sentence
            live.announce(row)


def as_sent(row: Watch, node: Node) -> NodeWatch | None:
    """None where the model that is to watch does not exist any more or lacks the class, or its settings cannot be read."""
    trained = None
    if row.run is not None:
        try:
            model = trained_models.read(f"run {row.run}", row.owner_id)
            offer = TrainedWatcher(run=row.run, digest=model.digest, bytes=model.size, card=model.node_card)
        except UserError:
            return None
        if model.class_of(row.settings.get("looks_for", "")) is None:
            return None
        trained = offer.signed(node.token_sha256)
    try:
        return NodeWatch(**row.spec.model_dump(), id=row.pk, version=row.version, model=trained)
    except ValidationError:  # stored by another version
        log.error("watch %d has settings that cannot be sent", row.pk)
        return None


def weights(node: Node, digest: str) -> bytes | None:
    """Of a model that watches on this node; None for any other."""
    for row in Watch.objects.filter(node=node.slug, state=ON).exclude(run=None):
        try:
            model = trained_models.read(f"run {row.run}", row.owner_id)
            if model.digest == digest:
                return model.weights
        except UserError:
            continue
    return None
