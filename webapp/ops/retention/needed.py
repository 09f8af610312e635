"""What is old and stays all the same, because something that runs, or a person, needs it."""

from django.db.models import Exists, OuterRef
from django.utils import timezone

from devices import agent_wheel
from devices.models import AgentRollout
from federation.runs import run_artifacts
from inference.batches.models import PAUSED, RUNNING
from inference.models import LIVE, Turn
from webapp.chat.models import Share
from webapp.ops.retention.contents import Rows


def idle_conversations(rows: Rows) -> Rows:
    """Neither pinned, nor shared, nor with a question that waits or runs."""
    asked = Turn.objects.filter(conversation=OuterRef("pk"), state__in=LIVE)
    shared = Share.objects.filter(conversation=OuterRef("pk"), expires__gt=timezone.now())
    return rows.filter(~Exists(asked), ~Exists(shared), pinned=False)


def idle_turns(rows: Rows) -> Rows:
    """Neither waiting nor running, nor of a batch that is open."""
    return rows.exclude(state__in=LIVE).exclude(batch_item__batch__state__in=(RUNNING, PAUSED))


def ended_runs(rows: Rows) -> Rows:
    """Without a model, which may be answering. One that waits, runs or is paused will go on."""
    cards = run_artifacts.folder(0).parent.glob(f"*/{run_artifacts.CARD}")
    with_model = [int(card.parent.name) for card in cards if card.parent.name.isdigit()]
    return rows.filter(state__in=("draft", "failed", "stopped")).exclude(pk__in=with_model)


def superseded_rollouts(rows: Rows) -> Rows:
    """Ended, and of an agent that is not the newest one: by its rows the server knows not to begin again by itself."""
    latest = AgentRollout.objects.order_by("-pk").values("digest")[:1]
    wheel = agent_wheel.known()
    return rows.exclude(ended=None).exclude(digest__in=latest).exclude(digest=wheel.digest if wheel else "")


def settled_notices(rows: Rows) -> Rows:
    return rows.filter(due_at=None).exclude(deliveries__due_at__isnull=False)
