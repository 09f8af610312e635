"""From a notice to its deliveries: the installation's channels, and each person's by their rules."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from webapp.accounts.models import User
from webapp.notices import announcing, kinds
from webapp.notices.kinds import Kind
from webapp.notices.models import SENT, SKIPPED, WAITING, Delivery, Notice, Preferences, Rule
from webapp.ops import notifications
from webapp.ops.notifications import damping, schedule
from webapp.ops.notifications.channel import Channel, Undeliverable

BATCH = 200  # notices at once
COOLING = gettext_noop("Skipped: one of this kind came shortly before.")
QUIET = gettext_noop("Waits for the end of the quiet hours.")
log = logging.getLogger(__name__)


def spread_due() -> int:
    """Make the deliveries of every due notice, each in one transaction; returns how many notices were due."""
    due = list(Notice.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "pk")[:BATCH])
    for notice in due:
        _spread(notice, timezone.now())
    return len(due)


@transaction.atomic
def spread_test(person: User, channel: Channel) -> list[Delivery]:
    """A test to this person, or by a channel of the installation. It asks no rules."""
    notice = Notice.objects.create(kind=kinds.TEST.name, person=person, link="/account/notifications/", key=_test_key(person))
    rows = list(_to_person(notice, person, channel)) if channel.personal else [Delivery(notice=notice, channel=channel.name)]
    for row in rows:
        row.person = person
        row.due_at = timezone.now() if row.state == WAITING else None
    announcing.announce_soon()
    return Delivery.objects.bulk_create(rows)


def _test_key(person: User) -> str:
    return f"test:{person.pk}:{timezone.now().timestamp()}"


def _spread(notice: Notice, now: datetime) -> None:
    try:
        kind = kinds.by_name(notice.kind)
    except KeyError:
        log.error("a notice of the unknown kind %s was not delivered", notice.kind)
        Notice.objects.filter(pk=notice.pk).update(due_at=None, damped=True)
        return
    verdict = _verdict(notice, kind, now)
    with transaction.atomic():
        still_due = Notice.objects.filter(pk=notice.pk, due_at=notice.due_at)
        if isinstance(verdict, datetime):
            still_due.update(due_at=verdict, held=True)
        elif verdict is damping.Verdict.DROP:
            still_due.update(due_at=None, damped=True)
        elif still_due.update(due_at=None):  # otherwise another worker was first
            Delivery.objects.bulk_create(list(_deliveries(notice, kind, now)), ignore_conflicts=True)


def _verdict(notice: Notice, kind: Kind, now: datetime) -> damping.Verdict | datetime:
    if not kind.group:
        return damping.Verdict.DELIVER
    quiet = timedelta(seconds=settings.FLAP_QUIET_S)
    rows = Notice.objects.filter(kind__in=kinds.group_of(kind), subject=notice.subject).exclude(pk=notice.pk)
    others = [
        damping.Past(row.kind, row.at, (row.at, row.pk) > (notice.at, notice.pk), row.due_at is None and not row.damped)
        for row in rows.order_by("-at")[:BATCH]
    ]
    return damping.decide(notice.kind, notice.held, others, now, quiet)


def _deliveries(notice: Notice, kind: Kind, now: datetime) -> Iterator[Delivery]:
    for channel in notifications.CHANNELS:
        if not channel.personal and not channel.obstacle():
            yield Delivery(notice=notice, channel=channel.name, due_at=now)
    for person in audience(notice, kind):
        rule = Rule.objects.filter(person=person, kind=kind.name).first() or Rule(channels=kind.channels)
        preferences = Preferences.objects.filter(person=person).first() or Preferences()
        until = schedule.quiet_until(now, preferences.time_zone, preferences.quiet_from, preferences.quiet_until)
        for channel in notifications.CHANNELS:
            if not channel.personal or channel.name not in rule.channels:
                continue
            cooling = schedule.is_cooling(now, _last(person, kind, channel), rule.cool_down_s)
            for row in _to_person(notice, person, channel):
                if row.state == WAITING and cooling:
                    row.state, row.outcome, row.ended = SKIPPED, COOLING, now
                elif row.state == WAITING:
                    row.due_at, row.outcome = until or now, QUIET if until else ""
                yield row


def _to_person(notice: Notice, person: User, channel: Channel) -> Iterator[Delivery]:
    """By one channel, to each target of it: waiting, or skipped with its reason."""
    obstacle, targets = channel.obstacle(), list[str]()
    if not obstacle:
        try:
            targets = channel.targets(person)
        except Undeliverable as error:
            obstacle = str(error)
    if obstacle:
        now = timezone.now()
        yield Delivery(
            notice=notice, channel=channel.name, target=f"user:{person.pk}", person=person,
            state=SKIPPED, outcome=obstacle[:300], ended=now,
        )  # fmt: skip
    for target in targets:
        yield Delivery(notice=notice, channel=channel.name, target=target, person=person)


def audience(notice: Notice, kind: Kind) -> list[User]:
    """Whom it is for, of those who have access now."""
    people = User.objects.humans().filter(is_active=True)
    if notice.person_id is not None:
        return list(people.filter(pk=notice.person_id))
    return list(people.filter(is_staff=True)) if kind.audience == "admins" else []


def _last(person: User, kind: Kind, channel: Channel) -> datetime | None:
    """When this person last got one of this kind by this channel, or it was queued for them."""
    rows = Delivery.objects.filter(person=person, notice__kind=kind.name, channel=channel.name, state__in=(SENT, WAITING))
    return rows.order_by("-pk").values_list("created", flat=True).first()
