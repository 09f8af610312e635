"""What the API says of batches and their items."""

from collections.abc import Sequence
from typing import Literal, Self
from uuid import UUID

from ninja import Schema
from pydantic import AwareDatetime, Field, model_validator

from inference.batches.models import ITEM_STATES, STATES
from inference.batches.sources.device_folder import DeviceFolder
from inference.batches.sources.shown import Shown
from inference.batches.summary import SORTS
from inference.engine.doubt import Certainty
from inference.photos.filter_query import FilterQuery
from inference.photos.library import Filters
from inference.photos.question_photos import PhotoJson
from inference.placement import policies, routes
from inference.planning.plan import PlanStep
from webapp.live.errors import UserError
from webapp.live.http import ErrorDetail, Moment, Page, PageQuery

MOST_IDS = 20_000  # read at all; how many a batch may have is a setting
MOST_TYPED = 2000  # characters of a search
TWO_SOURCES = UserError(
    "several_sources",
    "The photos are named in more than one way.",
    "Send one of `photos`, `album`, `search`, `library` and `folder`.",
    422,
)
Sort = Literal["number", "answer", "certainty", "uncertainty", "bytes", "ms"]
assert set(SORTS) == set(Sort.__args__)  # type: ignore[attr-defined]


class BatchPlan(Schema):
    """Which model calls answer the question about each photo."""

    steps: list[PlanStep]
    why: str = Field(examples=["The message asks for a name for what it is."])
    planner: str = Field("offline", description="`offline` or `llm`.")
    remark: str = Field("", description="What every answer says besides what the steps found.")


class LibraryQuery(FilterQuery):
    """What the library shows with these filters, which are those of `read_library`; without any, all of your photos."""

    q: str = Field("", max_length=MOST_TYPED, description="Of those, what fits these words, as `search_library` finds it.")
    alike: UUID | None = Field(None, description="Or those that look like this photo, as `find_alike` finds them.")

    def shown(self) -> Shown:
        return Shown(self.filters(), self.q.strip() or None, self.alike)

    @model_validator(mode="after")
    def _has_one_search(self) -> Self:
        if self.q and self.alike:
            raise ValueError("q and alike exclude each other")
        return self


class FolderBounds(Schema):
    since: AwareDatetime | None = Field(None, description="Files that were changed at this moment or later.")
    until: AwareDatetime | None = Field(None, description="Files that were changed before this moment.")


class FolderQuery(FolderBounds):
    """The photos in a folder of a device, the newest first, as `list_folders` names it."""

    device: str = Field(max_length=40, examples=["jetson-a"])
    folder: str = Field(max_length=40, examples=["shots"])

    def source(self) -> DeviceFolder:
        return DeviceFolder(self.device, self.folder, self.since, self.until)


class Folder(Schema):
    """A folder of a device about all photos of which you may ask."""

    device: str = Field(examples=["jetson-a"])
    folder: str = Field(examples=["shots"])
    state: str = Field(description="Of the device.", examples=["online"])


class FolderPage(Page[Folder]):
    pass


class FolderFacts(Schema):
    photos: int = Field(description="Photos in it now, within the bounds.", examples=[120])
    unnamed: int = Field(description="Further files, whose names are no text; they are left out.")
    bytes: int | None = Field(description="Their size; null where they are more than a batch may have.")
    newest: Moment | None = Field(description="When the newest was changed; null where they are too many, or none.")
    oldest: Moment | None


class BatchFolder(Schema):
    device: str = Field(examples=["jetson-a"])
    folder: str = Field(examples=["shots"])


class NewBatch(Schema):
    """The photos are named in one way: `photos`, `album`, `search`, `library` or `folder`. What the last four name is read when
    the batch is created; at most 500 photos of a search, best first."""

    question: str = Field(examples=["Is there a dog?"])
    photos: list[UUID] | None = Field(
        None, max_length=MOST_IDS, description="Photos of yours; one that is listed twice is asked about once."
    )
    album: UUID | None = Field(None, description="All photos of an album of yours.")
    search: str | None = Field(
        None, max_length=MOST_TYPED, description="All photos of yours that show this.", examples=["a dog on a beach"]
    )
    library: LibraryQuery | None = Field(None, description="Photos that the library shows.")
    folder: FolderQuery | None = Field(None, description="Photos in a folder of a device, which stay there.")
    policy: str = Field("fastest", json_schema_extra={"enum": [*policies.names()]}, description="What placement may do.")
    route: str | None = Field(None, json_schema_extra={"enum": [*routes.names(), None]}, description="Force this route.")
    node: str | None = Field(None, description="The device to ask on.", examples=["jetson-a"])
    fresh: bool = Field(
        False,
        description="Use nothing that was computed or sent for an earlier question, neither its answer nor its features.",
    )

    def source(self) -> Sequence[UUID] | Shown | DeviceFolder:
        """Raises UserError unless the photos are named in one way."""
        every = (self.photos, self.album, self.search, self.library, self.folder)
        if len([each for each in every if each is not None]) > 1:
            raise TWO_SOURCES
        if self.folder:
            return self.folder.source()
        if self.album:
            return Shown(Filters(album=self.album))
        if self.search is not None:
            return Shown(words=self.search)
        return self.library.shown() if self.library else self.photos or []


class BatchCounts(Schema):
    waiting: int
    running: int
    answered: int
    failed: int


class BatchBytes(Schema):
    photos: int = Field(description="The stored files of the photos that were answered.", examples=[5_000_000])
    link: int = Field(description="What crossed the devices' links, failed attempts included.", examples=[36_000])


class BatchTimes(Schema):
    device: float = Field(description="Milliseconds that devices computed for it.")
    uplink: float
    edge: float


class Batch(Schema):
    id: UUID
    seq: int = Field(description="Grows by one with each change.", examples=[7])
    question: str = Field(examples=["Is there a dog?"])
    state: str = Field(json_schema_extra={"enum": [*STATES]})
    policy: str = Field(examples=["fastest"])
    route: str | None
    node: str | None
    fresh: bool = Field(description="Nothing computed or sent for an earlier question was used.")
    folder: BatchFolder | None = Field(description="Of a device, where its photos are files in it.")
    waits: bool = Field(description="It goes on when that device can be asked again.")
    repeated: int = Field(description="Photos that were listed again, and are asked about once.")
    plan: BatchPlan = Field(description="Of every item, as in a turn.")
    created: Moment
    finished: Moment | None
    total: int = Field(description="Its photos.", examples=[120])
    counts: BatchCounts = Field(description="Photos by their state.")
    bytes: BatchBytes
    ms: BatchTimes = Field(description="The receipts of its items, summed.")
    per_s: float | None = Field(description="Answers per second: the latest ones while it runs, all of them afterwards.")
    seconds_left: float | None = Field(description="At that rate; null while it is unknown or the batch does not run.")


class BatchPage(Page[Batch]):
    pass


class Item(Schema):
    number: int = Field(description="In the order of the list, from 1.", examples=[1])
    photo: PhotoJson | None = Field(description="Null once it was deleted, and of a file in a folder until it was read.")
    file: str | None = Field(description="Its name in a folder of a device.", examples=["IMG_0001.jpg"])
    turn: UUID | None = Field(description="For `get_turn`, which has the receipts.")
    state: str = Field(json_schema_extra={"enum": [*ITEM_STATES]})
    answer: str | None
    confidence: float | None = Field(description="Of its least certain step.")
    certainty: str | None = Field(description="`flat`, `probable`, `guess` or `none`.")
    route: str | None = Field(description="Where it was computed; with several steps, each route once, with commas.")
    bytes: int = Field(description="That crossed the link.")
    photo_bytes: int
    ms: float = Field(description="From its start to its end.")
    error: ErrorDetail | None


class ItemPage(Page[Item]):
    pass


class BatchWithItems(Batch):
    items: list[Item]


class ItemQuery(PageQuery):
    sort: Sort = Field("number", description="`uncertainty`: the least certain first; `bytes`, `ms`: the most first.")
    state: Literal["", "waiting", "running", "answered", "failed"] = ""
    certainty: Literal["", "flat", "probable", "guess", "none"] = ""
    route: str = Field("", max_length=10, description="One of its routes.")
    answer: str = Field("", max_length=200, description="A part of the answer.")


assert {*ItemQuery.model_fields["certainty"].annotation.__args__} == {"", *map(str, Certainty)}  # type: ignore[union-attr]
