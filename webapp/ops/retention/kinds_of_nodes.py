"""The kinds of data that nodes report: what is measured of them, and what their watches see."""

from django.db.models import Sum
from django.utils.translation import gettext_noop

from devices.models import AgentRollout, NodeEvent, Reading, Sample
from devices.telemetry import history
from inference.models import Thumbnail
from inference.watches import costs
from inference.watches.models import Event, WatchDay
from webapp.ops.retention import needed
from webapp.ops.retention.contents import Table
from webapp.ops.retention.kind import Kind


def _readings(span_s: int) -> Table:
    return Table(lambda: Reading.objects.filter(span_s=span_s), "at")


OF_NODES: tuple[Kind, ...] = (
    Kind(
        "link_samples",
        gettext_noop("Transfers over the links"),
        gettext_noop("Each measured transfer of a device. Placement needs those of the last minutes."),
        Table(Sample.objects.all, "at"),
        setting="SAMPLE_DAYS",
    ),
    Kind(
        "readings_heartbeat",
        gettext_noop("Readings, each heartbeat"),
        gettext_noop("The sensors of every node, at each heartbeat."),
        _readings(history.RAW),
        fixed=history.RAW_FOR,
    ),
    Kind(
        "readings_minute",
        gettext_noop("Readings, by the minute"),
        gettext_noop("Means of each minute: the chart of 24 hours, and the energy of the last day."),
        _readings(history.MINUTE_S),
        days=1,
    ),
    Kind(
        "readings_quarter",
        gettext_noop("Readings, by the quarter of an hour"),
        gettext_noop("Means of each quarter of an hour: the charts of 7 and 90 days."),
        _readings(history.QUARTER_S),
        days=92,
    ),
    Kind(
        "readings_day",
        gettext_noop("Readings, by the day"),
        gettext_noop("Means of each day: the chart of a year."),
        _readings(history.DAY_S),
        days=800,
    ),
    Kind(
        "node_events",
        gettext_noop("Events of nodes"),
        gettext_noop("When each node went offline and came back."),
        Table(NodeEvent.objects.all, "at"),
        setting="SAMPLE_DAYS",
    ),
    Kind(
        "agent_rollouts",
        gettext_noop("Updates of agents"),
        gettext_noop("When nodes were updated to which agent, and why an update was stopped. The latest one stays."),
        Table(AgentRollout.objects.all, "begun", needed.superseded_rollouts),
        days=365,
    ),
    Kind(
        "thumbnails",
        gettext_noop("Thumbnails of photos on devices"),
        gettext_noop(
            "Small pictures of photos that a device alone has, where that is allowed for it. The photos stay, and a picture"
            " that was deleted does not come again."
        ),
        Table(
            Thumbnail.objects.all,
            "created",
            bytes_of=lambda: Thumbnail.objects.aggregate(sum=Sum("bytes"))["sum"] or 0,
        ),
        days=365,
    ),
    Kind(
        "watch_events",
        gettext_noop("Events of watches"),
        gettext_noop("What watches of cameras have raised. The pictures are on the devices, which have bounds of their own."),
        Table(Event.objects.all, "at"),
        setting="SAMPLE_DAYS",
    ),
    Kind(
        "watch_days",
        gettext_noop("Costs of watches"),
        gettext_noop("Frames, bytes and energy of each watch, by the day."),
        Table(WatchDay.objects.all, "day"),
        days=costs.KEPT_DAYS,
    ),
)
