"""Links to a conversation over HTTP: create, list, withdraw, and read through one."""

from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from webapp.chat import conversations
from webapp.chat.api_schemas import Conversation
from webapp.chat.models import Share
from webapp.chat.sharing import links
from webapp.live.http import Moment, Page, PageQuery, change, operation, paginate

router = Router(tags=["conversations"])
NO_CONVERSATION = {404: "`not_found`: no such conversation of yours."}


class LinkChoice(Schema):
    days: int = Field(links.DEFAULT_DAYS, description=f"How long it is valid: 1 to {links.MOST_DAYS} days.")


class SharedLink(Schema):
    id: UUID
    created: Moment
    expires: Moment


class SharedLinkPage(Page[SharedLink]):
    pass


class NewLink(SharedLink):
    url: str = Field(description="Shown once: the server stores only a hash of it.", examples=["https://…/shared/3q2-7w…/"])


class SharedConversation(Conversation):
    """As it is now, without ratings. The addresses of its photos are valid as long as the link."""

    owner: str = Field(examples=["alice"])
    expires: Moment


@router.post(
    "/conversations/{uuid:conversation}/links",
    **change(
        "share_conversation",
        "Share a conversation by a link",
        {201: NewLink},
        {**NO_CONVERSATION, 409: "`too_many_links`: withdraw one first.", 422: "`wrong_expiry`."},
    ),
)
def share_conversation(request: HttpRequest, conversation: UUID, body: LinkChoice) -> Status[NewLink]:
    """Everybody who is logged in here and has the link can read the conversation and its photos, as they are then, until the
    link expires or is withdrawn. Nobody can change anything through it."""
    share, token = links.create(conversations.own(request.user, conversation), body.days)
    url = request.build_absolute_uri(reverse("shared", args=[token]))
    return Status(201, NewLink.model_validate({**_link(share).model_dump(), "url": url}))


@router.get(
    "/conversations/{uuid:conversation}/links",
    **operation("list_links", "List the valid links to a conversation, newest first", {200: SharedLinkPage}, NO_CONVERSATION),
)
def list_links(request: HttpRequest, conversation: UUID, query: Query[PageQuery]) -> Page[SharedLink]:
    return paginate(links.valid(conversations.own(request.user, conversation)), query, _link)


@router.delete(
    "/conversations/{uuid:conversation}/links/{uuid:link}",
    **change(
        "withdraw_link", "Withdraw a link", {204: None}, {404: "`not_found`: no such conversation of yours, or no such link."}
    ),
)
def withdraw_link(request: HttpRequest, conversation: UUID, link: UUID) -> Status[None]:
    links.withdraw(conversations.own(request.user, conversation), link)
    return Status(204, None)


@router.get(
    "/shared/{token}",
    exclude_unset=True,
    **operation(
        "get_shared_conversation",
        "Read a conversation through a link",
        {200: SharedConversation},
        {404: "`invalid_link`: it is invalid, expired or withdrawn."},
    ),
)
def get_shared_conversation(request: HttpRequest, token: str) -> SharedConversation:
    share = links.opened(token)
    turns = links.shared_turns(share, lambda photo: reverse("shared_photo", args=[token, photo]))
    row = share.conversation
    facts = {"id": row.pk, "title": str(row), "pinned": False, "turns": turns, "owner": row.owner.get_username()}
    return SharedConversation.model_validate({**facts, "expires": share.expires.isoformat()})


def _link(share: Share) -> SharedLink:
    return SharedLink(id=share.pk, created=share.created.isoformat(), expires=share.expires.isoformat())
