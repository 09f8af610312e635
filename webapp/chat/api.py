"""Conversations, photos and turns over HTTP: what the page uses is what a script uses."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile

from inference.answering import cloud_queue, reconstruction, turns
from inference.photos import store
from webapp.chat import conversations
from webapp.chat.models import Conversation

router = Router(tags=["chat"])


class Question(Schema):
    question: str
    photo: UUID | None = None
    conversation: UUID | None = None
    node: str | None = None
    policy: str = "fastest"
    route: str | None = None


@router.post("/photos", response={201: dict[str, Any]})
def upload(request: HttpRequest, photo: File[UploadedFile], node: Form[str] = "") -> tuple[int, dict[str, Any]]:
    """Keep a photo (JPEG, PNG, WebP or HEIC). It is turned upright and loses its metadata.

    It is brought to a device at once (`node`, or the least busy one), which computes what a question will need.
    """
    kept = store.store(request.user, photo.chunks())
    cloud_queue.prepare(str(kept.pk), node)
    return 201, turns.photo_json(kept)


@router.post("/turns", response={202: dict[str, Any]})
def ask(request: HttpRequest, body: Question) -> tuple[int, dict[str, Any]]:
    """Ask a question. The answer comes later: over the conversation's socket, or by reading the turn again."""
    turn = conversations.ask(request.user, **body.model_dump())
    return 202, turns.as_json(turn)


@router.get("/turns/{uuid:pk}", response=dict[str, Any])
def read(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    return turns.as_json(conversations.own_turn(request.user, pk))


@router.post("/turns/{uuid:pk}/stop", response=dict[str, Any])
def stop(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    """Stop answering. A turn that is already finished stays as it is."""
    turn = conversations.own_turn(request.user, pk)
    turns.stop(turn)
    return turns.as_json(conversations.own_turn(request.user, pk))


@router.post("/turns/{uuid:pk}/retry", response=dict[str, Any])
def retry(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    turns.retry(conversations.own_turn(request.user, pk))
    return turns.as_json(conversations.own_turn(request.user, pk))


@router.get("/turns/{uuid:pk}/steps/{int:number}/rebuild.jpg")
def rebuild(request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
    """The photo as far as it can be rebuilt from what left the device in this step. 410: the edge no longer keeps that."""
    data = reconstruction.rebuilt(conversations.own_turn(request.user, pk), number)
    return HttpResponse(data, content_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})


@router.get("/conversations", response=list[dict[str, Any]])
def history(request: HttpRequest) -> list[dict[str, Any]]:
    rows = Conversation.objects.filter(owner=request.user)[: settings.HISTORY_ROWS]
    return [{"id": str(row.pk), "title": str(row), "updated": row.updated.isoformat()} for row in rows]


@router.get("/conversations/{uuid:pk}", response=dict[str, Any])
def conversation(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    found = conversations.own(request.user, pk)
    return {"id": str(found.pk), "title": str(found), "turns": conversations.turns_of(found)}


@router.delete("/conversations/{uuid:pk}", response={204: None})
def forget(request: HttpRequest, pk: UUID) -> tuple[int, None]:
    """Delete a conversation with its questions, answers and photos."""
    conversations.delete(conversations.own(request.user, pk))
    return 204, None
