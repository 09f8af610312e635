"""What grows, one value each: what it is called, what it holds, how it is counted and deleted, and how long it stays."""

from collections.abc import Iterable
from datetime import timedelta

from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_noop

from devices.models import EnrolCode
from federation.models import ClientReport, Round, Run
from federation.runs import lifecycle
from inference.batches import control
from inference.batches.models import DONE, STOPPED, Batch, Item
from inference.model_jobs import lifecycle as model_job_lifecycle
from inference.model_jobs.tables import LIVE as MODEL_JOB_LIVE
from inference.model_jobs.tables import ModelJob
from inference.models import Photo, QuestionPhoto, Step, Turn
from inference.photos import keeping
from webapp.accounts.models import SHELL, AuditEntry, Invitation
from webapp.chat import conversations
from webapp.chat.models import Conversation, Share, TurnText
from webapp.notices.models import Delivery, Notice
from webapp.ops.retention import models, needed
from webapp.ops.retention.contents import Rows, Several, Table, one_by_one
from webapp.ops.retention.kind import FEW, Kind
from webapp.ops.retention.kinds_of_calls import OF_CALLS
from webapp.ops.retention.kinds_of_nodes import OF_NODES
from webapp.ops.retention.strays import Strays


def _shell(rows: Rows) -> Rows:
    return rows.filter(owner__username=SHELL)


def _questions() -> Iterable[Rows]:
    """Of people, what conversations consist of."""
    own = Turn.objects.exclude(owner__username=SHELL).filter(background=False)
    return own, *(table.objects.filter(turn__in=own) for table in (Step, QuestionPhoto, TurnText))


def _answers_of_batches() -> Iterable[Rows]:
    own = Turn.objects.exclude(owner__username=SHELL).filter(background=True)
    return Item.objects.exclude(batch__owner__username=SHELL), own, Step.objects.filter(turn__in=own)


KINDS: tuple[Kind, ...] = (
    *OF_NODES,
    Kind(
        "conversations",
        gettext_noop("Conversations"),
        gettext_noop(
            "Questions and answers, with the photos that nothing else has. Pinned and shared conversations stay, and so does"
            " what is being answered."
        ),
        Table(
            lambda: Conversation.objects.exclude(owner__username=SHELL),
            "updated",
            needed.idle_conversations,
            one_by_one(conversations.delete),
            _questions,
        ),
        piece=FEW,
    ),
    Kind(
        "batches",
        gettext_noop("Batches"),
        gettext_noop("Finished and stopped batches with their answers. Their photos stay as long as the library has them."),
        Table(
            lambda: Batch.objects.exclude(owner__username=SHELL).annotate(ended=Coalesce("finished", "created")),
            "ended",
            lambda rows: rows.filter(state__in=(DONE, STOPPED)),
            one_by_one(control.delete),
            _answers_of_batches,
        ),
        piece=FEW,
    ),
    Kind(
        "command_line",
        gettext_noop("Questions of the command line"),
        gettext_noop("What `manage.py ask` has asked, with its answers and batches."),
        Several(
            (
                Table(
                    lambda: _shell(Turn.objects.all()),
                    "created",
                    needed.idle_turns,
                    parts=lambda: (Step.objects.filter(turn__owner__username=SHELL),),
                ),
                Table(lambda: _shell(Conversation.objects.all()), "updated", needed.idle_conversations),
                Table(
                    lambda: _shell(Batch.objects.all()),
                    "created",
                    lambda rows: rows.filter(state__in=(DONE, STOPPED)),
                    parts=lambda: (Item.objects.filter(batch__owner__username=SHELL),),
                ),
            )
        ),
        setting="SAMPLE_DAYS",
    ),
    Kind(
        "unused_photos",
        gettext_noop("Photos without a question"),
        gettext_noop(
            "Photos that were added to a question and never asked about. Photos of the library, favourites and photos of"
            " albums stay."
        ),
        Table(
            keeping.unused,
            "created",
            remove=one_by_one(Photo.delete),
            bytes_of=lambda: keeping.unused().aggregate(sum=Sum("bytes"))["sum"] or 0,
        ),
        days=keeping.UNUSED.days,
        piece=FEW,
    ),
    Kind(
        "strays",
        gettext_noop("Files without a photo"),
        gettext_noop("Uploads that never became a photo, and what nodes may hold of those."),
        Strays(),
        fixed=Strays.AGE,
    ),
    Kind(
        "training_runs",
        gettext_noop("Training runs"),
        gettext_noop("Drafts, and runs that failed or were stopped, with their files. Finished models stay."),
        Table(
            lambda: Run.objects.annotate(ended=Coalesce("finished", "created")),
            "ended",
            needed.ended_runs,
            one_by_one(lifecycle.delete),
            lambda: (Round.objects.all(), ClientReport.objects.all()),
        ),
        piece=FEW,
    ),
    Kind(
        "model_jobs",
        gettext_noop("Work on models"),
        gettext_noop("Downloads, training and measurements of the page Models that have ended, with what was half done."),
        Table(
            lambda: ModelJob.objects.annotate(ended=Coalesce("finished", "created")),
            "ended",
            lambda rows: rows.exclude(state__in=MODEL_JOB_LIVE),
            one_by_one(model_job_lifecycle.delete),
        ),
        days=365,
        piece=FEW,
    ),
    *OF_CALLS,
    Kind(
        "notices",
        gettext_noop("Notifications"),
        gettext_noop("What people were notified of, and how it was delivered. What still waits for delivery stays."),
        Table(Notice.objects.all, "at", needed.settled_notices, parts=lambda: (Delivery.objects.all(),)),
        setting="NOTICE_DAYS",
    ),
    Kind(
        "audit",
        gettext_noop("Audit trail"),
        gettext_noop("Who did what, when and from where."),
        Table(AuditEntry.objects.all, "at", remove=lambda rows: rows.expire()),
        setting="AUDIT_DAYS",
    ),
    Kind(
        "admin_log",
        gettext_noop("Log of the database pages"),
        gettext_noop("What administrators changed on Django's own pages."),
        Table(LogEntry.objects.all, "action_time"),
        setting="AUDIT_DAYS",
    ),
    Kind(
        "sessions",
        gettext_noop("Sessions"),
        gettext_noop("Logins that have expired."),
        Table(Session.objects.all, "expire_date"),
        fixed=timedelta(0),
    ),
    Kind(
        "share_links",
        gettext_noop("Links to conversations"),
        gettext_noop("Links that have expired."),
        Table(Share.objects.all, "expires"),
        fixed=timedelta(0),
    ),
    Kind(
        "codes",
        gettext_noop("Enrolment codes and invitations"),
        gettext_noop("Those that have expired, whether or not they were used."),
        Several((Table(EnrolCode.objects.all, "expires"), Table(Invitation.objects.all, "expires"))),
        days=30,
    ),
    Kind(
        "failed_logins",
        gettext_noop("Failed logins"),
        gettext_noop("From which addresses wrong passwords came. They block an account for minutes only."),
        Table(AccessAttempt.objects.all, "attempt_time"),
        days=30,
    ),
    Kind(
        "retention_runs",
        gettext_noop("Runs of this deletion"),
        gettext_noop("When something was deleted by these rules, and how much."),
        Table(models.Run.objects.all, "started"),
        fixed=timedelta(days=30),
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}
