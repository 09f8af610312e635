"""What is tried, in order. Each chapter leaves the containers as the next one needs them."""

from argparse import ArgumentTypeError
from collections.abc import Callable

from tests.containers import answering, backup, first_start, monitoring, recovery, scaled, tls, upgrading
from tests.containers.project import Project
from tests.transcript import Transcript

Chapter = Callable[[Project, Transcript], None]
ALL: tuple[Chapter, ...] = (
    first_start.build_and_start,
    first_start.image,
    first_start.join_nodes,
    answering.routes,
    answering.settings,
    answering.federated_run,
    recovery.killed_services,
    recovery.down_and_up,
    scaled.several_processes,
    monitoring.prometheus,
    upgrading.upgrade,
    backup.backup_and_restore,
    tls.follow_to_tls,
    scaled.behind_tls,
)
BY_NAME = {chapter.__name__: chapter for chapter in ALL}


def named(name: str) -> Chapter:
    """Raises ArgumentTypeError with the names that there are."""
    if name not in BY_NAME:
        raise ArgumentTypeError(f"{name!r} is none of {', '.join(BY_NAME)}")
    return BY_NAME[name]
