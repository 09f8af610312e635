"""Deletes expired data: hourly by the clock, or by hand with `manage.py prune`."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from devices.telemetry import links, node_events
from inference.batches.models import Batch
from inference.models import PlannerCall, Turn
from inference.photos import erasure, keeping, store
from inference.watches.events import intake as watch_events
from webapp.accounts.models import SHELL, AuditEntry
from webapp.chat.models import Conversation
from webapp.chat.sharing import links as links_to_conversations
from webapp.notices.models import Notice


@dataclass(frozen=True)
class Deleted:
    samples: int
    photos: int


def delete_expired(days: int) -> Deleted:
    """Delete telemetry, events of watches and planner calls older than `days`, what `ask` left behind, unused photos, dead
    sessions, expired links to conversations, and notices and rows of the audit trail that are older than their own periods."""
    now = timezone.now()
    before = now - timedelta(days=days)
    samples = links.prune(before)
    node_events.prune(before)
    Notice.objects.filter(at__lt=now - timedelta(days=settings.NOTICE_DAYS)).delete()
    watch_events.prune(before)
    AuditEntry.objects.expire(now - timedelta(days=settings.AUDIT_DAYS))
    PlannerCall.objects.filter(created__lt=before).delete()
    Turn.objects.filter(owner__username=SHELL, created__lt=before).delete()
    Conversation.objects.filter(owner__username=SHELL, updated__lt=before).delete()
    Batch.objects.filter(owner__username=SHELL, created__lt=before).delete()
    links_to_conversations.expire()
    photos = 0
    for photo in keeping.unused().filter(created__lt=now - keeping.UNUSED):
        store.forget(photo)
        photos += 1
    erasure.find_strays()
    call_command("clearsessions")
    return Deleted(samples, photos)
