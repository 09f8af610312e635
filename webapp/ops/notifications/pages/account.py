"""The page “Notifications” of a person, and what its forms and its script send."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import available_timezones

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from webapp.accounts.pages.account import person
from webapp.errors import error_response
from webapp.live.errors import UserError, not_found
from webapp.notices import kinds
from webapp.notices.models import FAILED, WAITING, Browser, Delivery, Preferences
from webapp.ops import notifications
from webapp.ops.notifications import preferences, spreading
from webapp.ops.notifications.channel import Channel, Undeliverable
from webapp.ops.notifications.web_push import subscriptions, vapid

SHOWN = 20
STATES = {
    "waiting": gettext_noop("waiting"),
    "sent": gettext_noop("sent"),
    "failed": gettext_noop("failed"),
    "skipped": gettext_noop("skipped"),
}
NO_TARGET = gettext_noop("No browser takes messages yet: turn them on in this one first.")


def answers_errors(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A UserError becomes its page, or JSON for a script."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        try:
            return view(request, *args, **named)
        except UserError as error:
            return error_response(request, error)

    return answered


@require_GET
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    me = person(request)
    own = Delivery.objects.filter(person=me, channel__in=[channel.name for channel in preferences.personal_channels()])
    shared = [channel for channel in notifications.CHANNELS if not channel.personal]
    of_all = Delivery.objects.filter(Q(channel__in=[channel.name for channel in shared]) | Q(state=FAILED))
    context: dict[str, Any] = {
        "rows": preferences.rows(me),
        "channels": [(channel, channel.obstacle() or _hint(me, channel)) for channel in preferences.personal_channels()],
        "cool_downs": preferences.COOL_DOWNS,
        "hours": Preferences.objects.filter(person=me).first(),
        "zones": sorted(available_timezones()),
        "browsers": Browser.objects.filter(person=me),
        "push_key": vapid.public_key(),
        "deliveries": _shown(own),
        "shared": [(channel, channel.obstacle()) for channel in shared] if me.is_staff else [],
        "all_deliveries": _shown(of_all) if me.is_staff else [],
        "email": me.email,
    }
    return render(request, "people/notifications.html", context)


@require_POST
def save_rules(request: HttpRequest) -> HttpResponse:
    return _saved(request, lambda: preferences.save_rules(person(request), request.POST))


@require_POST
def save_hours(request: HttpRequest) -> HttpResponse:
    form = request.POST
    hours = (form.get("time_zone", ""), form.get("quiet_from", ""), form.get("quiet_until", ""))
    return _saved(request, lambda: preferences.save_hours(person(request), *hours))


@require_POST
@answers_errors
def send_test(request: HttpRequest, name: str) -> HttpResponse:
    """Queued like every other one, so that it shows what would happen to those."""
    channel = next((channel for channel in notifications.CHANNELS if channel.name == name), None)
    if channel is None:
        raise not_found("channel")
    if not channel.personal and not person(request).is_staff:
        raise PermissionDenied(gettext_noop("Only admins can test the channels of the installation."))
    if spreading.spread_test(person(request), channel):
        messages.success(request, gettext("A test is on its way. Below is what became of it."))
    else:
        messages.error(request, gettext(NO_TARGET))
    return redirect("notifications")


@require_POST
@answers_errors
def subscribe(request: HttpRequest) -> HttpResponse:
    """JSON: the subscription as the browser gives it. Its name is that of the browser."""
    body = _json(request)
    keys = body.get("keys")
    keys = keys if isinstance(keys, dict) else {}
    agent = request.headers.get("User-Agent", "")
    subscriptions.subscribe(person(request), body.get("endpoint"), keys.get("p256dh"), keys.get("auth"), agent)
    return JsonResponse({"subscribed": True}, status=201)


@require_POST
@answers_errors
def unsubscribe(request: HttpRequest) -> HttpResponse:
    """JSON: the endpoint of this browser."""
    return JsonResponse({"unsubscribed": subscriptions.unsubscribe(person(request), _json(request).get("endpoint"))})


@require_POST
def remove_browser(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(Browser, pk=pk, person=person(request)).delete()
    messages.success(request, gettext("That browser gets no more messages."))
    return redirect("notifications")


def _saved(request: HttpRequest, save: Callable[[], None]) -> HttpResponse:
    try:
        save()
    except UserError as error:
        messages.error(request, f"{gettext(error.message)} {gettext(error.next)}")
    else:
        messages.success(request, gettext("Your choices were saved."))
    return redirect("notifications")


def _hint(me: Any, channel: Channel) -> str:
    """Why a channel reaches this person nowhere, although it works; empty if it does."""
    try:
        targets = channel.targets(me)
    except Undeliverable as error:
        return str(error)
    return "" if targets else NO_TARGET


def _shown(deliveries: QuerySet[Delivery]) -> list[dict[str, Any]]:
    rows = []
    for delivery in deliveries.select_related("notice", "person").order_by("-pk")[:SHOWN]:
        label = next(
            (channel.label for channel in notifications.CHANNELS if channel.name == delivery.channel), delivery.channel
        )
        try:
            title = kinds.by_name(delivery.notice.kind).text(delivery.notice.values)[0]
        except KeyError:  # of another version
            title = delivery.notice.kind
        waits = delivery.state == WAITING and not delivery.outcome
        rows.append({"row": delivery, "title": title, "label": label, "state": STATES[delivery.state], "waits": waits})
    return rows


def _json(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise subscriptions.INVALID
    return body
