"""`manage.py acl_matrix`: what a node may do in Redis and what not, tried, as a table."""

from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError

from devices.registry import acl_audit


class Command(BaseCommand):
    help = (
        "Try every kind of key, channel and command as a node would, and print what Redis allows; exit 1 if it is not as meant."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = acl_audit.measured()
        except redis.RedisError as error:
            raise CommandError(f"Redis does not answer ({error}); start the stack first.") from None
        before = ""
        for row, allowed in found:
            if row.what != before:
                self.stdout.write(f"\n{row.what}")
                before = row.what
            wrong = "" if allowed == row.allowed else "   ← NOT AS MEANT"
            self.stdout.write(f"  {'yes' if allowed else 'no ':4} {row.words}{wrong}")
        faults = sum(allowed != row.allowed for row, allowed in found)
        self.stdout.write(f"\n{len(found)} tried, {sum(allowed for _, allowed in found)} allowed, {faults} not as meant.")
        if faults:
            raise CommandError("The users of Redis are not as meant: start a cloud worker, which brings them in line.")
