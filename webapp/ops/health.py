"""Liveness and readiness, for supervisors, load balancers and people."""

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from devices.models import Node
from devices.telemetry import presence
from inference.answering.cloud_queue import ALIVE_KEY


@login_not_required
def livez(request: HttpRequest) -> JsonResponse:
    """Liveness: this process answers."""
    return JsonResponse({"alive": True})


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """Readiness: 200 when questions can be answered on every route; otherwise 503 with the missing parts."""
    parts = state()
    ready = all(parts.values())
    return JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)


def state() -> dict[str, bool]:
    parts = {"database": True, "redis": True, "cloud": False, "edge": False, "devices": False}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        parts |= _nodes()
    except DatabaseError:
        parts["database"] = False
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
            parts["cloud"] = bool(client.exists(ALIVE_KEY))
    except redis.RedisError:
        parts["redis"] = False
    return parts


def _nodes() -> dict[str, bool]:
    """Ready: one edge, and every simulated device (on a server without any: at least one device)."""
    now = timezone.now()
    rows = [node for node in Node.objects.filter(revoked_at=None) if node.approved]
    online = {node.slug for node in rows if presence.state(node, now) == "online" and node.profile}
    edges = [node.slug in online for node in rows if node.tier == "edge"]
    devices = [node for node in rows if node.tier == "device"]
    simulated = [node.slug in online for node in devices if node.simulated_uplink_bytes_per_s is not None]
    return {"edge": any(edges), "devices": all(simulated) if simulated else any(node.slug in online for node in devices)}
