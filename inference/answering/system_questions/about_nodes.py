"""Answers about devices and edges: who is online, how fast each is, what its sensors read, and whether it may be unplugged."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from devices.camera_access import rules
from devices.contract.sensors import SENSORS, Sensor
from devices.models import Node
from devices.telemetry import links, presence, trouble
from inference.answering.system_questions import run_source
from inference.answering.system_questions.question import Question
from inference.engine import tasks
from inference.formatting import count_text, list_text, moment_text, rate_text, span_text, time_text

NO_NODE = "No device is registered yet; an administrator adds one on the Devices page."
MOST = 4  # nodes that one answer describes
_SENSOR_WORDS = {
    "temperature_c": "temperature|hot|hottest|warm|warmest|cool|cold",
    "power_w": "power|watts?|electricity|energy",
    "memory_used_mb": "memory|ram",
    "gpu_percent": "gpu",
    "cpu_percent": "cpu|processor|load",
}
SENSOR_WORDS = "|".join([*_SENSOR_WORDS.values(), "sensors?|readings?"])


def name(node: Node) -> str:
    return node.title or node.slug


def status(question: Question) -> str:
    if not question.general:
        question.check_name()
    if question.nodes and not question.mentions("how many"):
        return " ".join(_status(node) for node in question.nodes[:MOST])
    return _count(question.nodes or _visible(question))


def speed(question: Question) -> str:
    """By the time of a whole answer that each node measured when it started, over the tasks that all of them have."""
    if not question.general:
        question.check_name()
    nodes = question.nodes if len(question.nodes) > 1 else _visible(question)
    profiles = {node: node.profile["tasks"] for node in nodes if node.profile}
    common_tasks = [task for task in tasks.names() if profiles and all(task in times for times in profiles.values())]
    means = {
        node: sum(times[task]["whole_ms"] for task in common_tasks) / len(common_tasks)
        for node, times in profiles.items()
        if common_tasks
    }
    unmeasured = [name(node) for node in question.nodes if node not in means]
    if not means or unmeasured:
        who = f"{list_text(unmeasured)} has not" if unmeasured else "No device has"
        return f"{who} measured its speed yet; a device does when it starts with its models. See the Devices page."
    fast = question.mentions("fast|faster|fastest|quick|quicker|quickest|best")
    order = sorted(means, key=lambda node: means[node], reverse=not fast)
    first = question.nodes[0] if len(question.nodes) == 1 else order[0]
    place = f"is the {'fastest' if fast else 'slowest'}: it " if first == order[0] and len(order) > 1 else ""
    what = f"for a whole answer, as measured when it started ({list_text(common_tasks)})"
    rest = list_text([f"{name(node)} {time_text(means[node])}" for node in order if node != first])
    words = f"{name(first)} {place}takes {time_text(means[first])} {what}{f'; {rest}' if rest else ''}."
    waiting = f" It has {count_text(first.queue, 'job')} waiting." if first.queue and len(question.nodes) == 1 else ""
    return f"{words}{waiting}{_extreme_link(nodes, fast)}"


def link(question: Question) -> str:
    if not question.general:
        question.check_name()
    nodes = [node for node in question.nodes or _visible(question, "device") if node.tier == "device"]
    if not nodes:
        return (
            NO_NODE if not question.nodes else f"{name(question.nodes[0])} is an edge; only the links of devices are measured."
        )
    estimates = {node: estimate for node in nodes if (estimate := links.estimate(node.slug)) and estimate["up_bytes_per_s"]}
    if not estimates:
        return f"The link of {list_text([name(node) for node in nodes])} was not measured yet; the first question measures it."
    rates = [f"{name(node)} sends {_link(estimate)}" for node, estimate in list(estimates.items())[:MOST]]
    rest = [name(node) for node in nodes if node not in estimates]
    return f"{'; '.join(rates)}.{f' Not measured yet: {list_text(rest)}.' if rest else ''}"


def unplug(question: Question) -> str:
    """Says for each device whether something would be lost."""
    question.check_name()
    own = [run for run in run_source.source().runs(question.person) if run.state in run_source.LIVE]
    others = run_source.source().used_by_others(question.person)
    if own:
        training = f"{list_text([f'run {run.number} is {run.state}' for run in own])}.".capitalize()
    else:
        training = "None of your runs is training right now."
    if question.nodes:
        return " ".join([training, *(_unplug(node, own, others) for node in question.nodes[:MOST])])
    in_use = {slug for run in own for slug in run.nodes} | others
    busy = [name(node) for node in _visible(question) if node.slug in in_use or node.queue]
    leave = f"Leave {list_text(busy)} plugged in: runs train there, or jobs wait" if busy else "No device has jobs waiting"
    return f"{training} {leave}."


def readings(question: Question) -> str:
    if not question.general:
        question.check_name()
    nodes = question.nodes or _visible(question)
    keys = [key for key, words in _SENSOR_WORDS.items() if question.mentions(words)] or list(_SENSOR_WORDS)
    sensors = [sensor for sensor in SENSORS if sensor.name in keys]
    rows = []
    for node in nodes[:MOST]:
        age = "" if presence.state(node, timezone.now()) == "online" else f", at its last heartbeat {_ago(node)}"
        values = {**node.hardware, **node.sensors}
        rows.append(f"{name(node)}: {', '.join(f'{sensor.label} {_reading(sensor, values)}' for sensor in sensors)}{age}")
    return f"{'; '.join(rows)}." if rows else NO_NODE


def cameras(question: Question) -> str:
    access = rules.read()
    rows = {node: access.shown(question.person, presence.as_json(node))["cameras"] for node in _visible(question, "device")}
    names = [f"{', '.join(camera['name'] for camera in of_node)} of {name(node)}" for node, of_node in rows.items() if of_node]
    return f"You may use {list_text(names)}." if names else "There is no camera yet that you may use; see the Devices page."


def _visible(question: Question, tier: str = "") -> list[Node]:
    """Those on the devices page; where the message says "device", those that are none left out."""
    if not tier and question.mentions("devices?") and not question.mentions("nodes?|edges?"):
        tier = "device"
    rows = Node.objects.filter(revoked_at=None)
    return list(rows.filter(tier=tier) if tier else rows)


def _count(nodes: Sequence[Node]) -> str:
    if not nodes:
        return NO_NODE
    now = timezone.now()
    by_state: dict[str, list[Node]] = {}
    for node in nodes:
        by_state.setdefault(presence.state(node, now) if node.approved else "waiting for approval", []).append(node)
    online = by_state.pop("online", [])
    tiers = {node.tier for node in nodes}
    noun = tiers.pop() if len(tiers) == 1 else "node"
    names = f": {list_text([name(node) for node in online])}" if online else ""
    verb = "is" if len(online) == 1 else "are"
    first = f"{len(online)} of {count_text(len(nodes), noun)} {verb} online{names}."
    return " ".join([first, *(f"{state.capitalize()}: {_last_seen(of_state)}." for state, of_state in by_state.items())])


def _last_seen(nodes: Sequence[Node]) -> str:
    return list_text([f"{name(node)} (last seen {_ago(node)})" if node.last_seen else name(node) for node in nodes])


def _status(node: Node) -> str:
    state = presence.state(node, timezone.now())
    if state == "revoked":
        when = moment_text(node.revoked_at) if node.revoked_at else ""
        return f"The credentials of {name(node)} were revoked on {when}, so it is not used. {node.revoked_because}".strip()
    if not node.approved:
        return f"{name(node)} has joined and waits for approval on the Devices page."
    if state == "unseen":
        return f"{name(node)} is registered but has never connected: start its agent."
    if state == "offline" and node.last_seen:
        return f"{name(node)} is offline: last seen {_ago(node)}, on {moment_text(node.last_seen)}."
    if state == "stale":
        return f"{name(node)} is stale: its last heartbeat was {_ago(node)}. It is busy, or the link is bad."
    waiting = f", {count_text(node.queue, 'job')} waiting" if node.queue else ""
    return f"{name(node)} is online: last heartbeat {_ago(node)}{waiting}. {_obstacle(node, timezone.now())}".strip()


def _obstacle(node: Node, now: datetime) -> str:
    """Why a node that is online is not used; empty where it is."""
    if why := trouble.of(node, now) or presence.cannot_answer(node):
        return f"It answers no questions now. {why}"
    return "" if node.profile else "It is loading its models."


def _unplug(node: Node, own: Sequence[run_source.RunFacts], others: frozenset[str]) -> str:
    state = presence.state(node, timezone.now())
    using = [run for run in own if node.slug in run.nodes]
    if using:
        return f"Leave {name(node)} plugged in: run {using[0].number} trains on it; pause it on its page first."
    if node.slug in others:
        return f"Leave {name(node)} plugged in: a run of somebody else trains on it."
    if state in ("offline", "unseen", "revoked"):
        return f"{name(node)} is {state}, so unplugging it changes nothing."
    if node.queue:
        return f"{name(node)} has {count_text(node.queue, 'job')} waiting or running; unplug it once these are done."
    waits = " A run that waits may need it later." if own else ""
    usable = [n for n in Node.objects.filter(revoked_at=None, tier="device") if presence.usable(n, timezone.now())]
    last = " Without it no device can answer questions." if [n.slug for n in usable] == [node.slug] else ""
    return f"{name(node)} can be unplugged: nothing trains on it and no job waits.{waits}{last}"


def _extreme_link(nodes: Sequence[Node], fast: bool) -> str:
    rates = {node: estimate["up_bytes_per_s"] or 0.0 for node in nodes if (estimate := links.estimate(node.slug))}
    if len(rates) < 2:
        return ""
    node = (max if fast else min)(rates, key=lambda node: rates[node])
    return f" The {'fastest' if fast else 'slowest'} link is that of {name(node)}, {rate_text(rates[node])}."


def _link(estimate: links.LinkData) -> str:
    trip = f" with a round trip of {time_text(estimate['rtt_ms'])}" if estimate["rtt_ms"] is not None else ""
    age = f", measured {span_text(estimate['age_s'])} ago" if estimate["age_s"] is not None else ""
    return f"{rate_text(estimate['up_bytes_per_s'] or 0)}{trip}{age}"


def _reading(sensor: Sensor, values: Mapping[str, object]) -> str:
    """As the node's card shows it."""
    value, whole = values.get(sensor.name), values.get(sensor.whole) if sensor.whole else None
    if not isinstance(value, int | float) or (sensor.whole and not isinstance(whole, int | float)):
        return "not available"
    of = f" of {whole / sensor.divisor:.{sensor.digits}f}" if isinstance(whole, int | float) else ""
    return f"{value / sensor.divisor:.{sensor.digits}f}{of} {sensor.unit}"


def _ago(node: Node) -> str:
    return f"{span_text((timezone.now() - node.last_seen).total_seconds())} ago" if node.last_seen else "never"
