"""What the clock does about nodes, in its own thread (the schedule: webapp.celery)."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from devices.agent_updates import rollouts
from devices.telemetry import node_events
from webapp.redis_access import connections

WATCHING_KEY = "clock:watching"  # since when nodes are watched without a pause, as a Unix time
PAUSE_S = 10  # a longer pause starts the watch again


@shared_task(name="devices.watch", by_clock=True)
def watch() -> None:
    """Notice nodes that fell silent. Safe to run twice: flips are compare-and-set.

    After a pause of the clock, silence is not believed until a living node had time for a heartbeat: the server was probably
    away itself.
    """
    now = timezone.now()
    pipe = connections.shared(settings.REDIS_URL).pipeline(transaction=False)
    pipe.set(WATCHING_KEY, now.timestamp(), nx=True, ex=PAUSE_S)
    pipe.expire(WATCHING_KEY, PAUSE_S)
    pipe.get(WATCHING_KEY)
    since = float(pipe.execute()[-1] or now.timestamp())
    node_events.record_all(now, watched_s=now.timestamp() - since)


@shared_task(name="devices.update_agents", is_needed=staticmethod(rollouts.is_needed))
def update_agents() -> None:
    """Offer the server's agent to those whose turn it is, and stop where one fails."""
    rollouts.advance(timezone.now())
