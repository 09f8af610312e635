"""The tool that searches a person's photos, by words or by an example."""

from typing import Self
from uuid import UUID

from channels.db import database_sync_to_async
from pydantic import Field, model_validator

from inference.photos import library
from webapp.doors.caller import Caller
from webapp.doors.tools.tool import Progress, Tool
from webapp.library import finding
from webapp.library.schemas import MAX_PAGE, MOST_TYPED, FoundPhotos, SearchBounds
from webapp.live.errors import not_found

DEFAULT_LIMIT = 20


class SearchArguments(SearchBounds):
    words: str = Field("", max_length=MOST_TYPED, description="What the photos show.", examples=["a dog on a beach"])
    photo_id: UUID | None = Field(None, description="Instead, a photo whose like is wanted.")
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_PAGE, description="How many photos to return at most.")

    @model_validator(mode="after")
    def _has_one_wish(self) -> Self:
        if self.words and self.photo_id:
            raise ValueError("words and photo_id exclude each other")
        return self


async def _search(caller: Caller, arguments: SearchArguments, progress: Progress) -> FoundPhotos:
    return await database_sync_to_async(_found)(caller, arguments)


def _found(caller: Caller, arguments: SearchArguments) -> FoundPhotos:
    person = caller.person.pk
    if arguments.photo_id is None:
        return finding.by_words(person, arguments.words, arguments)
    photo = library.own(person, arguments.photo_id)
    if photo is None:
        raise not_found("photo")
    return finding.by_photo(person, photo, arguments)


SEARCH_PHOTOS = Tool(
    "search_photos",
    "Search photos",
    "Searches the person's own photos by what they show, or for photos that look like one of them, best first. `items` fit; "
    "where none does, `nearest` has what comes nearest, which may show something else. Their ids are for `ask`.",
    SearchArguments,
    FoundPhotos,
    _search,
)
