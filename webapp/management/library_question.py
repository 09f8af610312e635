"""What `manage.py ask --album NAME "QUESTION"`, `--search TEXT` and `--device NAME --folder NAME` do: a batch of a
person's, over photos of their library or in a folder of a device.
"""

from typing import Any
from uuid import UUID

from django.core.management.base import OutputWrapper

from inference.batches import creation
from inference.batches.sources.device_folder import DeviceFolder
from inference.batches.sources.folder import NOT_NOW
from inference.batches.sources.shown import Shown
from inference.models import Album
from inference.photos.library import Filters
from webapp.accounts.models import User
from webapp.live.errors import UserError
from webapp.management.batch_report import BadArguments, Progress, check_running, follow, report


def ask_library(options: dict[str, Any], out: OutputWrapper, err: OutputWrapper) -> int:
    """The exit status."""
    try:
        check_running()
        person = _person(options["person"])
        source = _folder(options) or Shown(Filters(album=_album(person, options["album"])), words=options["search"])
        wanted = {"policy": options["policy"], "route": options["route"] or "", "node": options["node"]}
        batch = creation.create(person, options["question"], source, **wanted, fresh=options["fresh"])
    except BadArguments as error:
        err.write(str(error))
        return 2
    except UserError as error:
        err.write(f"{error} {error.next}")
        return 1 if error.status in NOT_NOW or error.code == "not_running" else 2
    items = batch.items.values_list("number", "photo", "file")
    names = {number: file["name"] if file else str(photo) for number, photo, file in items}
    try:
        follow(batch, Progress(err))
    except UserError as error:
        err.write(f"{error} {error.next}")
        return 1
    return report(batch, "file" if batch.device else "photo", names, options, out, err)


def _folder(options: dict[str, Any]) -> DeviceFolder | None:
    if options["folder"] is None:
        return None
    return DeviceFolder(options["device"], options["folder"], options["since"], options["until"])


def _person(name: str) -> User:
    """Raises BadArguments."""
    people = User.objects.humans()
    chosen = list(people.filter(username=name) if name else people[:2])
    if len(chosen) != 1:
        raise BadArguments(f"There is no person {name}." if name else "Say whose photos: --person NAME.")
    return chosen[0]


def _album(person: User, name: str | None) -> UUID | None:
    """The id of the album, or None where none is named. Raises BadArguments."""
    if name is None:
        return None
    album = Album.objects.filter(owner=person, name__iexact=name).first()
    if album is None:
        names = ", ".join(Album.objects.filter(owner=person).order_by("name").values_list("name", flat=True)) or "none"
        raise BadArguments(f"{person} has no album “{name}”. Their albums: {names}.")
    return album.pk
