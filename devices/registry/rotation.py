"""Changes to a node after it has joined: new credentials, another title, changed hardware.

New secrets are not stored but derived from the server's key and a random name, so that a lost reply can be repeated exactly
and two concurrent replies cannot differ. The old secrets end when the node presents the new ones.
"""

import logging
import secrets

import redis
from django.db.models import F
from django.utils.crypto import salted_hmac

from devices.models import Node
from devices.registry import acl, enrolment
from devices.telemetry import presence
from webapp.accounts import audit
from webapp.live.errors import UserError, not_found

log = logging.getLogger(__name__)


def rotate(slug: str) -> Node:
    """Have a node change its token and its Redis password with its next heartbeat. Raises UserError."""
    node = _active(slug)
    if not (node.approved and node.redis_sha256):
        raise UserError("no_credentials", f"{slug} has no credentials yet.", "Approve it first.", 409)
    node.rotation = secrets.token_hex(16)
    new = secrets_of(node)
    node.next_token_sha256, node.next_redis_sha256 = enrolment.sha256(new["token"]), enrolment.sha256(new["redis_password"])
    try:
        acl.grant(node)
    except redis.RedisError as error:
        log.warning("could not rotate the credentials of %s: %s", slug, error)
        raise UserError("redis_down", "Redis does not answer.", "Try again in a moment.", 503) from error
    hashes = {"next_token_sha256": node.next_token_sha256, "next_redis_sha256": node.next_redis_sha256}
    if not Node.objects.filter(pk=node.pk, revoked_at=None).update(rotation=node.rotation, **hashes):
        acl.remove(slug)  # revoked at the same moment
        raise not_found("node")
    audit.record(None, "rotation asked for", f"node:{slug}")
    presence.announce(node)
    return node


def secrets_of(node: Node) -> dict[str, str]:
    """The secrets that a node is changing to."""
    return {name: _secret(node, name) for name in ("token", "redis_password")}


def _secret(node: Node, name: str) -> str:
    return salted_hmac(f"devices.rotation.{name}", f"{node.pk}:{node.rotation}", algorithm="sha256").hexdigest()


def holder(token: str) -> Node | None:
    """The node with this bearer token; None if it is unknown or revoked. Presenting the new token ends the old one."""
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
        except redis.RedisError as error:  # the next reconcile() withdraws the old password
            log.warning("could not withdraw the old password of %s yet: %s", node.slug, error)
        audit.record(node.slug, "rotated", f"node:{node.slug}")
        presence.announce(node)
    return node


def rename(slug: str, title: str) -> Node:
    """Change a node's title in pages. Its slug stays: it is the prefix of its keys. Raises UserError."""
    node = _active(slug)
    new_title = " ".join(title.split())
    if len(new_title) > 60 or not new_title.isprintable():
        raise UserError("bad_title", "A name is at most 60 printable characters.", "Choose a shorter one.", 422)
    before, node.title = node.title or slug, "" if new_title == slug else new_title
    Node.objects.filter(pk=node.pk).update(title=node.title)
    audit.record(None, "renamed", f"node:{slug}", f"from {before} to {node.title or slug}")
    presence.announce(node)
    return node


def accept_hardware(slug: str) -> Node:
    """Accept the node's present hardware. Raises UserError."""
    node = _active(slug)
    if node.hardware_before:
        Node.objects.filter(pk=node.pk).update(hardware_before={})
        node.hardware_before = {}
        audit.record(None, "hardware accepted", f"node:{slug}")
        presence.announce(node)
    return node


def _active(slug: str) -> Node:
    node = Node.objects.filter(slug=slug, revoked_at=None).first()
    if node is None:
        raise not_found("node")
    return node
