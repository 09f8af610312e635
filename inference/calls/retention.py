"""What of the log is deleted, and when."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from inference.calls.tables import DayUse, ModelCall

SUM_DAYS = 62  # a month and the one before: no allowance looks further back


def expire() -> int:
    """Delete calls older than their period, and texts where the installation logs none any more. How many calls went."""
    now = timezone.now()
    if not settings.CALL_TEXTS:
        ModelCall.objects.exclude(question="").update(question="")
    DayUse.objects.filter(day__lt=timezone.localdate() - timedelta(days=SUM_DAYS)).delete()
    return ModelCall.objects.filter(created__lt=now - timedelta(days=settings.CALL_DAYS)).delete()[0]
