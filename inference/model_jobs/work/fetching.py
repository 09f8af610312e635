"""Fetch the large models. What has arrived stays on the disk, whatever ends this."""

from inference.engine.hub.fetch import FetchFailed, Progress, fetch
from inference.model_jobs.journal import Journal
from webapp.live.errors import UserError


def run(journal: Journal) -> None:
    def changed(progress: Progress) -> None:
        journal.progress(progress.done, progress.total, "bytes", progress.what)

    try:
        fetch(Progress(changed=changed))
    except FetchFailed as error:
        raise UserError("fetch_failed", str(error), "", 503) from None
    journal.finished("fetched and verified")
