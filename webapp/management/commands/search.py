"""`manage.py search "WORDS" --person NAME`: one person's photos that fit; `--rebuild` and `--index` keep the search in order.

Exit status: 0 something fits, 1 nothing does, 2 bad arguments.
"""

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from inference.models import Photo
from inference.search import indexing, search
from inference.search.indexes.index import index, rebuild
from webapp.live.errors import UserError

REPORT_S = 5.0


class Command(BaseCommand):
    help = "Search one person's photos by words, or rebuild what the search needs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("words", nargs="?", default="")
        parser.add_argument("--person", default="", help="whose photos; not needed where there is one person")
        parser.add_argument("--limit", type=int, default=20)
        parser.add_argument("--rebuild", action="store_true", help="make the index of the database again")
        parser.add_argument("--index", action="store_true", help="have the nodes look at photos that have no vector yet")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rebuild"]:
            self.stdout.write(f"{rebuild()} vectors are in the index ({index().name}).")
        if options["index"]:
            self._index()
        if options["words"]:
            self._search(options["words"], options["person"], options["limit"])
        elif not (options["rebuild"] or options["index"]):
            raise CommandError("Say what to search for, or give --rebuild or --index.", returncode=2)

    def _index(self) -> None:
        """Until nothing more can be indexed now."""
        total, done, said = indexing.waiting().count(), 0, time.monotonic()
        while count := indexing.run():
            done += count
            if time.monotonic() - said > REPORT_S:
                self.stderr.write(f"{done} of {total} photos")
                said = time.monotonic()
        rest = indexing.waiting().count()
        why = "; their device is offline, or a question was answered meanwhile" if rest else ""
        self.stdout.write(f"{done} photos were indexed, {rest} wait{why}.")

    def _search(self, words: str, person: str, limit: int) -> None:
        people = get_user_model().objects.filter(username=person) if person else get_user_model().objects.all()
        if people.count() != 1:
            raise CommandError(f"There is no person {person}." if person else "Say whose photos: --person NAME.", returncode=2)
        try:
            result = search.by_words(people.get().pk, words, limit)
        except UserError as error:
            raise CommandError(f"{error} {error.next}", returncode=2) from None
        created = dict(Photo.objects.filter(pk__in=[hit.photo for hit in result.hits]).values_list("pk", "created"))
        for hit in result.hits:
            self.stdout.write(f"{hit.photo}  {created[hit.photo]:%Y-%m-%d %H:%M}  {hit.distance:4.1f}  {hit.why}")
        if not result.hits:
            self.stderr.write(f"No photo of {result.searched} fits “{result.about}”.")
            sys.exit(1)
