"""The folders of the server that grow, and by which rule what is in them goes: none of them has a period in days."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from federation.runs import run_artifacts
from webapp.ops.backup import upgrading


@dataclass(frozen=True)
class Folder:
    """`rule`: which of its files go, with the placeholders of `values`."""

    name: str
    label: str
    rule: str
    path: Path
    values: dict[str, int]

    def sentence(self) -> str:
        return gettext(self.rule) % self.values


@dataclass(frozen=True)
class FolderRow:
    folder: Folder
    files: int
    bytes: int

    def as_json(self) -> dict[str, object]:
        return {"name": self.folder.name, "path": str(self.folder.path), "files": self.files, "bytes": self.bytes}


def rows() -> list[FolderRow]:
    return [_row(folder) for folder in _folders()]


def sizes(files: Iterable[Path]) -> list[int]:
    """Bytes of each; of none that has gone meanwhile."""
    weights = []
    for file in files:
        try:
            if file.is_file():
                weights.append(file.stat().st_size)
        except FileNotFoundError:
            continue
    return weights


def _folders() -> tuple[Folder, ...]:
    counts = {"daily": settings.BACKUP_DAILY, "weekly": settings.BACKUP_WEEKLY, "upgrades": upgrading.MOST}
    return (
        Folder(
            "photos",
            gettext_noop("Photos"),
            gettext_noop("Those without a question have a period above; the others stay until somebody deletes them."),
            settings.PHOTO_DIR,
            {},
        ),
        Folder(
            "backups",
            gettext_noop("Backups"),
            gettext_noop(
                "Of those that the clock makes, the newest of %(daily)s days and of %(weekly)s weeks stay; of those before an"
                " upgrade, the newest %(upgrades)s. Others stay."
            ),
            settings.BACKUP_DIR,
            counts,
        ),
        Folder(
            "bundles",
            gettext_noop("Models for nodes"),
            gettext_noop("Of each set of models, the bundle in use and the one before it stay."),
            settings.BUNDLES_DIR,
            {},
        ),
        Folder(
            "trained_models",
            gettext_noop("Trained models"),
            gettext_noop("The files of training runs. Finished models stay until somebody deletes their run."),
            run_artifacts.folder(0).parent,
            {},
        ),
    )


def _row(folder: Folder) -> FolderRow:
    weights = sizes(Path(folder.path).rglob("*"))
    return FolderRow(folder, len(weights), sum(weights))
