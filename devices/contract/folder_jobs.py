"""Jobs about a camera that is a folder: which photos are in it, and keeping one of them. The files stay where they are."""

from typing import Annotated

from pydantic import Field

from devices.contract import results
from devices.contract.job import Job
from devices.contract.values import Number, PhotoId, TaskName

CameraName = Annotated[str, Field(min_length=1, max_length=40)]


class ListFolder(Job[results.FolderPage]):
    """Name the photos in the folder, the newest first: those that come after a file, where one is given, and were changed at
    `since` or later and before `until`, in seconds since 1970."""

    verb, result = "list_folder", results.FolderPage
    camera: CameraName
    after: results.FolderFile | None = None
    since: Number | None = None
    until: Number | None = None


class ReadFile(Job[results.Kept]):
    """Keep a file of the folder as this photo, a copy that may be dropped to make room and read again. Refused with
    `file_gone` or `file_changed` where the folder no longer has it as it was listed. `tasks` as for Place."""

    verb, result = "read_file", results.Kept
    camera: CameraName
    file: results.FolderFile
    photo: PhotoId
    tasks: list[TaskName] = Field(default_factory=list, max_length=20)
