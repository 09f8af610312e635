"""A later version over this one, as docs/upgrading.md says, and back."""

import re
from pathlib import Path

from tests.containers.backup import documented
from tests.containers.first_start import SERVER, visitor
from tests.containers.project import Project
from tests.containers.recovery import answered, require_same, state
from tests.transcript import Failed, Transcript, require

APP = Path("webapp") / "accounts" / "migrations"
# What a later version might bring: a table of its own.
MIGRATION = """from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "{latest}")]
    operations = [migrations.CreateModel("ContainersTest", [("id", models.BigAutoField(primary_key=True, serialize=False))])]
"""
BACKUPS, EXAMPLE = "/var/lib/isthmus/backups", "before-upgrade-20261130T094500Z.tar"
SAVED = re.compile(r"1 migration to apply\. The database was saved first: (\S+)")


def upgrade(project: Project, transcript: Transcript) -> None:
    transcript.chapter("Upgrade")
    before = state(visitor(project))
    migration = _add_migration(project)
    with transcript.check("where no backup can be made, nothing is migrated, and a sentence says why"):
        project.configure(ISTHMUS_BACKUP_DIR="/proc/backups")
        require("nothing was migrated" in _upgrade(project, fails=True), "the log of `migrate` says so")
        require(not _is_applied(project), "the database is as it was")
        project.configure(ISTHMUS_BACKUP_DIR=None)
    with transcript.check("the documented commands save the database and migrate it") as notes:
        saved = SAVED.findall(_upgrade(project))
        require(len(saved) == 1, "the log of `migrate` names one file")
        require(_is_applied(project), "the migration is applied")
        answered(project, visitor(project), 310)
        require_same(before, state(visitor(project), without_newest=1))
        size = project.inside("web", "stat", "-c", "%s %a", saved[0]).split()
        notes.append(f"{saved[0]}, {int(size[0]):,} B, mode {size[1]}")
    with transcript.check("what was saved can be read in full"):
        project.inside("web", "python", "manage.py", "backup", "--verify", saved[0])
    with transcript.check("starting again saves nothing more"):
        project.compose("up", "--detach", "--wait", *SERVER, seconds=400)
        files = project.inside("web", "ls", BACKUPS).split()
        require(len([name for name in files if name.startswith("before-upgrade")]) == 1, f"one file, not {files}")
    with transcript.check("the documented way back: the version before answers from the backup"):
        migration.unlink()
        _, containers = documented("Going back", "upgrading.md")
        project.shell(containers.replace(EXAMPLE, Path(saved[0]).name), seconds=1800)
        answered(project, visitor(project), 311)
        require(not _is_applied(project), "the database is that of the version before")
        require_same(before, state(visitor(project), without_newest=1))


def _add_migration(project: Project) -> Path:
    folder = project.folder / APP
    latest = max(file.stem for file in folder.glob("[0-9]*.py"))
    file = folder / f"{int(latest[:4]) + 1:04}_containers_test.py"
    file.write_text(MIGRATION.format(latest=latest))
    return file


def _upgrade(project: Project, fails: bool = False) -> str:
    """The log of `migrate`. What docs/upgrading.md says, without the pull."""
    (commands,) = [line for line in documented("The server", "upgrading.md")[0].splitlines() if "docker compose" in line]
    try:
        project.shell(commands.partition("&&")[2].partition("#")[0], seconds=1800)
    except Failed:
        if not fails:
            raise
    else:
        require(not fails, "`docker compose up` fails")
    return project.compose("logs", "--no-log-prefix", "migrate")


def _is_applied(project: Project) -> bool:
    query = "SELECT count(*) FROM django_migrations WHERE name LIKE '%containers_test'"
    command = ["psql", "--username=isthmus", "--dbname=isthmus", "--tuples-only", f"--command={query}"]
    return int(project.inside("postgres", *command)) == 1
