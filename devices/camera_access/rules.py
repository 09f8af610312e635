"""Who may use which camera: administrators, whom they name, or everyone. Each use is in the audit trail."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypedDict

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from devices import cameras
from devices.contract.results import Kept
from devices.models import CameraRule, Node
from devices.telemetry.presence import CameraData, NodeData
from webapp.accounts import audit
from webapp.live.errors import UserError

NAMED_PEOPLE = 200  # of one camera
Camera = tuple[str, str]  # slug of its node, name


class RuleData(TypedDict):
    """Who may use a camera besides administrators, as pages and scripts get it."""

    name: str
    everyone: bool
    people: list[str]  # names of accounts
    preview: bool
    folder: bool | None  # whether they may ask about all photos of the folder that it is; None: it is none


@dataclass(frozen=True)
class Access:
    """All rules at one moment. People are given by their primary keys."""

    admins: Collection[int]
    everyone: Collection[Camera]
    people: Mapping[Camera, Collection[int]]
    previews: Collection[Camera] = frozenset()
    folders: Collection[Camera] = frozenset()

    def may_use(self, person: int | None, slug: str, camera: str) -> bool:
        named = self.people.get((slug, camera), ())
        return person is not None and (person in self.admins or (slug, camera) in self.everyone or person in named)

    def may_preview(self, person: int | None, slug: str, camera: str) -> bool:
        """Not even an administrator may before it is allowed, which is in the audit trail."""
        return (slug, camera) in self.previews and self.may_use(person, slug, camera)

    def may_ask_folder(self, person: int | None, slug: str, camera: str) -> bool:
        """About all photos of a camera that is a folder."""
        return person in self.admins or ((slug, camera) in self.folders and self.may_use(person, slug, camera))

    def shown(self, person: int | None, node: NodeData) -> NodeData:
        """The node with only the cameras that this person may use."""
        slug = node["slug"]
        own: list[CameraData] = [
            {
                "name": name,
                "preview": self.may_preview(person, slug, name),
                "folder": camera["folder"] and self.may_ask_folder(person, slug, name),
            }
            for camera in node["cameras"]
            if self.may_use(person, slug, name := camera["name"])
        ]
        return {**node, "cameras": own}


def read() -> Access:
    admins = get_user_model().objects.filter(is_staff=True, is_active=True).values_list("pk", flat=True)
    everyone, people, previews, folders = set(), dict[Camera, set[int]](), set(), set()
    rows = CameraRule.objects.values_list("node__slug", "camera", "everyone", "people", "preview", "folder")
    for slug, camera, is_open, person, preview, folder in rows:
        if preview:
            previews.add((slug, camera))
        if folder:
            folders.add((slug, camera))
        if is_open:
            everyone.add((slug, camera))
        if person is not None:
            people.setdefault((slug, camera), set()).add(person)
    return Access(frozenset(admins), everyone, people, previews, folders)


def use(person: AbstractBaseUser, node: Node, camera: str, photo_id: str) -> Kept:
    """Take a picture in the name of a person. Raises UserError, and what cameras.capture raises."""
    subject = f"camera:{node.slug}/{camera}"
    if not read().may_use(person.pk, node.slug, camera):
        audit.record(person, "camera refused", subject)
        raise not_allowed(node, camera)
    audit.record(person, "camera used", subject, f"photo {photo_id}")
    return cameras.capture(node.slug, camera, photo_id)


def not_allowed(node: Node, camera: str) -> UserError:
    return UserError(
        "camera_not_allowed",
        f"You may not use the camera {camera} of {node.slug}.",
        "Ask an administrator, who can allow it on the page of the device.",
        403,
    )


def of(node: Node) -> list[RuleData]:
    """The rule of each camera that the node reports."""
    rows = {row.camera: row for row in CameraRule.objects.filter(node=node).prefetch_related("people")}
    folders = cameras.folders(node)
    return [_data(name, rows.get(name), name in folders) for name in cameras.names(node)]


def change(
    node: Node, camera: str, everyone: bool, people: Collection[str], preview: bool = False, folder: bool = False
) -> RuleData:
    """Replace the rule of a camera. Raises UserError."""
    if camera not in cameras.names(node):
        raise UserError("no_camera", f"{node.slug} has no camera {camera}.", "Choose one that it reports.", 404)
    if len(people) > NAMED_PEOPLE:
        raise UserError(
            "too_many_people", f"A camera takes at most {NAMED_PEOPLE} named people.", "Allow it for everyone instead.", 422
        )
    accounts = {account.get_username(): account for account in get_user_model().objects.filter(username__in=people)}
    for name in people:
        if name not in accounts:
            raise UserError("unknown_person", f"There is no account “{name[:40]}”.", "Check the name.", 422)
    with transaction.atomic():
        row, _ = CameraRule.objects.update_or_create(
            node=node, camera=camera, defaults={"everyone": everyone, "preview": preview, "folder": folder}
        )
        row.people.set(accounts.values())
    names = ", ".join(sorted(accounts))
    audit.record(
        None,
        "camera access changed",
        f"camera:{node.slug}/{camera}",
        ("everyone" if everyone else f"admins and {names}" if names else "admins")
        + (", with preview" if preview else "")
        + (", with the whole folder" if folder else ""),
    )
    return _data(camera, row, camera in cameras.folders(node))


def _data(name: str, row: CameraRule | None, is_folder: bool) -> RuleData:
    people = sorted(account.get_username() for account in row.people.all()) if row else []
    return {
        "name": name,
        "everyone": bool(row and row.everyone),
        "people": people,
        "preview": bool(row and row.preview),
        "folder": bool(row and row.folder) if is_folder else None,
    }
