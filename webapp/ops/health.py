"""Liveness and readiness, for supervisors, load balancers and people."""

import contextlib

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from devices.models import Node
from devices.telemetry import presence
from inference.answering.cloud_queue import ALIVE_KEY
from webapp.redis_access import connections

DATABASE_ERRORS = (DatabaseError, InterfaceError)


@login_not_required
def livez(request: HttpRequest) -> JsonResponse:
    """Liveness: this process answers."""
    return JsonResponse({"alive": True})


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """Readiness of this web process: 200 when it reaches the database and Redis; otherwise 503 with what is missing."""
    parts = _own()
    ready = all(parts.values())
    return JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)


@login_not_required
def fleet(request: HttpRequest) -> JsonResponse:
    """Readiness of the whole: 200 when questions can be answered on every route; otherwise 503 with what is missing."""
    parts = _own() | _fleet()
    ready = all(parts.values())
    return JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)


def _own() -> dict[str, bool]:
    parts = {"database": True, "redis": True}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DATABASE_ERRORS:
        parts["database"] = False
    try:
        with _redis() as client:
            client.ping()
    except redis.RedisError:
        parts["redis"] = False
    return parts


def _fleet() -> dict[str, bool]:
    parts = {"cloud": False, "edge": False, "devices": False}
    with contextlib.suppress(*DATABASE_ERRORS):
        parts |= _nodes()
    with contextlib.suppress(redis.RedisError), _redis() as client:
        parts["cloud"] = bool(client.exists(ALIVE_KEY))
    return parts


def _redis() -> "redis.Redis":
    return connections.connect(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def _nodes() -> dict[str, bool]:
    """Ready: one edge, and every simulated device (on a server without any: at least one device)."""
    now = timezone.now()
    rows = [node for node in Node.objects.filter(revoked_at=None) if node.approved]
    online = {node.slug for node in rows if presence.state(node, now) == "online" and node.profile}
    edges = [node.slug in online for node in rows if node.tier == "edge"]
    devices = [node for node in rows if node.tier == "device"]
    simulated = [node.slug in online for node in devices if node.simulated_uplink_bytes_per_s is not None]
    return {"edge": any(edges), "devices": all(simulated) if simulated else any(node.slug in online for node in devices)}
