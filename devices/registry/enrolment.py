"""Enrolment of nodes: one-use codes, joining, approval, credentials, revocation."""

import hashlib
import logging
import re
import secrets
from pathlib import Path
from typing import Any

import redis
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from devices.agent import config
from devices.models import TIERS, EnrolCode, Node, Reading, Sample
from devices.registry import acl, codes
from devices.telemetry import node_events, presence
from webapp.accounts import audit
from webapp.accounts.guesses import Guesses, by_address, too_many
from webapp.live.errors import UserError, not_found

log = logging.getLogger(__name__)
# Wrong guesses from one address, and of these at codes with the same first letters. They never count against a code: of
# 23^8 codes, which are valid for a quarter of an hour, thousands of addresses find none.
GUESSES, CODE_GUESSES, GUESSES_S = 10, 5, 600
BY_ADDRESS, BY_CODE = Guesses("join", GUESSES, GUESSES_S), Guesses("join-code", CODE_GUESSES, GUESSES_S)
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
RESERVED = frozenset(
    {"add", "cloud", "clock", "metrics", "asgi", "celery", "default", "unacked"}
)  # prefixes of keys that are not a node's

# The same for unknown, wrong, used, expired and exhausted codes, so that a guess reveals nothing.
BAD_CODE = UserError("bad_code", "This code is invalid or has expired.", "Ask an admin for a new one.", 403)
TOO_MANY = too_many("Too many wrong codes from this address.", GUESSES_S)


def create_code(*, name: str, tier: str, preapproved: bool = False, replace: bool = False, **simulated: float | None) -> str:
    """Create a code and return it in plain text, which is not stored; `simulated` holds the node's simulated_* fields.

    `replace`: a node of this name may be cut off when the code is used. Raises UserError for an unknown tier, an invalid name
    and one in use.
    """
    if tier not in TIERS:
        raise UserError("unknown_tier", f"Unknown tier “{tier[:20]}”.", f"Use one of {', '.join(TIERS)}.", 422)
    if name:
        _check_name(name, replace)
    fields = {field: value for field, value in simulated.items() if value is not None}
    plain = codes.issue(name=name, tier=tier, preapproved=preapproved, replaces=replace, **fields)
    detail = f"for {'a preapproved' if preapproved else 'a'} {tier}{', replacing the present one' if replace else ''}"
    audit.record(None, "code made", f"node:{name}", detail)
    return plain


def _check_name(name: str, replace: bool) -> None:
    if not NAME.fullmatch(name) or name in RESERVED:
        raise UserError(
            "bad_name", f"“{name[:40]}” is not a valid node name.", "Use lower-case letters, digits and hyphens.", 422
        )
    existing = Node.objects.filter(slug=name).first()
    if existing and not _replaceable(existing, replace):
        kind = f"a simulated {existing.tier}" if existing.simulated else f"{existing.tier}"
        state = presence.state(existing, timezone.now())
        message = f"A node named {name} already exists: {kind}, {state}. It would be cut off."
        advice = "Choose another name, or revoke it first; to replace it, say so when you create the code."
        raise UserError("name_taken", message, advice, 409)


def join(code: str, fingerprint: str, facts: dict[str, Any], address: str = "", claim: str = "") -> tuple[Node, str]:
    """Redeem a code; returns the new node and its bearer token, which is not stored. Of two boards with one code one wins.

    Raises UserError. `facts` is what the board reports (`hostname`, `hardware`, `versions`); `address` is where it calls from.
    The answer may be lost on a slow link: a board that repeats its request with the same `claim`, a secret of its own, gets
    the same node and token until it has been seen with it.
    """
    peer = by_address(address)
    if address and (BY_ADDRESS.exhausted(peer) or BY_CODE.exhausted(f"{codes.selector(code)}:{peer}")):
        raise TOO_MANY
    token = codes.token(code, claim) if claim else secrets.token_urlsafe(32)
    unseen = Node.objects.filter(last_seen=None, revoked_at=None)
    if claim and (joined := unseen.filter(token_sha256=sha256(token), fingerprint=fingerprint).first()):
        return joined, token
    row = codes.find(code)
    if row is None:
        BY_ADDRESS.wrong(peer)
        BY_CODE.wrong(f"{codes.selector(code)}:{peer}")
        log.warning("wrong enrolment code from %s", address or "-")
        raise BAD_CODE
    try:
        with transaction.atomic():
            if not EnrolCode.objects.filter(pk=row.pk, used_at=None).update(used_at=timezone.now()):
                raise BAD_CODE
            node = _admit(row, token, fingerprint, facts)
    except IntegrityError:  # two codes for one name at the same moment
        raise UserError("name_taken", "Another board has just taken this name.", "Ask an admin for a new code.", 409) from None
    audit.record(node.slug, "joined", f"node:{node.slug}", f"fingerprint {fingerprint}", address)
    presence.announce(node)
    return node, token


def _admit(code: EnrolCode, token: str, fingerprint: str, facts: dict[str, Any]) -> Node:
    name = code.name or _free_name(str(facts.get("hostname", "")), code.tier)
    earlier = Node.objects.select_for_update().filter(slug=name).first()
    if earlier is not None:
        if not _replaceable(earlier, code.replaces):
            raise UserError("name_taken", f"A node named {name} already exists.", "Ask an admin for another code.", 409)
        _replace(earlier)
    return Node.objects.create(
        slug=name,
        tier=code.tier,
        approved=code.preapproved,
        fingerprint=fingerprint,
        token_sha256=sha256(token),
        hardware=facts.get("hardware", {}),
        versions=facts.get("versions", {}),
        simulated_uplink_bytes_per_s=code.simulated_uplink_bytes_per_s,
        simulated_downlink_bytes_per_s=code.simulated_downlink_bytes_per_s,
        simulated_slowdown=code.simulated_slowdown,
    )


def _replaceable(node: Node, replace: bool) -> bool:
    """Revoked names are free. Otherwise somebody has to say that the node may be cut off; `up` does of its own."""
    return node.revoked_at is not None or replace


def _replace(node: Node) -> None:
    """Remove the node before another board takes its name, with its credentials and its link and sensor history."""
    if not node.simulated:
        Sample.objects.filter(node=node.slug).delete()
        Reading.objects.filter(node=node.slug).delete()
    node.delete()
    _cut_off(node.slug)


def _free_name(hostname: str, tier: str) -> str:
    base = slugify(hostname.partition(".")[0].replace("_", "-"))[:36].strip("-")
    base = base if NAME.fullmatch(base) and base not in RESERVED else tier
    in_use = set(Node.objects.filter(slug__startswith=base, revoked_at=None).values_list("slug", flat=True))
    return next(name for name in (base, *(f"{base}-{n}" for n in range(2, 1000))) if name not in in_use)


def approve(slug: str) -> Node:
    """Allow a node that has joined to fetch credentials. Raises UserError."""
    if not Node.objects.filter(slug=slug, revoked_at=None).update(approved=True):
        raise not_found("node")
    node = Node.objects.get(slug=slug)
    audit.record(None, "approved", f"node:{slug}", f"fingerprint {node.fingerprint}")
    presence.announce(node)
    return node


def revoke(slug: str, because: str = "") -> Node:
    """Withdraw a node's access to HTTP and Redis immediately. Idempotent. Raises UserError.

    `because`: one sentence, where the server revokes it by itself; people are notified of it.
    """
    node = Node.objects.filter(slug=slug).first()
    if node is None:
        raise not_found("node")
    changes = {"revoked_at": timezone.now(), "revoked_because": because[:300], "approved": False, "redis_sha256": ""}
    changes |= {"rotation": "", "next_token_sha256": "", "next_redis_sha256": ""}
    if Node.objects.filter(slug=slug, revoked_at=None).update(**changes):
        audit.record(None, "revoked", f"node:{slug}", because)
    node.refresh_from_db()
    node_events.record(node, timezone.now())
    _cut_off(slug)
    presence.announce(node)
    return node


def credentials(node: Node) -> str:
    """A new Redis password for the node, which is not stored. There is no other once the node has sent a heartbeat.

    Raises UserError while the node waits for approval, after it has used its password, and when Redis does not answer.
    """
    if not node.approved:
        raise UserError(
            "not_approved", f"{node.slug} is waiting for approval.", "An admin has to approve it on the devices page.", 409
        )
    password = secrets.token_urlsafe(32)
    # A lost reply may be requested again, as long as the node has not been seen.
    fresh = Node.objects.filter(pk=node.pk, last_seen=None, approved=True, revoked_at=None)
    if not fresh.update(redis_sha256=sha256(password)):
        raise UserError(
            "already_given",
            f"{node.slug} already has its credentials.",
            "If they were lost, revoke the node and join again.",
            409,
        )
    node.refresh_from_db()
    try:
        acl.grant(node)
    except redis.RedisError as error:
        log.warning("could not create the Redis user of %s: %s", node.slug, error)
        raise UserError("redis_down", "Redis does not answer.", "Try again in a moment.", 503) from error
    return password


def holder(token: str) -> Node | None:
    """The node with this bearer token; None if the token is unknown or the node is revoked."""
    return Node.objects.filter(token_sha256=sha256(token), revoked_at=None).first()


def revoked_because(token: str) -> str:
    """Why the server itself revoked the node with this token; empty for every other token."""
    return Node.objects.filter(token_sha256=sha256(token)).values_list("revoked_because", flat=True).first() or ""


def is_enrolled(home: Path, name: str) -> bool:
    """Whether a home folder on this machine holds the credentials of a valid node of that name."""
    try:
        settings = config.load(home)
    except config.ConfigError:
        return False
    node = holder(settings.token)
    if node is None or node.slug != name:
        return False
    # Without a password the agent keeps requesting it, which works until the node has been seen.
    return node.redis_sha256 == sha256(settings.redis_password) if settings.redis_password else node.last_seen is None


def simulate(slug: str, uplink_bytes_per_s: int | None, slowdown: float, downlink_bytes_per_s: int | None = None) -> None:
    """Change what is simulated; the agent receives it with its next heartbeat."""
    Node.objects.filter(slug=slug).update(
        simulated_uplink_bytes_per_s=uplink_bytes_per_s,
        simulated_downlink_bytes_per_s=downlink_bytes_per_s,
        simulated_slowdown=slowdown,
    )


def sha256(secret: str) -> str:
    # A fast hash is enough: 256 random bits cannot be guessed.
    return hashlib.sha256(secret.encode()).hexdigest()


def _cut_off(slug: str) -> None:
    try:
        acl.remove(slug)
    except redis.RedisError as error:  # the next reconcile() removes the user
        log.warning("could not remove %s from Redis yet: %s", slug, error)
