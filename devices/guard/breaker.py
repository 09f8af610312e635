"""A circuit breaker for each node: one whose replies cannot be used rests, longer from failure to failure.

A question that meets such a node loses one try. Without rests, every question would.
"""

import logging
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from devices.models import Node
from devices.telemetry import presence

log = logging.getLogger(__name__)
TOLERATED = 3  # failures in a row; with this one it rests
FIRST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(hours=1)
# Codes of dispatch.StageFailed that are the node's own fault. A refusal for want of a photo or of memory is none.
FAULTS = frozenset({"bad_reply", "stage_crashed"})


def failed(slug: str, why: str) -> None:
    """Count a failure; `why` is one sentence."""
    if not Node.objects.filter(slug=slug).update(failures=F("failures") + 1):
        return
    node = Node.objects.get(slug=slug)
    if node.failures < TOLERATED:
        return
    rest = min(FIRST_REST * 2 ** min(node.failures - TOLERATED, 10), LONGEST_REST)
    node.rests_until, node.rests_because = timezone.now() + rest, why[:200]
    Node.objects.filter(pk=node.pk).update(rests_until=node.rests_until, rests_because=node.rests_because)
    log.warning("%s rests for %.0f s after %d failures in a row: %s", slug, rest.total_seconds(), node.failures, why)
    presence.announce(node)


def succeeded(slug: str) -> None:
    """Start counting over."""
    failing = Node.objects.filter(slug=slug, failures__gt=0)
    if failing.update(failures=0, rests_until=None, rests_because=""):
        presence.announce(Node.objects.get(slug=slug))
