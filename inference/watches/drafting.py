"""Turn a request in chat into a draft watch, which its owner confirms on its page."""

from django.urls import reverse

from inference.answering.drafts import WatchDraft
from inference.models import Turn
from inference.planning.watch_request import WatchRequest
from inference.watches import lifecycle


def draft_watch(turn: Turn, request: WatchRequest) -> WatchDraft:
    watch = lifecycle.draft(turn.owner, turn.pk, request.spec, request.why, request.place)
    thing = watch.title if watch.run is None else f"{watch.title} (run {watch.run})"
    return WatchDraft(reverse("watches:edit", args=[watch.pk]), thing, watch.camera, watch.node)
