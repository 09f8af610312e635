"""`manage.py prune`: delete expired data now; the clock does it every hour."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from webapp.ops import retention


class Command(BaseCommand):
    help = "Delete old link samples, node events and model calls, photos nobody asked about, and what `ask` left behind."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=int, default=settings.SAMPLE_DAYS, help="keep rows younger than this (default %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        deleted = retention.delete_expired(options["days"])
        self.stdout.write(f"Deleted {deleted.samples} link samples and {deleted.photos} photos.")
