"""The photos in a camera that is a folder, for those who may ask about all of them. The files stay on the device."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.translation import gettext_noop

from devices import cameras, dispatch
from devices.camera_access import rules
from devices.contract.jobs import ListFolder, ReadFile
from devices.contract.protocol import FOLDERS
from devices.contract.results import FolderFile, FolderPage, Kept
from devices.models import Node
from webapp.accounts import audit
from webapp.live.at_once import AtOnce
from webapp.live.errors import UserError, not_found

LIST_S, READ_S = 15.0, 20.0
CALLS = AtOnce(3, "folders of devices being read")


@dataclass(frozen=True)
class Listing:
    """The newest photos of a folder, of `total`; `unnamed` further ones have names that are no text."""

    files: Sequence[FolderFile]
    total: int
    unnamed: int


def device(slug: str) -> Node:
    """Raises UserError."""
    node = Node.objects.filter(slug=slug, tier="device", revoked_at=None).first()
    if node is None:
        raise not_found("device")
    return node


def of(person: int) -> list[tuple[Node, str]]:
    """Every folder of a device that this person may ask about."""
    access = rules.read()
    nodes = Node.objects.filter(tier="device", revoked_at=None).order_by("slug")
    pairs = [(node, name) for node in nodes for name in sorted(cameras.folders(node))]
    return [(node, name) for node, name in pairs if access.may_ask_folder(person, node.slug, name)]


def check(person: AbstractBaseUser, node: Node, folder: str) -> None:
    """Raises UserError unless this person may ask about all photos of this folder."""
    access, there = rules.read(), cameras.folders(node)
    own = {name for name in there if access.may_ask_folder(person.pk, node.slug, name)}
    if folder in own:
        return
    if folder in there and access.may_use(person.pk, node.slug, folder):
        audit.record(person, "folder refused", f"camera:{node.slug}/{folder}")
        raise UserError(
            "folder_not_allowed",
            "You may not ask about all photos in %(folder)s on %(device)s.",
            "Ask an administrator, who can allow it on the page of the device.",
            403,
            {"folder": folder, "device": node.slug},
        )
    has = ", ".join(sorted(own)) or "–"
    raise UserError(
        "no_folder",
        "%(device)s has no folder %(folder)s for you.",
        "Folders there that you may ask about: %(folders)s.",
        404,
        {"device": node.slug, "folder": folder[:40], "folders": has},
    )


def listing(person: AbstractBaseUser, node: Node, folder: str, since: float | None, until: float | None, most: int) -> Listing:
    """All photos that were changed between these moments, seconds since 1970; none of them where there are more than `most`.
    Raises UserError."""
    check(person, node, folder)
    _check_agent(node)
    files: list[FolderFile] = []
    with CALLS.of(person.pk), dispatch.on_behalf_of(person.pk):
        while True:
            job = ListFolder(camera=folder, after=files[-1] if files else None, since=since, until=until)
            page = _page(node, job)
            if page.total > most:
                return Listing((), page.total, page.unnamed)
            files += page.files
            if not page.files or len(files) >= page.total:
                return Listing(files[:most], page.total, page.unnamed)


def read(slug: str, folder: str, file: FolderFile, photo: str, tasks: Sequence[str] = ()) -> Kept:
    """Have the device keep a file as this photo. Raises what dispatch.call raises, and UserError where the file is at
    fault."""
    job = ReadFile(camera=folder, file=file, photo=photo, tasks=list(tasks))
    try:
        return dispatch.call(slug, job, READ_S)
    except dispatch.StageFailed as error:
        if error.code in REMEDIES:
            raise UserError(error.code, str(error), REMEDIES[error.code], 410) from error
        raise


_NEW_BATCH = gettext_noop("Make a new batch for what is in the folder now.")
_LOOK_AT_FILE = gettext_noop("Look at the file on the device, then try again.")
REMEDIES = {
    "file_gone": _NEW_BATCH,
    "file_changed": _NEW_BATCH,
    "file_unreadable": _LOOK_AT_FILE,
    "bad_frame": _LOOK_AT_FILE,
    "camera": gettext_noop("Look at the folder and at its line in cameras.toml on the device, then try again."),
}


def _page(node: Node, job: ListFolder) -> FolderPage:
    try:
        return dispatch.call(node.slug, job, LIST_S)
    except dispatch.StageFailed as error:
        raise UserError("folder_failed", str(error), "Look at the folder on the device, then try again.", 502) from error
    except dispatch.NodeGone as error:
        raise UserError("node_offline", str(error), "Start it, then try again.", 503) from error


def _check_agent(node: Node) -> None:
    if FOLDERS not in node.abilities:
        raise UserError(
            "agent_too_old",
            "The agent of %(device)s (version %(version)s) lists no folders: it is too old.",
            "Run the installer on it again.",
            409,
            {"device": node.slug, "version": node.versions.get("agent") or "?"},
        )
