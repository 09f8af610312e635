"""What the clock has cloud workers do about nodes (the schedule: webapp.celery)."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from devices.agent_updates import rollouts
from devices.telemetry import node_events, presence
from webapp.redis_access import connections

WATCHING_KEY = "clock:watching"  # since when nodes are watched without a pause, as a Unix time
PAUSE_S = 10  # a longer pause starts the watch again


@shared_task(name="devices.watch")
def watch() -> None:
    """Notice nodes that fell silent. Safe to run twice: flips are compare-and-set.

    After a pause of the clock, silence is not believed until a living node had time for a heartbeat: the server was probably
    away itself.
    """
    now = timezone.now()
    with connections.connect(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
        client.set(WATCHING_KEY, now.timestamp(), nx=True, ex=PAUSE_S)
        client.expire(WATCHING_KEY, PAUSE_S)
        since = float(client.get(WATCHING_KEY) or now.timestamp())  # type: ignore[arg-type]
    node_events.record_all(now, silence_counts=now.timestamp() - since >= presence.OFFLINE_S)


@shared_task(name="devices.update_agents")
def update_agents() -> None:
    """Offer the server's agent to those whose turn it is, and stop where one fails."""
    rollouts.advance(timezone.now())
