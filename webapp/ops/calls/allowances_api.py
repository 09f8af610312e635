"""What people and their tokens may use, over HTTP."""

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from inference.calls import allowances
from inference.calls.allowances import Standing
from inference.calls.measures import MEASURES
from webapp.accounts.models import ApiToken, User
from webapp.live.errors import UserError, not_found
from webapp.live.http import change, operation, require_admin

router = Router(tags=["allowances"])
ADMIN = {403: "`not_staff`: only administrators may do this."}
NOBODY = {404: "`not_found`: no such person or token."}
NAMES = ", ".join(measure.name for measure in MEASURES)


class AllowanceUse(Schema):
    measure: str = Field(json_schema_extra={"enum": [measure.name for measure in MEASURES]})
    period: str = Field(json_schema_extra={"enum": ["day", "month"]}, description="By the server's clock, UTC.")
    used: float = Field(examples=[12])
    limit: float | None = Field(description="Null: nothing limits it.", examples=[100])


class TokenUse(Schema):
    token: str = Field(description="Name of the personal token.", examples=["nightly report"])
    measures: list[AllowanceUse]


class PersonUse(Schema):
    person: str = Field(examples=["alice"])
    measures: list[AllowanceUse] = Field(description="Of all their tokens and the pages together.")
    tokens: list[TokenUse] = Field(description="What each token used; beyond what its owner may, a token may not either.")


class PersonQuery(Schema):
    person: str = Field("", max_length=150, description="A user name. Others than yours only for administrators.")


class AllowanceChange(Schema):
    token: str | None = Field(None, description="Name of a personal token of the person; without it, of the person.")
    limits: dict[str, float | None] = Field(
        description=f"By measure: {NAMES}. 0: no limit; null: as for everybody. Those left out stay.",
        examples=[{"questions": 100, "link_mb": None}],
    )


@router.get("", **operation("get_allowances", "Read what you may use, and have used", {200: PersonUse}, {**ADMIN, **NOBODY}))
def get_allowances(request: HttpRequest, query: Query[PersonQuery]) -> PersonUse:
    """Where an allowance of questions or of MB over the links is used up, questions are refused with `allowance_used` (429);
    where one of the planner is, they are planned offline."""
    assert isinstance(request.user, User)
    if query.person in ("", request.user.get_username()):
        return _use_of(request.user)
    require_admin(request)
    return _use_of(_person(query.person))


@router.put(
    "/{person}",
    **change(
        "change_allowances",
        "Change what a person or one of their tokens may use",
        {200: PersonUse},
        {**ADMIN, **NOBODY, 409: "`several_tokens`: they have the same name.", 422: "`unknown_measure`, `bad_amount`."},
    ),
)
def change_allowances(request: HttpRequest, person: str, body: AllowanceChange) -> PersonUse:
    require_admin(request)
    row = _person(person)
    allowances.change(row, token_named(row, body.token) if body.token is not None else None, body.limits)
    return _use_of(row)


def token_named(person: User, name: str) -> ApiToken:
    """Raises UserError."""
    tokens = list(person.api_tokens.filter(name=name)[:2])
    if not tokens:
        raise not_found("token")
    if len(tokens) > 1:
        raise UserError("several_tokens", f"Several tokens are named “{name[:60]}”.", "Use the page of allowances.", 409)
    return tokens[0]


def _person(name: str) -> User:
    row = User.objects.filter(username=name).first()
    if row is None:
        raise not_found("person")
    return row


def _use_of(person: User) -> PersonUse:
    measures = _rows(allowances.of_person(person.pk))
    tokens = person.api_tokens.order_by("pk")
    of_tokens = [TokenUse(token=token.name, measures=_rows(allowances.of_token(person.pk, token.pk))) for token in tokens]
    return PersonUse(person=person.get_username(), measures=measures, tokens=of_tokens)


def _rows(standings: list[Standing]) -> list[AllowanceUse]:
    return [
        AllowanceUse(
            measure=standing.measure.name,
            period="month" if standing.measure.monthly else "day",
            used=standing.used,
            limit=standing.most,
        )
        for standing in standings
    ]
