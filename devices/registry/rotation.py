"""A node's standing after it has joined: new secrets, another title, hardware that changed.

New secrets are not kept: they follow from the server's own key and a random name, so that an answer that was lost is given
again word for word, and two answers that cross on the way cannot differ. The old ones end when the node is heard with the new.
"""

import logging
import secrets

import redis
from django.db.models import F
from django.utils.crypto import salted_hmac

from devices.models import Node
from devices.registry import acl, audit, enrolment
from devices.telemetry import presence
from webapp.live.errors import UserError, not_found

log = logging.getLogger(__name__)


def rotate(slug: str) -> Node:
    """Have a node change its token and its password with its next heartbeat. Raises UserError."""
    node = _living(slug)
    if not (node.approved and node.redis_sha256):
        raise UserError("no_credentials", f"{slug} has no credentials yet.", "Approve it first.", 409)
    node.rotation = secrets.token_hex(16)
    fresh = secrets_of(node)
    node.next_token_sha256, node.next_redis_sha256 = enrolment.sha256(fresh["token"]), enrolment.sha256(fresh["redis_password"])
    try:
        acl.grant(node)
    except redis.RedisError as error:
        log.warning("%s keeps its credentials: %s", slug, error)
        raise UserError("redis_down", "Redis does not answer.", "Try again in a moment.", 503) from error
    following = {"next_token_sha256": node.next_token_sha256, "next_redis_sha256": node.next_redis_sha256}
    if not Node.objects.filter(pk=node.pk, revoked_at=None).update(rotation=node.rotation, **following):
        acl.remove(slug)  # revoked in this very moment
        raise not_found("node")
    audit.record(None, "rotation asked for", slug)
    presence.announce(node)
    return node


def secrets_of(node: Node) -> dict[str, str]:
    """The secrets a node is to change to."""
    return {name: _secret(node, name) for name in ("token", "redis_password")}


def _secret(node: Node, name: str) -> str:
    return salted_hmac(f"devices.rotation.{name}", f"{node.pk}:{node.rotation}", algorithm="sha256").hexdigest()


def holder(token: str) -> Node | None:
    """The node with this bearer token; None when it is unknown or revoked. Who shows the new one ends the old one."""
    return enrolment.holder(token) or _confirmed(enrolment.sha256(token))


def _confirmed(digest: str) -> Node | None:
    changed = Node.objects.filter(next_token_sha256=digest, revoked_at=None).update(
        token_sha256=F("next_token_sha256"),
        redis_sha256=F("next_redis_sha256"),
        next_token_sha256="",
        next_redis_sha256="",
        rotation="",
    )
    node = Node.objects.filter(token_sha256=digest, revoked_at=None).first()
    if node is not None and changed:
        try:
            acl.renew(node)
        except redis.RedisError as error:  # the next reconcile() takes the old password away
            log.warning("%s: the old password could not be withdrawn yet: %s", node.slug, error)
        audit.record(node.slug, "rotated", node.slug)
        presence.announce(node)
    return node


def rename(slug: str, title: str) -> Node:
    """Call a node otherwise in pages. Its slug stays: it is the prefix of its keys. Raises UserError."""
    node = _living(slug)
    words = " ".join(title.split())
    if len(words) > 60 or not words.isprintable():
        raise UserError("bad_title", "A name has at most 60 characters, all of them visible.", "Choose a shorter one.", 422)
    before, node.title = node.title or slug, "" if words == slug else words
    Node.objects.filter(pk=node.pk).update(title=node.title)
    audit.record(None, "renamed", slug, f"from {before} to {node.title or slug}")
    presence.announce(node)
    return node


def accept_hardware(slug: str) -> Node:
    """An admin has seen that the hardware changed. Raises UserError."""
    node = _living(slug)
    if node.hardware_before:
        Node.objects.filter(pk=node.pk).update(hardware_before={})
        node.hardware_before = {}
        audit.record(None, "hardware accepted", slug)
        presence.announce(node)
    return node


def _living(slug: str) -> Node:
    node = Node.objects.filter(slug=slug, revoked_at=None).first()
    if node is None:
        raise not_found("node")
    return node
