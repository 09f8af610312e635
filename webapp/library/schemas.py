"""What the API of the library takes and says."""

from uuid import UUID

from ninja import Schema
from pydantic import Field

from inference.photos.filter_query import FilterQuery as FilterQuery
from inference.search.relevance import Closeness
from inference.search.search import LIMIT as SEARCH_LIMIT
from inference.search.words import MOST_CHARS
from webapp.live.http import Moment

MOST_AT_ONCE = 500  # photos that one request may be about
PAGE, MAX_PAGE = 100, 500
MOST_TYPED = 2000  # characters of a search
CURSOR = "2026-03-01T12:00:00Z_6f1f0f1e-2b4f-4c7e-9a55-0123456789ab"


class PhotosQuery(FilterQuery):
    before: str = Field("", max_length=100, description="`next` of the page before, or a moment.", examples=[CURSOR])
    limit: int = Field(PAGE, ge=1, le=MAX_PAGE, description="How many photos to return at most.")


class LibraryPhoto(Schema):
    id: UUID
    url: str = Field(description="The image, for a session; `?small=1` for a preview.", examples=["/photos/6f1f…/"])
    width: int = Field(description="Pixels.", examples=[2048])
    height: int = Field(description="Pixels.", examples=[1365])
    created: Moment = Field(description="When it was added.")
    favourite: bool
    on_server: bool = Field(description="False: only a device has the file.")
    devices: list[str] = Field(description="Devices that hold it.", examples=[["jetson-a"]])


class LibraryPage(Schema):
    """Newest first. Read on with `before` = `next` until that is null."""

    items: list[LibraryPhoto]
    next: str | None = Field(examples=[CURSOR])


class SearchBounds(FilterQuery):
    limit: int = Field(SEARCH_LIMIT, ge=1, le=MAX_PAGE, description="How many photos to return at most.")


class WordsQuery(SearchBounds):
    q: str = Field(
        "",
        max_length=MOST_TYPED,
        description=f"What the photo shows, in English, German, Spanish, French or Chinese; {MOST_CHARS} characters are read.",
        examples=["a dog on a beach"],
    )


class Why(Schema):
    names: list[str] = Field(
        description="Words of the search that a classifier saw in the photo; none: the photo looks like the words, or like "
        "the example.",
        examples=[["dog"]],
    )
    distance: float = Field(
        description="How far it stands out from photos of other things, in standard deviations; of an example photo, the "
        "cosine of both.",
        examples=[4.2],
    )
    closeness: Closeness = Field(description="The distance in a word; a photo that a name confirms may be distant.")


class FoundPhoto(LibraryPhoto):
    why: Why


class FoundPhotos(Schema):
    about: str = Field(description="The words that were searched for, in English.", examples=["a dog on a beach"])
    items: list[FoundPhoto] = Field(description="What fits, best first.")
    nearest: list[FoundPhoto] = Field(description="What comes nearest, where nothing fits.")
    searched: int = Field(description="Photos that could be found: those that the filters leave and that are indexed.")
    waiting: int = Field(description="Photos that the filters leave and that are not indexed yet.", examples=[3])


class Slots(Schema):
    slots: list[tuple[int, int]] = Field(
        description="Quarter of an hour since 1970 (UTC), and how many photos were added in it; newest first.",
        examples=[[[1960320, 12]]],
    )


class PhotoConversation(Schema):
    id: UUID
    title: str = Field(examples=["What is the dog doing?"])
    questions: int = Field(description="Questions in it about this photo.")


class Taken(Schema):
    device: str = Field(examples=["jetson-a"])
    camera: str = Field(examples=["porch"])
    at: Moment


class PhotoFile(Schema):
    """The file of a device's folder that a photo is."""

    device: str = Field(examples=["jetson-a"])
    folder: str = Field(examples=["shots"])
    name: str = Field(examples=["IMG_0001.jpg"])


class LibraryDetails(LibraryPhoto):
    file: PhotoFile | None = Field(description="Null: it is no file of a device's folder.")
    bytes: int = Field(description="Size of the file as it is stored.", examples=[412_345])
    notes: list[str] = Field(description="What a person should know about it.")
    albums: list[UUID]
    conversations: list[PhotoConversation] = Field(description="Those with a question about it.")
    expires: Moment | None = Field(description="When it is deleted unless it is asked about or kept; null: it stays.")
    taken: Taken | None = Field(description="By which camera and when, of the picture of an event that you keep.")


class Photos(Schema):
    photos: list[UUID] = Field(max_length=MOST_AT_ONCE, description=f"At most {MOST_AT_ONCE}.")


class Favourites(Photos):
    favourite: bool = True


class Deletion(Schema):
    photos: list[UUID] = Field(description="Hidden now and erased at `until`.")
    busy: list[UUID] = Field(description="Not deleted: a question about them is being answered.")
    until: Moment = Field(description="Until then `restore_photos` undoes it.")


class AlbumName(Schema):
    name: str = Field(max_length=1000, examples=["Kites"])


class LibraryAlbum(Schema):
    id: UUID
    name: str = Field(examples=["Kites"])
    photos: int = Field(examples=[12])


class Albums(Schema):
    items: list[LibraryAlbum] = Field(description="By name.")


class AlbumChange(Schema):
    add: list[UUID] = Field([], max_length=MOST_AT_ONCE)
    remove: list[UUID] = Field([], max_length=MOST_AT_ONCE)
