"""What every operation of the HTTP API shares: the error shape, pages of a list, and how an operation is described."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Generic, TypedDict, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from ninja import Schema
from pydantic import Field, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from webapp.live.errors import UserError

Row = TypeVar("Row", bound=Model)
Item = TypeVar("Item")
# A string, not a datetime: it leaves exactly as it was stored or published over the socket.
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-03-01T12:00:00+00:00"])]
DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET = 50, 200, 1_000_000_000


class DocumentedAs:
    """Annotates JSON that is passed on as it is, unchecked, and is described by a type: what was checked when it was
    stored, perhaps by an earlier version, and what plain modules check with sentences of their own."""

    def __init__(self, shape: type[object]) -> None:
        self.shape = shape

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(TypeAdapter(self.shape).core_schema)


class ErrorDetail(Schema):
    code: str = Field(description="For programs; the same in every version.", examples=["not_found"])
    message: str = Field(description="What happened, in one sentence.", examples=["There is no such photo."])
    next: str = Field(description="What to do about it; may be empty.", examples=["Check the address."])


class ErrorResponse(Schema):
    """Every refusal and every failure has this body, whatever its status."""

    error: ErrorDetail


class PageQuery(Schema):
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many items to return at most.")
    offset: int = Field(0, ge=0, le=MAX_OFFSET, description="How many items to skip.")


class Page(Schema, Generic[Item]):
    """A part of a list. Read on with `offset` + `limit` while that is less than `total`."""

    items: list[Item]
    total: int = Field(description="Items in the whole list.", examples=[1])
    limit: int = Field(description="As asked for.", examples=[DEFAULT_LIMIT])
    offset: int = Field(description="As asked for.", examples=[0])


def paginate(rows: QuerySet[Row], query: PageQuery, as_item: Callable[[Row], Item]) -> Page[Item]:
    """Count and read one page of a query set; only its rows are read."""
    chosen = rows[query.offset : query.offset + query.limit]
    return Page(items=[as_item(row) for row in chosen], total=rows.count(), limit=query.limit, offset=query.offset)


def paginate_values(values: Sequence[Item], query: PageQuery) -> Page[Item]:
    """One page of values that are in memory anyway."""
    chosen = list(values[query.offset : query.offset + query.limit])
    return Page(items=chosen, total=len(values), limit=query.limit, offset=query.offset)


class Media(TypedDict, total=False):
    schema: dict[str, str]


class Response(TypedDict, total=False):
    description: str
    content: dict[str, Media]


class Description(TypedDict):
    """Keyword arguments of a router's decorators."""

    operation_id: str
    summary: str
    response: dict[int, object]
    openapi_extra: dict[str, dict[int, Response]]


ALWAYS = {
    401: "`not_logged_in`: no session, or a token that was revoked.",
    422: "`invalid_request`: a field is missing or has the wrong type.",
    429: "`too_fast`: see the header `Retry-After`.",
    500: "`internal`: a fault of the server; its log has the reason.",
    503: "`database_unavailable`: try again after `Retry-After` seconds.",
}


CHANGING = {
    400: "`refused`: the body is not JSON.",
    403: "`csrf`: a browser's request lacks the page's token.",
    413: "`too_large`: the body is larger than the server accepts.",
}


def operation(
    operation_id: str,
    summary: str,
    returns: Mapping[int, object],
    errors: Mapping[int, str] | None = None,
    media_type: str = "",
) -> Description:
    """Describe an operation. `errors` adds to what each may give; `media_type` is that of a file instead of JSON."""
    reasons = _joined(errors or {}, ALWAYS)
    responses: dict[int, Response] = {status: {"description": reason} for status, reason in reasons.items()}
    if media_type:
        for status in returns:
            responses[status] = {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}
    models: dict[int, object] = {**returns, **dict.fromkeys(reasons, ErrorResponse)}
    return {
        "operation_id": operation_id,
        "summary": summary,
        "response": models,
        "openapi_extra": {"responses": responses},
    }


def change(
    operation_id: str, summary: str, returns: Mapping[int, object], errors: Mapping[int, str] | None = None
) -> Description:
    """Describe an operation that changes something."""
    return operation(operation_id, summary, returns, _joined(errors or {}, CHANGING))


def _joined(first: Mapping[int, str], second: Mapping[int, str]) -> dict[int, str]:
    """Both reasons where both have one, in the order of the statuses."""
    return {status: " ".join(filter(None, (first.get(status), second.get(status)))) for status in sorted({*first, *second})}


def require_admin(request: HttpRequest) -> None:
    """Raises UserError unless an admin calls."""
    if not getattr(request.user, "is_staff", False):
        raise UserError("not_staff", "Only administrators may do this.", "Ask an administrator.", 403)
