"""`manage.py ratings`: what people think of answers, as CSV, to compare it with the confidence that was stated."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from webapp.chat.ratings import records
from webapp.csv_download import csv_lines


class Command(BaseCommand):
    help = "Print all ratings of answers as CSV: when, who, turn, rating, task, route, certainty, confidence, note."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, help="only those that were given or changed in the last DAYS days")

    def handle(self, *args: Any, **options: Any) -> None:
        days: int | None = options["days"]
        if days is not None and not 1 <= days <= 36500:
            raise CommandError(f"--days {days} is no number of days. Use 1 to 36500, or leave it out for all ratings.")
        since = timezone.now() - timedelta(days=days) if days else None
        for line in csv_lines(records.COLUMNS, records.rows(since)):
            self.stdout.write(line, ending="")
