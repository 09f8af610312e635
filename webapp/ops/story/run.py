"""The story of one training run, from its rows."""

from typing import Any, TypedDict

from federation.models import Run
from federation.runs import lifecycle, wording
from webapp.ops.story import notices
from webapp.ops.story.notices import NoticeStory


class RunStory(TypedDict):
    """`run` is what the page's JSON download has, with rounds and clients."""

    trace: str
    by: str
    title: str
    turn: str | None
    run: dict[str, Any]
    notices: list[NoticeStory]


def of(number: int) -> RunStory | None:
    """None where there is no such run."""
    run = Run.objects.select_related("owner").filter(pk=number).first()
    if run is None:
        return None
    return {
        "trace": lifecycle.trace(run),
        "by": run.owner.get_username(),
        "title": wording.title(run.spec),
        "turn": str(run.turn) if run.turn else None,
        "run": lifecycle.snapshot(run),
        "notices": notices.about(notices.of_run(number)),
    }
