"""/metrics, for Prometheus and nobody else."""

import ipaddress
import logging

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from webapp.accounts.guesses import Guesses, by_address, too_many
from webapp.errors import NO_PAGE, json_error
from webapp.live.errors import UserError
from webapp.ops.metrics.exposition import exposition

log = logging.getLogger(__name__)
GUESSES = Guesses("metrics", 60, 600)
NO_TOKEN = UserError(
    "metrics_token",
    "Metrics are read with a token of their own.",
    "Send it as “Authorization: Bearer …”; docs/monitoring.md says where it is.",
    401,
)


@login_not_required
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    if not settings.METRICS:
        return json_error(NO_PAGE)
    try:
        _check(request)
    except UserError as error:
        refusal = json_error(error)
        if error.status == NO_TOKEN.status:
            refusal["WWW-Authenticate"] = "Bearer"
        return refusal
    body, content_type = exposition(request.headers.get("Accept", ""))
    answer = HttpResponse(body, content_type=content_type)
    answer["Cache-Control"] = "no-store"
    return answer


def _check(request: HttpRequest) -> None:
    """Raises UserError unless the caller has the token or an address that needs none."""
    address = request.META.get("REMOTE_ADDR", "")
    if _needs_no_token(address):
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and constant_time_compare(token.strip(), settings.METRICS_TOKEN):
        return
    if token:
        if GUESSES.exhausted(by_address(address)):
            raise too_many(gettext_noop("Too many wrong tokens from this address."), GUESSES.seconds)
        GUESSES.wrong(by_address(address))
        log.warning("wrong token for metrics from %s", address or "-")
    raise NO_TOKEN


def _needs_no_token(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in settings.METRICS_NETWORKS)
