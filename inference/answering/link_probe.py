"""Measuring a link with bytes that mean nothing."""

import logging
from collections.abc import Callable

from devices import dispatch
from devices.contract.jobs import Probe
from devices.telemetry import links
from inference.scheduling import patience

log = logging.getLogger(__name__)
PROBE_BYTES = [256, 16384]


def probe(device: str, cancelled: Callable[[], bool] = lambda: False, phase: Callable[[str], None] = lambda name: None) -> None:
    """Measure an unknown or stale link with throw-away bytes. Raises what dispatch.call raises."""
    done = dispatch.call(device, Probe(sizes=PROBE_BYTES), patience.UNKNOWN_S, cancelled, phase)
    for transfer in done.transfers:
        links.record(device, transfer.bytes, transfer.uplink_ms / 1000, None, "probe")


def probe_quietly(device: str) -> None:
    """The last transfer contradicts earlier ones: measure again, now that nobody waits."""
    try:
        probe(device)
    except (dispatch.NodeGone, dispatch.StageFailed) as error:
        log.info("could not probe %s: %s", device, error)
