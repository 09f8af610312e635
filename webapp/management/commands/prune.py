"""`manage.py prune`: forget what nobody needs any more."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from devices.telemetry import links
from inference.models import Photo, PlannerCall, Turn
from inference.photos import store
from webapp.accounts.models import SHELL
from webapp.chat.models import Conversation


class Command(BaseCommand):
    help = "Delete old link samples and planner calls, photos nobody asked about, and what `ask` left behind."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=settings.SAMPLE_DAYS, help="keep younger ones (default %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        before = timezone.now() - timedelta(days=options["days"])
        samples = links.prune(before)
        PlannerCall.objects.filter(created__lt=before).delete()
        Turn.objects.filter(owner__username=SHELL, created__lt=before).delete()
        Conversation.objects.filter(owner__username=SHELL, updated__lt=before).delete()
        unused = Photo.objects.filter(turn=None, created__lt=timezone.now() - timedelta(days=1))
        photos = 0
        for photo in unused:
            store.forget(photo)
            photos += 1
        call_command("clearsessions")
        self.stdout.write(f"Deleted {samples} link samples and {photos} photos.")
