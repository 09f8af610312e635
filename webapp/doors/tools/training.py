"""The tool that drafts a training run. It starts nothing: a person reads the draft on its page and starts it there."""

from typing import Any

from channels.db import database_sync_to_async
from django.urls import reverse
from pydantic import BaseModel, Field

from federation.api_schemas import Specification
from federation.runs import lifecycle
from webapp.doors.caller import Caller
from webapp.doors.tools.tool import Progress, Tool


class DraftArguments(BaseModel):
    spec: Specification = Field({}, description="Fields that are left out have their defaults.", examples=[{"rounds": 5}])


class Draft(BaseModel):
    run: int = Field(description="Its number.")
    state: str = Field(examples=["draft"])
    page: str = Field(description="Where a person reads, changes and starts it.")
    spec: dict[str, Any] = Field(description="With the defaults of the fields that were left out.")


async def _draft(caller: Caller, arguments: DraftArguments, progress: Progress) -> Draft:
    return await database_sync_to_async(_stored)(caller, arguments)


def _stored(caller: Caller, arguments: DraftArguments) -> Draft:
    run = lifecycle.draft(caller.person, arguments.spec)
    return Draft(run=run.pk, state=run.state, page=f"{caller.site}{reverse('federation:run', args=[run.pk])}", spec=run.spec)


DRAFT_TRAINING_RUN = Tool(
    "draft_training_run",
    "Draft a training run",
    "Stores the settings of a federated training run as a draft and returns the page on which a person may start it. "
    "Nothing is trained before.",
    DraftArguments,
    Draft,
    _draft,
    changes=True,
)
