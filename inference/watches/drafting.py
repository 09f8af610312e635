"""Turn a request in chat into a draft watch, which its owner confirms on its page."""

from django.urls import reverse

from inference.answering.drafts import WatchDraft
from inference.models import Turn
from inference.planning.watch_request import WatchRequest
from inference.watches import lifecycle


def draft_watch(turn: Turn, request: WatchRequest) -> WatchDraft:
    watch = lifecycle.draft(turn.owner, turn.pk, request.spec, request.why, request.place)
    return WatchDraft(reverse("watches:edit", args=[watch.pk]), watch.title, watch.camera, watch.node)
