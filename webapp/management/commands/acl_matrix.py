"""`manage.py acl_matrix`: an audit of what a node may and may not do in Redis, as a table."""

from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError

from devices.registry import acl_audit


class Command(BaseCommand):
    help = (
        "Try every kind of key, channel and command as a node would, and print what Redis allows; exit 1 if that "
        "is not as intended."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            results = acl_audit.run()
        except redis.RedisError as error:
            raise CommandError(f"Redis does not answer ({error}). Start the stack first.") from None
        group = ""
        for check, allowed in results:
            if check.group != group:
                group = check.group
                self.stdout.write(f"\n{group}")
            if check.group == acl_audit.OTHERS and allowed == check.allowed:
                continue  # hundreds, all refused
            mark = "" if allowed == check.allowed else "   ← WRONG"
            self.stdout.write(f"  {'yes' if allowed else 'no ':4} {check.command}{mark}")
        others = sum(check.group == acl_audit.OTHERS for check, _ in results)
        self.stdout.write(f"  {others} commands are refused unless listed here")
        wrong = sum(allowed != check.allowed for check, allowed in results)
        self.stdout.write(f"\n{len(results)} tried, {sum(allowed for _, allowed in results)} allowed, {wrong} wrong.")
        if wrong:
            raise CommandError("The Redis ACL is wrong. Restart a cloud worker, which reconciles it.")
