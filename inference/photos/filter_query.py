"""The filters of the library as the API takes them."""

from uuid import UUID

from ninja import Schema
from pydantic import AwareDatetime, Field

from inference.photos.library import Filters


class FilterQuery(Schema):
    favourites: bool = Field(False, description="Favourites alone.")
    unasked: bool = Field(False, description="Photos alone that no question is about.")
    album: UUID | None = Field(None, description="Those of an album of yours.")
    conversation: UUID | None = Field(None, description="Those that a conversation, or a batch, of yours asked about.")
    device: str = Field("", max_length=40, description="Those that a device holds.", examples=["jetson-a"])
    since: AwareDatetime | None = Field(None, description="Added at this moment or later.")
    until: AwareDatetime | None = Field(None, description="Added before this moment.")

    def filters(self) -> Filters:
        values: dict[str, object] = {name: getattr(self, name) for name in FilterQuery.model_fields}
        return Filters(**values)  # type: ignore[arg-type]
