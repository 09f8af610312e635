"""What is tried, in order. Each chapter leaves the containers as the next one needs them."""

from collections.abc import Callable

from tests.containers import answering, backup, first_start, recovery, tls
from tests.containers.project import Project
from tests.transcript import Transcript

ALL: tuple[Callable[[Project, Transcript], None], ...] = (
    first_start.build_and_start,
    first_start.image,
    first_start.join_nodes,
    answering.routes,
    answering.settings,
    answering.federated_run,
    recovery.killed_services,
    recovery.down_and_up,
    backup.backup_and_restore,
    tls.follow_to_tls,
)
