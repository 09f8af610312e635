"""What of the log is deleted, and when."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from inference.calls.tables import CallDay, DayUse, ModelCall

SUM_DAYS = 62  # a month and the one before: no allowance looks further back


def expire() -> int:
    """Delete calls of days before their period, and texts where the installation logs none any more. How many calls went."""
    if not settings.CALL_TEXTS:
        ModelCall.objects.exclude(question="").update(question="")
    DayUse.objects.filter(day__lt=timezone.localdate() - timedelta(days=SUM_DAYS)).delete()
    first = timezone.localdate() - timedelta(days=settings.CALL_DAYS)
    CallDay.objects.filter(day__lt=first).delete()
    return ModelCall.objects.filter(created__lt=timezone.make_aware(datetime.combine(first, time.min))).delete()[0]
